import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AuspexError } from '@auspex/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseBackend } from '../../src/backends/choose.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'auspex-backends-'));
  vi.stubEnv('AUSPEX_PEERS', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Puts a package into the folder from which peers are loaded. */
function install(name: string, source: string): void {
  const at = path.join(folder, 'node_modules', name);
  mkdirSync(at, { recursive: true });
  writeFileSync(path.join(at, 'package.json'), JSON.stringify({ name, version: '4.22.0', main: 'index.js' }));
  writeFileSync(path.join(at, 'index.js'), source);
}

async function refusal(name: 'tensorflow' | 'wasm'): Promise<AuspexError> {
  try {
    await chooseBackend(name);
  } catch (error) {
    expect(error).toBeInstanceOf(AuspexError);
    return error as AuspexError;
  }
  throw new Error(`${name} was chosen`);
}

describe('chooseBackend', () => {
  it('auto takes own where nothing is installed, and says why and what to do, in one line', async () => {
    const { backend, skipped } = await chooseBackend('auto');
    expect(backend.name).toBe('own');
    expect(skipped).toHaveLength(1);
    expect(skipped[0]?.name).toBe('tensorflow');
    expect(skipped[0]?.reason).toMatch(
      /^backend tensorflow: @tensorflow\/tfjs-node is not installed in .*npm install @tensorflow\/tfjs-node@/,
    );
    expect(skipped[0]?.reason).not.toContain('\n');
  });

  it('own is there without a look at anything else', async () => {
    expect(await chooseBackend('own')).toMatchObject({ backend: { name: 'own' }, skipped: [] });
  });

  for (const name of ['tensorflow', 'wasm'] as const) {
    it(`${name} that is named and missing is an error with a remedy`, async () => {
      const { code, message, remedy } = await refusal(name);
      expect(code).toBe('PLUGIN_NOT_FOUND');
      expect(message).toMatch(/^backend .* is not installed/);
      expect(remedy).toMatch(/npm install @tensorflow\/.*@4\.22\.0/);
    });
  }

  it('one that does not load is broken, not missing: by the first line of what it says', async () => {
    install('@tensorflow/tfjs-node', `throw new Error('libtensorflow.so.2: cannot open shared object file\\nat /somewhere');`);
    const { code, message } = await refusal('tensorflow');
    expect(code).toBe('PLUGIN_FAILED');
    expect(message).toBe('backend tensorflow: libtensorflow.so.2: cannot open shared object file');
    expect((await chooseBackend('auto')).skipped[0]?.reason).toContain('cannot open shared object file');
  });

  it('one that computes nonsense is not used', async () => {
    // Every call answers with zeros of the right size.
    install(
      '@tensorflow/tfjs-node',
      `const size = (shape) => shape.reduce((a, b) => a * b, 1);
       const make = (shape) => ({ shape, dataId: {}, dataSync: () => new Float32Array(size(shape)), dispose() {} });
       const like = (a) => make(a.shape);
       const binding = { TF_Version: '0.0.0', createTensor: () => 1, deleteTensor() {} };
       const product = (a, b, ta, tb) => make([ta ? a.shape[1] : a.shape[0], tb ? b.shape[0] : b.shape[1]]);
       module.exports = {
         version: { 'tfjs-node': '4.22.0' },
         tensor: (_, shape) => make(shape), zeros: make,
         add: like, sub: like, mul: like, softplus: like, tanh: like, sigmoid: like,
         sum: (a, axis) => make(a.shape.filter((_, i) => i !== axis)), matMul: product,
         concat: (all, axis) => make(all[0].shape.map((n, i) => (i === axis ? all.reduce((s, t) => s + t.shape[i], 0) : n))),
         slice: (a, _, shape) => make(shape), reshape: (a, shape) => make(shape),
         unstack: (a) => Array.from({ length: a.shape[0] }, () => make(a.shape.slice(1))),
         tidy: (f) => f(), memory: () => ({ numTensors: 0 }), getBackend: () => 'tensorflow', setBackend: async () => true,
         backend: () => ({ binding, tensorMap: new Map(), executeMultipleOutputs: (name, _, given, n) =>
           Array.from({ length: n }, (_, i) => name === 'BlockLSTMV2' ? make([given[1].shape[0], given[1].shape[1], 4])
             : i === 3 ? make([7, 16]) : make([16])) }),
       };`,
    );
    const { code, message } = await refusal('tensorflow');
    expect(message).toMatch(/^backend tensorflow: TensorFlow 0\.0\.0 through tfjs-node 4\.22\.0: self-check of the lstm is off by /);
    expect(code).toBe('PLUGIN_FAILED');
  });
});
