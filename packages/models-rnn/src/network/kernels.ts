import { addOuter, addProduct } from './matrix.ts';
import { type Multiply, moduleBytes } from './simd.ts';

/** The products that a cell's passes consist of; arguments as in matrix.ts. */
export interface Kernels {
  readonly addProduct: typeof addProduct;
  readonly addOuter: typeof addOuter;
}

/** In JavaScript: for few windows, and where WebAssembly has no SIMD or is switched off. The same bits. */
const inJavaScript: Kernels = { addProduct, addOuter };

/** The part of WebAssembly that we use: TypeScript describes it among a browser's things only. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: object, imports: object) => { readonly exports: { readonly f: Multiply } };
}

let module: object | undefined;
let unable = false;

/** Arrays of these lengths, and kernels that work on them and on no others. Not for many at a time: each reserves address space. */
export function allotFast<Name extends string>(sizes: Readonly<Record<Name, number>>): Allotted<Name> {
  const total = (Object.values(sizes) as number[]).reduce((sum, size) => sum + size, 0);
  let buffer: ArrayBuffer;
  let multiply: Multiply;
  try {
    if (unable) return allot(sizes);
    const { Module, Memory, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
    module ??= new Module(moduleBytes());
    const memory = new Memory({ initial: Math.ceil((8 * total) / 65_536) });
    buffer = memory.buffer;
    multiply = new Instance(module, { a: { m: memory } }).exports.f;
  } catch {
    // No SIMD, no WebAssembly at all, or no room for a memory: slower, but the same.
    unable = module === undefined;
    return allot(sizes);
  }
  const kernels: Kernels = {
    addProduct: (c, co, x, xo, w, m, k, n) => multiply(c.byteOffset + 8 * co, x.byteOffset + 8 * xo, w.byteOffset, m, k, 8 * n, 8 * k, 8),
    addOuter: (g, x, xo, d, m, k, n) => multiply(g.byteOffset, x.byteOffset + 8 * xo, d.byteOffset, k, m, 8 * n, 8, 8 * k),
  };
  return { kernels, arrays: split(sizes, new Float64Array(buffer, 0, total)) };
}

/** The same on plain arrays. */
export function allot<Name extends string>(sizes: Readonly<Record<Name, number>>): Allotted<Name> {
  const total = (Object.values(sizes) as number[]).reduce((sum, size) => sum + size, 0);
  return { kernels: inJavaScript, arrays: split(sizes, new Float64Array(total)) };
}

export interface Allotted<Name extends string> {
  readonly kernels: Kernels;
  /** All zeros. */
  readonly arrays: Readonly<Record<Name, Float64Array>>;
}

function split<Name extends string>(sizes: Readonly<Record<Name, number>>, all: Float64Array): Record<Name, Float64Array> {
  let at = 0;
  const arrays = Object.entries<number>(sizes).map(([name, size]) => {
    at += size;
    return [name, all.subarray(at - size, at)];
  });
  return Object.fromEntries(arrays) as Record<Name, Float64Array>;
}
