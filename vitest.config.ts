import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Tests run the sources of every package, wherever this checkout lies.
    alias: [
      {
        // Its alert sinks lie a folder deeper than their entries say.
        find: /^@auspex\/alerts\/(alertmanager|webhook|slack|pagerduty|smtp|log)$/,
        replacement: fileURLToPath(new URL('packages/alerts/src/sink/$1/index.ts', import.meta.url)),
      },
      {
        find: /^@auspex\/([a-z-]+)\/(.+)$/,
        replacement: fileURLToPath(new URL('packages/$1/src/$2/index.ts', import.meta.url)),
      },
      {
        find: /^@auspex\/([a-z-]+)$/,
        replacement: fileURLToPath(new URL('packages/$1/src/index.ts', import.meta.url)),
      },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    // Two at a time, also on two cores, where one would be the default: many tests wait for servers most of the time.
    maxWorkers: 2,
    // Of a machine that does other work, too: a browser's first start alone can take ten seconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', './scripts/tally-reporter.mjs'],
    coverage: { provider: 'v8', include: ['packages/*/src/**'], reporter: ['text', 'json-summary'] },
  },
});
