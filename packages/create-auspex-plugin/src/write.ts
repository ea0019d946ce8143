import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { KINDS, type Kind } from './kinds.ts';
import { namesOf } from './names.ts';
import { wrongUse } from './wrong.ts';

/** What is to be written. */
export interface Plan {
  readonly kind: Kind;
  /** The package's name, a valid one. */
  readonly name: string;
  /** Its folder, absolute. Made where it is missing, its parents too. */
  readonly folder: string;
}

const TEMPLATES = fileURLToPath(new URL('../templates/', import.meta.url));

/** What may lie in a folder that counts as empty: what is there before the first file. */
const NOTHING = new Set(['.git', '.DS_Store']);

/**
 * Every file of a package, by its path with `/`. Pure but for reading the templates.
 *
 * A leading `_` in a template's name keeps npm and others from taking the file for one of this package; `_about.md` is the part of the
 * README that differs. Places are written `__NAME__`, an identifier, and in prose `{{NAME}}`: Markdown takes the former for bold.
 */
export function filesOf(kind: Kind, name: string): ReadonlyMap<string, string> {
  const templates = new Map([...read(path.join(TEMPLATES, 'common')), ...read(path.join(TEMPLATES, kind))]);
  const code = [...templates].filter(([file]) => file.endsWith('.ts')).map(([, text]) => text);
  const names = namesOf(name, kind, (word) => code.some((text) => wordIn(text, word)));
  const { one, template } = KINDS[kind];
  const places = new Map([
    ['NAME', names.name],
    ['ID', names.id],
    ['VALUE', names.value],
    ['KIND', kind],
    ['ONE', one],
    ['TEMPLATE', template],
  ]);
  const fill = (text: string): string => text.replace(/__([A-Z]+)__|\{\{([A-Z]+)\}\}/g, (all, a, b) => places.get(a ?? b) ?? all);
  places.set('ABOUT', fill(templates.get('_about.md') ?? '').trim());
  templates.delete('_about.md');
  const files = [...templates].map(([file, text]) => [placeOf(file), fill(text)] as const);
  return new Map(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `_gitignore` is for `.gitignore`, `_package.json` for `package.json`. */
function placeOf(file: string): string {
  return file.replace(/(?<=^|\/)_([^/]+)$/, (_, name: string) => (name.includes('.') ? name : `.${name}`));
}

function wordIn(text: string, word: string): boolean {
  return new RegExp(`(?<![\\w$])${word}(?![\\w$])`).test(text);
}

/** The files under a folder by their path in it, with `/`. */
function read(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => [path.relative(folder, file).replaceAll(path.sep, '/'), readFileSync(file, 'utf8')]);
}

/**
 * Is this a folder in which a package can be begun?
 *
 * @throws WrongUse where it is a file, or holds something
 */
export function checkFolder(folder: string, shown: string): void {
  if (!existsSync(folder)) return;
  if (!lstatSync(folder).isDirectory() && !readable(folder)) throw wrongUse(`${shown} is a file: name a folder`);
  const there = readdirSync(folder)
    .filter((name) => !NOTHING.has(name))
    .sort();
  if (there.length === 0) return;
  const more = there.length > 8 ? ` and ${there.length - 8} more` : '';
  throw wrongUse(`${shown} is not empty: it holds ${there.slice(0, 8).join(', ')}${more}`);
}

/** A link to a folder is a folder. */
function readable(folder: string): boolean {
  try {
    readdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/**
 * Writes a package: all of it, or nothing. It is made beside its place and then moved there.
 *
 * @returns the files that were written, in order
 * @throws what the file system throws; then nothing is left
 */
export function writePackage({ kind, name, folder }: Plan): readonly string[] {
  const files = filesOf(kind, name);
  const exists = existsSync(folder);
  const made = exists ? undefined : firstMissing(path.dirname(folder));
  let part: string | undefined;
  try {
    mkdirSync(path.dirname(folder), { recursive: true });
    // In a folder that is there already, so that it stays the same folder for who stands in it.
    part = mkdtempSync(exists ? path.join(folder, '.new-plugin-') : `${folder}.new-`);
    for (const [file, text] of files) {
      mkdirSync(path.dirname(path.join(part, file)), { recursive: true });
      writeFileSync(path.join(part, file), text);
    }
    if (exists) moveInto(part, folder);
    else renameSync(part, folder);
  } catch (error) {
    if (part !== undefined) rmSync(part, { recursive: true, force: true });
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
    throw error;
  }
  return [...files.keys()];
}

/** The highest folder on the way to this one that is not there; undefined = all are. */
function firstMissing(folder: string): string | undefined {
  if (existsSync(folder)) return undefined;
  return firstMissing(path.dirname(folder)) ?? folder;
}

/** Moves what lies in `part` up into `folder`; all or nothing. */
function moveInto(part: string, folder: string): void {
  const moved: string[] = [];
  try {
    for (const name of readdirSync(part)) {
      const place = path.join(folder, name);
      if (existsSync(place)) throw new Error(`${place} came into being meanwhile`);
      renameSync(path.join(part, name), place);
      moved.push(place);
    }
    rmdirSync(part);
  } catch (error) {
    for (const place of moved) rmSync(place, { recursive: true, force: true });
    throw error;
  }
}
