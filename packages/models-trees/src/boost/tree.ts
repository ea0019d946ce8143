/**
 * One tree as flat arrays. Inner node k sends a row to `left[k]` unless its input `input[k]` is above `threshold[k]`, else to `right[k]`;
 * what is not known goes left. A negative target t is the leaf -t - 1.
 */
export interface Tree {
  readonly input: Uint8Array;
  readonly threshold: Float32Array;
  readonly left: Int16Array;
  readonly right: Int16Array;
  readonly leaves: Float32Array;
}

/** What a tree adds for one row of inputs, which begins at `from`. */
export function leafValue({ input, threshold, left, right, leaves }: Tree, inputs: Float32Array, from: number): number {
  let node = input.length === 0 ? -1 : 0;
  while (node >= 0) {
    const above = (inputs[from + (input[node] as number)] as number) > (threshold[node] as number);
    node = above ? (right[node] as number) : (left[node] as number);
  }
  return leaves[-node - 1] as number;
}
