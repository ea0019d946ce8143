import { readFileSync } from 'node:fs';
import { DEFINED_BY } from '@auspex/contracts';
import { expect, it, test } from 'vitest';
import { KIND_NAMES, KINDS, kindOf, nearestKind } from '../src/kinds.ts';
import { namesOf, problemOfName, unscoped } from '../src/names.ts';

test.each([
  ['@acme/auspex-scaler', 'scaler', 'scaler'],
  ['auspex-scaler', 'scaler', 'scaler'],
  ['auspex-plugin-rack-power', 'rack-power', 'rackPower'],
  ['@auspex/rack', 'rack', 'rack'],
  ['rack-auspex', 'rack', 'rack'],
  ['@acme/auspex', 'actuator', 'actuator'],
  ['auspex-plugin', 'actuator', 'actuator'],
  ['my.rack_two', 'my-rack-two', 'myRackTwo'],
  ['auspex-3scale', '3scale', 'plugin3scale'],
  ['auspex-new', 'new', 'newPlugin'],
  ['plugin', 'plugin', 'plugin'],
])('%s has the id %s and exports %s', (name, id, value) => {
  expect(namesOf(name, 'actuator')).toEqual({ name, id, value });
});

it('an export is no word that the code uses otherwise', () => {
  expect(namesOf('auspex-read', 'actuator', (word) => word === 'read').value).toBe('readPlugin');
});

test.each([
  ['', 'is empty'],
  [' a', 'begins or ends with a space'],
  ['Scaler', 'has capital letters'],
  ['a'.repeat(215), 'has 215 characters'],
  ['.scaler', 'begins with "."'],
  ['_scaler', 'begins with "_"'],
  ['@acme/_scaler', 'begins with "_"'],
  ['@acme', 'is no scoped name'],
  ['@/scaler', 'is no scoped name'],
  ['@acme/', 'is no scoped name'],
  ['@acme/a/b', 'is no scoped name'],
  ['a/b', 'has "/" in it'],
  ['a b', 'has " " in it'],
  ['größe', 'has "ö" in it'],
  ['a~b', 'has "~" in it'],
  ['../a', 'begins with "."'],
  ['fs', 'is a module of Node itself'],
  ['node_modules', 'is a name that npm keeps for itself'],
])('the name "%s" is refused: it %s', (name, problem) => {
  expect(problemOfName(name)).toContain(problem);
});

test.each(['a', 'auspex-scaler', '@acme/auspex-scaler', '@acme/fs', 'a.b_c', '3scale', 'a'.repeat(214)])(
  'the name "%s" is taken',
  (name) => {
    expect(problemOfName(name)).toBeUndefined();
  },
);

it('a folder is called as the package is, without its scope', () => {
  expect([unscoped('@acme/auspex-scaler'), unscoped('auspex-scaler')]).toEqual(['auspex-scaler', 'auspex-scaler']);
});

it('a kind is known however it is written, and the nearest is found', () => {
  expect(['alertSink', 'alert-sink', 'Alert Sink', 'ALERTSINK'].map(kindOf)).toEqual(Array(4).fill('alertSink'));
  expect([kindOf('sink'), kindOf('')]).toEqual([undefined, undefined]);
  expect(['actator', 'forecaster', 'pred', 'alertsinks', 'xyzzy', ''].map(nearestKind)).toEqual([
    'actuator',
    undefined,
    'predictor',
    'alertSink',
    undefined,
    undefined,
  ]);
});

it('the kinds are those of the contracts', () => {
  expect(KIND_NAMES).toEqual(Object.keys(DEFINED_BY));
});

it('the README lists every kind', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| `(\w+)` +\| (.+?) +\| (.+?) +\|$/gm)].map((row) => row.slice(1));
  expect(rows).toEqual(KIND_NAMES.map((kind) => [kind, KINDS[kind].does, KINDS[kind].template]));
});
