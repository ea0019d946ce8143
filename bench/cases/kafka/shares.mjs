/** Whose a frame is, by where its code lies. */
function ownerOf({ functionName, url }) {
  if (functionName === '(idle)') return 'idle';
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (functionName === '(program)') return 'native code';
  const own = /\/packages\/([a-z-]+)\/dist\/([a-z-]+)/.exec(url);
  if (own) return `auspex ${own[1]}/${own[2]}`;
  const library = /\/node_modules\/(?:\.pnpm\/[^/]+\/node_modules\/)?((?:@[^/]+\/)?[^/]+)\//.exec(url);
  if (library) return library[1];
  if (url.endsWith('/json.mjs')) return 'JSON.parse';
  if (/\/bench\/cases\//.test(url)) return 'bench';
  return 'node';
}

/** Shares of the samples in which the process was at work. */
export function sharesOf({ nodes, samples }) {
  const frames = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const counts = new Map();
  const functions = new Map();
  let busy = 0;
  for (const sample of samples) {
    const frame = frames.get(sample);
    const owner = ownerOf(frame);
    if (owner === 'idle') continue;
    busy++;
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
    const name = `${owner}: ${frame.functionName}:${frame.lineNumber + 1}`;
    functions.set(name, (functions.get(name) ?? 0) + 1);
  }
  const list = (map, from) =>
    Object.fromEntries(
      [...map]
        .map(([name, count]) => [name, Number((count / busy).toFixed(3))])
        .filter(([, share]) => share >= from)
        .sort((a, b) => b[1] - a[1]),
    );
  const own = [...counts].reduce((sum, [name, count]) => sum + (name.startsWith('auspex ') ? count : 0), 0);
  return { idle: 1 - busy / samples.length, own: own / busy, parts: list(counts, 0.005), functions: list(functions, 0.01) };
}
