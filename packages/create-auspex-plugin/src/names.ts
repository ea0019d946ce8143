import { builtinModules } from 'node:module';
import type { Kind } from './kinds.ts';

/** What a package name becomes in the code. */
export interface Names {
  /** The package: `@acme/auspex-scaler`. */
  readonly name: string;
  /** The plugin's id: `scaler`. */
  readonly id: string;
  /** The export: `scaler`. */
  readonly value: string;
}

const LONGEST = 214;
/** Words that cannot name a constant of a module, or should not. */
const RESERVED = new Set(
  `abstract arguments as async await boolean break case catch class const continue debugger declare default delete do else enum eval export
  extends false finally for from function get if implements import in instanceof interface let namespace new null number object of package
  private protected public return set static string super switch symbol this throw true try type typeof undefined var void while with
  yield Array Buffer Date Error Infinity JSON Map Math NaN Number Object Promise Set String fetch process globalThis console`.split(/\s+/),
);

/** What is wrong with a package name by the rules of npm, as half a sentence; undefined = nothing. */
export function problemOfName(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.trim() !== name) return 'begins or ends with a space';
  if (name.length > LONGEST) return `has ${name.length} characters: npm takes ${LONGEST}`;
  if (name.toLowerCase() !== name) return 'has capital letters: npm takes lower case only';
  const parts = name.startsWith('@') ? name.slice(1).split('/') : [name];
  if (name.startsWith('@') && parts.length !== 2) return 'is no scoped name: write @scope/name';
  for (const part of parts) {
    if (part === '') return 'is no scoped name: write @scope/name';
    if (/^[._-]/.test(part)) return `has a part that begins with "${part[0]}": npm takes a letter or a digit`;
    const odd = [...part].find((letter) => !/[a-z0-9._-]/.test(letter));
    if (odd !== undefined) return `has "${odd}" in it: npm takes a-z, 0-9, "-", "." and "_"`;
  }
  if (!name.startsWith('@') && builtinModules.includes(name)) return 'is a module of Node itself';
  if (['node_modules', 'favicon.ico'].includes(name)) return 'is a name that npm keeps for itself';
  return undefined;
}

/** The package's name without its scope: the usual name of its folder. */
export function unscoped(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

/**
 * Id and export of a plugin in the package `name`, a valid one: `@acme/auspex-scaler` has `scaler`.
 *
 * @param taken is a word used otherwise in the code that the export will stand in?
 */
export function namesOf(name: string, kind: Kind, taken: (word: string) => boolean = () => false): Names {
  const words = unscoped(name)
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const own = words.filter((word, i) => word !== 'auspex' && !(word === 'plugin' && words[i - 1] === 'auspex'));
  const id = own.length > 0 ? own.join('-') : kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { name, id, value: exportOf(id, taken) };
}

function exportOf(id: string, taken: (word: string) => boolean): string {
  const camel = id.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const value = /^[0-9]/.test(camel) ? `plugin${camel}` : camel;
  return RESERVED.has(value) || taken(value) ? `${value}Plugin` : value;
}
