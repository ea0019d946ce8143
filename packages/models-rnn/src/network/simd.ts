// C[M x N] += X W in WebAssembly with two doubles an instruction: three times as fast as the same loops in JavaScript, which checks
// each index and computes one number at a time, and with the same bits as those, since sums are taken in the same order.
//
// The module is one function, so small that it is written here, instruction by instruction, rather than built by a tool chain.
// Numbers: WebAssembly Core Specification 2.0, chapter 5 (binary format).

const OP = { loop: 0x03, end: 0x0b, brIf: 0x0d, get: 0x20, set: 0x21, tee: 0x22, constant: 0x41, add: 0x6a, sub: 0x6b } as const;
/** f64x2 instructions, behind their prefix. */
const LOAD = [0xfd, 0x00];
const LOAD_SPLAT = [0xfd, 0x0a];
const STORE = [0xfd, 0x0b];
const MUL = [0xfd, 0xf2, 0x01];
const ADD = [0xfd, 0xf0, 0x01];
const [I32, V128, VOID, FUNCTION] = [0x7f, 0x7b, 0x40, 0x60];

/** Rows and multipliers a row that are held in registers, and pairs of columns an iteration. Measured: 4 x 4 spills registers. */
const ROWS = 2;
const DEEP = 4;
const PAIRS = 2;

/**
 * Multiplies within one memory. All are byte offsets or byte strides but m and k, which count.
 *
 * @param c of C[M x N], rows without gaps
 * @param w of W[K x N], rows without gaps
 * @param m rows of C; a multiple of 2
 * @param k rows of W; a multiple of 4
 * @param n length of a row of C and W; a multiple of 32 (4 doubles)
 * @param down from one row of X[M x K] to the next, `right` from one column: either way round, so that X can be a transposed matrix
 */
export type Multiply = (c: number, x: number, w: number, m: number, k: number, n: number, down: number, right: number) => void;

/** Little-endian base 128 of a number that is not negative and, where it is signed, below 64. */
function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)];
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...leb(items.length), ...items.flat()];
}

function section(id: number, body: readonly number[]): number[] {
  return [id, ...leb(body.length), ...body];
}

function text(value: string): number[] {
  return list([...value].map((letter) => [letter.charCodeAt(0)]));
}

/** The module's bytes: it imports `a.m`, a memory, and exports `f`, a `Multiply`. */
export function moduleBytes(): Uint8Array<ArrayBuffer> {
  const { code, locals } = body();
  const whole = [...list(locals), ...code];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // "\0asm", version 1
    ...section(1, list([[FUNCTION, ...list(Array.from({ length: 8 }, () => [I32])), ...list([])]])),
    ...section(2, list([[...text('a'), ...text('m'), 0x02, 0x00, 0x01]])), // a memory of a page or more
    ...section(3, list([[0]])),
    ...section(7, list([[...text('f'), 0x00, 0]])),
    ...section(10, list([[...leb(whole.length), ...whole]])),
  ]);
}

function body(): { readonly code: readonly number[]; readonly locals: readonly (readonly number[])[] } {
  const parameters = 8;
  const [c, x, w, m, k, n, down, right] = [0, 1, 2, 3, 4, 5, 6, 7];
  let next = parameters;
  const local = (): number => next++;
  const several = (count: number): number[] => Array.from({ length: count }, local);
  // Pointers into C, X and W at the block's first row, and what is left of m, k and n; then into each row of the block.
  const [cRow, xRow, xAt, wAt, xs, mLeft, kLeft, nLeft] = several(8) as [number, number, number, number, number, number, number, number];
  const cs = several(ROWS);
  const ws = several(DEEP);
  const integers = next - parameters;
  const held = several(ROWS * DEEP);
  const read = several(DEEP);

  const get = (from: number): number[] => [OP.get, from];
  const copy = (to: number, from: number): number[] => [OP.get, from, OP.set, to];
  const sum = (to: number, a: number, b: number): number[] => [OP.get, a, OP.get, b, OP.add, OP.set, to];
  const advance = (what: number, by: number): number[] => [OP.get, what, OP.constant, by, OP.add, OP.set, what];
  /** Alignment of 8 bytes, and an offset. */
  const at = (offset: number): number[] => [3, offset];
  const repeat = (count: number, part: (i: number) => readonly number[]): number[] =>
    Array.from({ length: count }, (_, i) => part(i)).flat();
  const loop = (left: number, by: number, inside: readonly number[]): number[] => [
    ...[OP.loop, VOID, ...inside],
    ...[OP.get, left, OP.constant, by, OP.sub, OP.tee, left, OP.brIf, 0, OP.end],
  ];

  /** c[r] += held[r, 0] * w[0] + ...: one pair of columns of each row. */
  const pair = (offset: number): number[] => [
    ...repeat(DEEP, (d) => [...get(ws[d] as number), ...LOAD, ...at(offset), OP.set, read[d] as number]),
    ...repeat(ROWS, (r) => [
      ...get(cs[r] as number),
      ...[...get(cs[r] as number), ...LOAD, ...at(offset)],
      ...repeat(DEEP, (d) => [...get(held[r * DEEP + d] as number), ...get(read[d] as number), ...MUL, ...ADD]),
      ...[...STORE, ...at(offset)],
    ]),
  ];
  const acrossColumns = loop(nLeft, 16 * PAIRS, [
    ...repeat(PAIRS, (i) => pair(16 * i)),
    ...repeat(ROWS, (r) => advance(cs[r] as number, 16 * PAIRS)),
    ...repeat(DEEP, (d) => advance(ws[d] as number, 16 * PAIRS)),
  ]);
  /** Multipliers of one row of the block, and the start of the next. */
  const hold = (r: number): number[] => [
    ...copy(xs, xAt),
    ...repeat(r, () => sum(xs, xs, down)),
    ...repeat(DEEP, (d) => [...get(xs), ...LOAD_SPLAT, ...at(0), OP.set, held[r * DEEP + d] as number, ...sum(xs, xs, right)]),
  ];
  const downColumns = loop(kLeft, DEEP, [
    ...repeat(ROWS, hold),
    ...copy(cs[0] as number, cRow),
    ...repeat(ROWS - 1, (r) => sum(cs[r + 1] as number, cs[r] as number, n)),
    ...copy(ws[0] as number, wAt),
    ...repeat(DEEP - 1, (d) => sum(ws[d + 1] as number, ws[d] as number, n)),
    ...copy(nLeft, n),
    ...acrossColumns,
    ...repeat(DEEP, () => [...sum(xAt, xAt, right), ...sum(wAt, wAt, n)]),
  ]);
  const downRows = loop(mLeft, ROWS, [
    ...copy(xAt, xRow),
    ...copy(wAt, w),
    ...copy(kLeft, k),
    ...downColumns,
    ...repeat(ROWS, () => [...sum(cRow, cRow, n), ...sum(xRow, xRow, down)]),
  ]);
  return {
    code: [...copy(cRow, c), ...copy(xRow, x), ...copy(mLeft, m), ...downRows, OP.end],
    locals: [
      [...leb(integers), I32],
      [...leb(held.length + read.length), V128],
    ],
  };
}
