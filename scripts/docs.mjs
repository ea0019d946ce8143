// Fills the generated parts of the documentation from what was built:
//   <!-- contract predict -->   … <!-- /contract -->   the contract's page, as it stands in packages/contracts/src/stages
//   <!-- options ID [KIND] -->  … <!-- /options -->    what a bundled plugin accepts; `engine` is the config itself
//   <!-- laws KIND -->          … <!-- /laws -->       the laws of a kind; without one, the number of laws of each
//   <!-- hooks -->              … <!-- /hooks -->      the hooks, as they are declared
//   node scripts/docs.mjs          writes them
//   node scripts/docs.mjs --check  names what is out of date, and fails
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = (name) => import(path.join(root, 'packages', name, 'dist/index.js'));
const { catalogue } = await dist('preset');
const { describeOptions, describePlugin, engineConfig } = await dist('core');
const { LAWS } = await dist('testkit');
const source = (file) => readFileSync(path.join(root, file), 'utf8');

/** A file's code without its imports, so that a reader sees the page and not its head. */
function code(file) {
  const text = source(file).replace(/^import[\s\S]*?;\n/gm, '');
  return `\`\`\`ts contract\n${text.trim()}\n\`\`\``;
}

function table(head, rows) {
  const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
  return [
    `| ${head.join(' | ')} |`,
    `| ${head.map(() => '---').join(' | ')} |`,
    ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
  ].join('\n');
}

function options(id, kind) {
  const plugin = catalogue.find((candidate) => candidate.id === id && (kind === undefined || candidate.kind === kind));
  if (id !== 'engine' && !plugin) throw new Error(`no bundled plugin "${id}"`);
  const rows = plugin ? describePlugin(plugin).options : describeOptions(engineConfig);
  if (rows.length === 0) return 'It has no options.';
  const shown = (row) => (row.default === undefined || row.default === '{}' ? (row.required ? 'required' : '–') : `\`${row.default}\``);
  // A description may repeat its default for those who read it elsewhere.
  const meaning = (row) => (row.default === undefined ? row.description : row.description.replace(/ Default:? .*?\.$/, '')) || '–';
  return table(
    ['option', 'type', 'default', 'meaning'],
    rows.map((row) => [`\`${row.name}\``, row.type.replaceAll('"', ''), shown(row), meaning(row)]),
  );
}

function laws(kind) {
  if (kind === undefined) {
    const lists = Object.entries(LAWS);
    const common = lists[0][1].map((law) => law.name).filter((name) => lists.every(([, list]) => list.some((law) => law.name === name)));
    const own = ([name, list]) => [
      name,
      list.length,
      list
        .map((law) => law.name)
        .filter((law) => !common.includes(law))
        .join('; '),
    ];
    return table(['kind', 'laws', 'of its own'], [['every kind', common.length, common.join('; ')], ...lists.map(own)]);
  }
  if (!LAWS[kind]) throw new Error(`no kind "${kind}"`);
  return table(
    ['law', 'because'],
    LAWS[kind].map((law) => [law.name, law.why]),
  );
}

const GENERATE = {
  contract: (stem) => code(stem === 'store' ? 'packages/contracts/src/store.ts' : `packages/contracts/src/stages/${stem}.ts`),
  options,
  laws,
  hooks: () => code('packages/core/src/hooks/hooks.ts').replace(/\n\nexport function createHooks[\s\S]*?\n}\n/, '\n'),
};

function filled(text, file) {
  return text.replace(/<!-- (contract|options|laws|hooks)((?: [\w-]+)*) -->[\s\S]*?<!-- \/\1 -->/g, (_, what, given) => {
    const words = given.trim().split(' ').filter(Boolean);
    try {
      return `<!-- ${[what, ...words].join(' ')} -->\n\n${GENERATE[what](...words)}\n\n<!-- /${what} -->`;
    } catch (error) {
      throw new Error(`${file}: ${error.message}`);
    }
  });
}

/** As the formatter leaves it, so that it and this script do not undo each other. */
function formatted(text, page) {
  const biome = path.join(root, 'node_modules/@biomejs/biome/bin/biome');
  const { status, stdout, stderr } = spawnSync(process.execPath, [biome, 'format', `--stdin-file-path=${page}`], {
    cwd: root,
    input: text,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${page}: ${stderr}`);
  return stdout;
}

const pages = [
  'README.md',
  ...readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...readdirSync(path.join(root, 'packages')).flatMap((name) => [
    `packages/${name}/README.md`,
    ...(existsSync(path.join(root, 'packages', name, 'docs'))
      ? readdirSync(path.join(root, 'packages', name, 'docs')).map((page) => `packages/${name}/docs/${page}`)
      : []),
  ]),
];
const check = process.argv.includes('--check');
let stale = 0;
for (const page of pages) {
  const before = source(page);
  if (!before.includes('<!-- /')) continue;
  const after = formatted(filled(before, page), page);
  if (after === before) continue;
  stale++;
  if (check) console.error(`${page} is out of date: npm run docs`);
  else writeFileSync(path.join(root, page), after);
}
if (check && stale > 0) process.exit(1);
if (!check) console.log(`${stale} of ${pages.length} pages written`);
