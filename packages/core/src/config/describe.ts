import type { Plugin } from '@auspex/contracts';
import { z } from 'zod';

/** One option of a plugin or of the engine, for tables. */
export interface OptionRow {
  readonly name: string;
  readonly type: string;
  /** As it is written in a config; absent = required or no default. */
  readonly default?: string;
  readonly required: boolean;
  readonly description: string;
}

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  /** What the values of a record are. */
  readonly additionalProperties?: JsonSchema | boolean;
  /** What its keys are. */
  readonly propertyNames?: JsonSchema;
  readonly default?: unknown;
  readonly description?: string;
}

/** The keys that an object at `path` may have; none where the schema does not say. */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  try {
    let found = [z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema];
    for (const key of path) found = found.flatMap((each) => inside(each, key));
    return found
      .flatMap(either)
      .flatMap(({ properties = {}, propertyNames }) => [...Object.keys(properties), ...(propertyNames?.enum ?? []).map(String)]);
  } catch {
    // A plugin's schema may be of a kind that has no JSON schema: nothing is suggested then.
    return [];
  }
}

const either = (schema: JsonSchema): readonly JsonSchema[] => schema.anyOf ?? [schema];

function inside(schema: JsonSchema, key: PropertyKey): readonly JsonSchema[] {
  return either(schema).flatMap(({ properties, items, additionalProperties: values }) => {
    const inner = typeof key === 'number' ? items : (properties?.[String(key)] ?? values);
    return typeof inner === 'object' ? [inner] : [];
  });
}

/** The options that a zod object accepts, in the order of the schema: nested ones dotted, those of lists after `[]`, of records after `*`. */
export function describeOptions(schema: z.ZodType, prefix = ''): OptionRow[] {
  return rows(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema, prefix);
}

function rows(schema: JsonSchema, prefix: string): OptionRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const row: OptionRow = {
      name: prefix + name,
      type: typeText(property),
      required: schema.required?.includes(name) ?? false,
      description: property.description ?? '',
      ...(property.default === undefined ? {} : { default: JSON.stringify(property.default) }),
    };
    const { items, additionalProperties: values } = property;
    return [
      row,
      ...nested(property, `${prefix}${name}.`),
      ...(items ? nested(items, `${prefix}${name}[].`) : []),
      ...(typeof values === 'object' ? nested(values, `${prefix}${name}.*.`) : []),
    ];
  });
}

/** What an object holds; of several that may stand there, all of it, and required is what each of them requires. */
function nested(schema: JsonSchema, prefix: string): OptionRow[] {
  const all = (schema.anyOf ?? [schema]).filter((each) => each.properties).map((each) => rows(each, prefix));
  const found = new Map<string, OptionRow>();
  for (const row of all.flat()) {
    const everywhere = all.every((each) => each.some(({ name, required }) => name === row.name && required));
    if (!found.has(row.name)) found.set(row.name, { ...row, required: everywhere });
  }
  return [...found.values()];
}

function typeText(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' | ');
  if (schema.type === 'array') return `${schema.items ? typeText(schema.items) : 'any'}[]`;
  return schema.type === undefined ? 'any' : [schema.type].flat().join(' | ');
}

/** A plugin as `auspex describe` shows it. */
export function describePlugin(plugin: Plugin): { id: string; kind: string; summary: string; capabilities: object; options: OptionRow[] } {
  return {
    id: plugin.id,
    kind: plugin.kind,
    summary: plugin.summary,
    capabilities: plugin.capabilities,
    options: describeOptions(plugin.config),
  };
}
