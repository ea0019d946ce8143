/** The parts of a zod type that are looked at. */
interface Type {
  readonly description?: string;
  readonly def?: {
    readonly type?: string;
    readonly shape?: Readonly<Record<string, Type>>;
    readonly catchall?: Type;
    readonly innerType?: Type;
    readonly in?: Type;
    readonly element?: Type;
    readonly valueType?: Type;
    readonly items?: readonly Type[];
    readonly rest?: Type | null;
    readonly options?: readonly Type[];
    readonly getter?: () => Type;
  };
}

/** What a schema does not say, or swallows: all the way down, through lists, records, unions and what is optional. Undefined = nothing. */
export function unsaid(type: unknown, path = '', seen = new Set<unknown>()): string | undefined {
  const { def } = (type ?? {}) as Type;
  if (!def || seen.has(type)) return undefined;
  seen.add(type);
  if (def.type !== 'object') return first(partsOf(def), ([name, part]) => unsaid(part, path + name, seen));
  // The outermost is tried with an option that it does not know. One that lets others pass on purpose (z.looseObject) has a type for them.
  if (path !== '' && def.catchall === undefined) return `"${path}" drops what it does not know: use z.strictObject`;
  return first(Object.entries(def.shape ?? {}), ([name, field]) => {
    const full = path === '' ? name : `${path}.${name}`;
    return described(field) ? unsaid(field, full, seen) : `the option "${full}" has no description: add .describe('…')`;
  });
}

function partsOf(def: NonNullable<Type['def']>): [name: string, part: Type | null | undefined][] {
  return [
    ['', def.innerType],
    ['', def.in],
    ['', def.type === 'lazy' ? def.getter?.() : undefined],
    ['[]', def.element],
    ['[]', def.valueType],
    ['[]', def.rest],
    ...(def.items ?? []).map((item): [string, Type] => ['[]', item]),
    ...(def.options ?? []).map((option): [string, Type] => ['', option]),
  ];
}

/** Zod keeps the description on the innermost or the outermost type, depending on where `.describe` was called. A literal says itself. */
function described(field: Type): boolean {
  let type: Type | undefined = field;
  while (type) {
    if (type.description || type.def?.type === 'literal') return true;
    type = type.def?.innerType ?? type.def?.in;
  }
  return false;
}

function first<T>(all: readonly T[], look: (one: T) => string | undefined): string | undefined {
  for (const one of all) {
    const found = look(one);
    if (found !== undefined) return found;
  }
  return undefined;
}
