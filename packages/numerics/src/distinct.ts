/** Registers: 2^10, a standard error of 1.04 / sqrt(1024) = 3.3 %. */
const PRECISION = 10;
const REGISTERS = 1 << PRECISION;
/** Up to here the hashes themselves are kept: exact but for collisions of 32-bit hashes. */
const EXACT = 192;

/** Distinct keys; see `DistinctSketch` in the contracts, whose shape this is. */
export type Distinct = { readonly hashes: Set<number> } | { readonly registers: Uint8Array };

export function emptyDistinct(): Distinct {
  return { hashes: new Set() };
}

function addToRegisters(registers: Uint8Array, hash: number): void {
  const index = hash >>> (32 - PRECISION);
  const rank = Math.clz32((hash << PRECISION) | (1 << (PRECISION - 1))) + 1;
  if (rank > (registers[index] as number)) registers[index] = rank;
}

function dense(hashes: Iterable<number>): { registers: Uint8Array } {
  const registers = new Uint8Array(REGISTERS);
  for (const hash of hashes) addToRegisters(registers, hash);
  return { registers };
}

/** Adds a 32-bit hash. Returns the sketch to keep: the same object, or its dense form once it outgrew the set. */
export function addDistinct(sketch: Distinct, hash: number): Distinct {
  if ('registers' in sketch) {
    addToRegisters(sketch.registers, hash);
    return sketch;
  }
  sketch.hashes.add(hash);
  return sketch.hashes.size > EXACT ? dense(sketch.hashes) : sketch;
}

/** The union, as a new sketch. Commutative, associative, idempotent. */
export function mergeDistinct(a: Distinct, b: Distinct): Distinct {
  if ('hashes' in a && 'hashes' in b) {
    const hashes = new Set(a.hashes);
    for (const hash of b.hashes) hashes.add(hash);
    return hashes.size > EXACT ? dense(hashes) : { hashes };
  }
  const left = 'registers' in a ? a.registers : dense(a.hashes).registers;
  const right = 'registers' in b ? b.registers : dense(b.hashes).registers;
  return { registers: left.map((rank, i) => Math.max(rank, right[i] as number)) };
}

/** Estimated number of distinct keys: exact while small, else HyperLogLog with linear counting (Flajolet et al. 2007). */
export function countDistinct(sketch: Distinct): number {
  if ('hashes' in sketch) return sketch.hashes.size;
  let sum = 0;
  let zeros = 0;
  for (const rank of sketch.registers) {
    sum += 2 ** -rank;
    if (rank === 0) zeros++;
  }
  const estimate = ((0.7213 / (1 + 1.079 / REGISTERS)) * REGISTERS * REGISTERS) / sum;
  return zeros > 0 && estimate <= 2.5 * REGISTERS ? REGISTERS * Math.log(REGISTERS / zeros) : estimate;
}
