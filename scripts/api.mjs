// One API report a package, in its folder `etc`: what its public face looks like, so that a change of it is seen in review.
//   node scripts/api.mjs          writes them
//   node scripts/api.mjs --check  names those that are out of date, and fails
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const local = !process.argv.includes('--check');

/** The entries whose exports are not all in `.`: those that index.ts re-exports are in its report. */
function entriesOf(folder, manifest) {
  const index = readFileSync(path.join(folder, 'src/index.ts'), 'utf8');
  return Object.entries(manifest.exports ?? {})
    .filter(([subpath, entry]) => entry.types && (subpath === '.' || !index.includes(`'${subpath}/`)))
    .map(([subpath, entry]) => ({ name: subpath === '.' ? 'index' : subpath.slice(2).replaceAll('/', '-'), types: entry.types }));
}

function configOf(folder, { name, types }) {
  const cache = path.join(folder, 'node_modules/.cache/api/');
  mkdirSync(cache, { recursive: true });
  mkdirSync(path.join(folder, 'etc'), { recursive: true });
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: path.join(folder, 'package.json'),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: path.join(folder, types),
      apiReport: { enabled: true, reportFileName: name, reportFolder: path.join(folder, 'etc/'), reportTempFolder: cache },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      compiler: { tsconfigFilePath: path.join(folder, 'tsconfig.json') },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: { logLevel: 'none' } },
        extractorMessageReporting: { default: { logLevel: 'none' } },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
}

let stale = 0;
for (const name of readdirSync(path.join(root, 'packages')).sort()) {
  const folder = path.join(root, 'packages', name);
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  if (!existsSync(path.join(folder, 'dist/index.d.ts'))) continue;
  for (const entry of entriesOf(folder, manifest)) {
    const result = Extractor.invoke(configOf(folder, entry), { localBuild: local, messageCallback: (message) => (message.handled = true) });
    if (!result.apiReportChanged) continue;
    stale++;
    console.error(`packages/${name}/etc/${entry.name}.api.md ${local ? 'written' : 'is out of date: npm run api'}`);
  }
}
if (!local && stale > 0) process.exit(1);
