import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packages = readdirSync(path.join(root, 'packages'));
const docs = readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
const pages = [
  'README.md',
  'ARCHITECTURE.md',
  ...docs.map((name) => `docs/${name}`),
  ...packages.flatMap((name) => [`packages/${name}/README.md`, ...pagesOf(name)]),
];

/** What a package has in its docs folder. */
function pagesOf(name: string): string[] {
  const folder = path.join(root, 'packages', name, 'docs');
  return existsSync(folder) ? readdirSync(folder).map((page) => `packages/${name}/docs/${page}`) : [];
}

/** Every subpath that a package exports, as a compiler path to its source. */
function compilerPaths(): Record<string, string[]> {
  const paths: Record<string, string[]> = { zod: [path.join(root, 'packages/contracts/node_modules/zod')] };
  for (const name of packages) {
    const { exports } = JSON.parse(readFileSync(path.join(root, 'packages', name, 'package.json'), 'utf8'));
    for (const [subpath, entry] of Object.entries<{ source?: string }>(exports ?? {})) {
      if (entry.source) paths[path.posix.join(`@auspex/${name}`, subpath)] = [path.join(root, 'packages', name, entry.source)];
    }
  }
  return paths;
}

test('every ts block of every README and page compiles', () => {
  const folder = path.join(root, 'node_modules/.cache/snippets');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  let count = 0;
  for (const page of pages) {
    for (const [index, [, code]] of [...readFileSync(path.join(root, page), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].entries()) {
      writeFileSync(path.join(folder, `${page.replaceAll('/', '-')}-${index}.ts`), `${code}\nexport {};\n`);
      count++;
    }
  }
  expect(count).toBeGreaterThan(10);
  writeFileSync(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: path.join(root, 'tsconfig.base.json'),
      compilerOptions: {
        composite: false,
        noEmit: true,
        declaration: false,
        declarationMap: false,
        sourceMap: false,
        paths: compilerPaths(),
        typeRoots: [path.join(root, 'node_modules/@types')],
      },
      include: ['*.ts'],
    }),
  );
  const tsc = path.join(root, 'node_modules/typescript-7/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  expect(stdout).toBe('');
}, 60_000);
