import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The chart library's own files, from the installed package, to be put into the page: it must work without a network. */
export function uplotAssets(): { readonly script: string; readonly style: string } {
  const require = createRequire(import.meta.url);
  const read = (name: string): string => readFileSync(require.resolve(`uplot/dist/${name}`), 'utf8');
  return { script: read('uPlot.iife.min.js'), style: read('uPlot.min.css') };
}
