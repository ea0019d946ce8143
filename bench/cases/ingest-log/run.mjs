// One run in a process of its own, on the built packages: prints CPU seconds and where they went (a sampling profile).
import { Session } from 'node:inspector/promises';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../../packages/cli/package.json', import.meta.url));
const load = (name) => import(require.resolve(name));
const { createEngine, use, VirtualClock } = await load('@auspex/core');
const { accessLog, groupEnricher, memory, preset, sessionEnricher } = await load('@auspex/preset');

const [file, profiled] = process.argv.slice(2);
const engine = createEngine(
  preset({
    step: '1m',
    sources: [use(accessLog, { files: [file] })],
    enrich: [use(groupEnricher, { rule: { pathPrefix: 2 }, resourceSegments: 3 }), use(sessionEnricher)],
    store: use(memory),
    pools: [{ id: 'web', unitRate: 5, leadTime: '5m' }],
  }),
  { mode: 'replay', host: { clock: new VirtualClock() } },
);
const session = new Session();
session.connect();
await engine.start();
if (profiled !== 'plain') {
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 5000 });
  await session.post('Profiler.start');
}
const before = process.cpuUsage();
const began = performance.now();
await engine.run();
const { user, system } = process.cpuUsage(before);
const wall = (performance.now() - began) / 1000;
const parts = {};
if (profiled !== 'plain') {
  const { profile } = await session.post('Profiler.stop');
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  for (const sample of profile.samples) {
    const { functionName, url } = nodes.get(sample).callFrame;
    const at = /packages\/([a-z-]+)\/dist\/([a-z-]+)/.exec(url);
    const part = at
      ? `${at[1]}/${at[2]}`
      : functionName === '(garbage collector)'
        ? 'garbage collection'
        : functionName === '(idle)'
          ? 'idle'
          : 'node and libraries';
    parts[part] = (parts[part] ?? 0) + 1;
  }
  for (const part of Object.keys(parts)) parts[part] = Number((parts[part] / profile.samples.length).toFixed(3));
}
const shares = Object.fromEntries(
  Object.entries(parts)
    .filter(([, share]) => share >= 0.005)
    .sort((a, b) => b[1] - a[1]),
);
const { events, steps } = engine.counts();
const rss = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(
  JSON.stringify({ cpu: (user + system) / 1e6, wall, groups: engine.groups().length, steps, events, rss, parts: shares }),
);
await engine.close();
