import { parseDuration } from '@auspex/contracts';
import { checkedImpact, type Effect, type EffectFields, effectOf } from '../plan/effect.ts';
import { DAY } from '../plan/zones.ts';
import type { IcalOptions, IcalRule } from './config.ts';
import { isoLength, type Properties, textOf } from './properties.ts';

const FIELDS = ['groups', 'pops', 'category', 'impact', 'ramp', 'decay'] as const satisfies readonly (keyof EffectFields)[];
type Given = { -readonly [name in keyof EffectFields]?: EffectFields[name] | undefined };

/** Makes of what an event says of itself, and of what the config says of such events, what it does. */
export class Rules {
  readonly #rules: readonly (Pick<IcalRule, 'skip'> & {
    readonly fields: IcalRule;
    matches(categories: readonly string[], name: string): boolean;
  })[];
  readonly #categories: ReadonlySet<string> | undefined;

  constructor({ rules, categories }: Pick<IcalOptions, 'rules' | 'categories'>) {
    this.#categories = categories && new Set(categories.map((category) => category.toLowerCase()));
    this.#rules = rules.map((rule) => {
      const { category, summary } = rule.match;
      const [ofCategory, ofSummary] = [category, summary].map((text) => (text === undefined ? undefined : glob(text)));
      return {
        skip: rule.skip,
        fields: rule,
        matches: (all, name) => (!ofCategory || all.some((each) => ofCategory.test(each))) && (!ofSummary || ofSummary.test(name)),
      };
    });
  }

  /**
   * @returns undefined for an event that is left out
   * @throws Error for an X-AUSPEX-… that cannot be
   */
  effect(name: string, properties: Properties): Effect | undefined {
    const categories = (properties.get('categories') ?? [])
      .flatMap(({ values }) => values.map((value) => String(value).trim()))
      .filter(Boolean);
    const matching = this.#rules.filter((rule) => rule.matches(categories, name));
    if (matching.some(({ skip }) => skip)) return undefined;
    const given = said(properties);
    for (const { fields } of matching) for (const field of FIELDS) give(given, field, fields);
    const wanted = [...categories, ...(given.category === undefined ? [] : [given.category])].find((each) => this.#wants(each));
    if (this.#categories && wanted === undefined) return undefined;
    return effectOf({ ...given, category: given.category ?? wanted ?? categories[0] });
  }

  #wants(category: string): boolean {
    return this.#categories === undefined || this.#categories.has(category.toLowerCase());
  }
}

function give<F extends keyof EffectFields>(given: Given, field: F, fields: EffectFields): void {
  given[field] ??= fields[field];
}

/** Whole text, `*` for any, without case. */
function glob(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}$`, 'i');
}

/** What the event says by itself. */
function said(properties: Properties): Given {
  const given: Given = {
    groups: list(properties, 'x-auspex-groups'),
    pops: list(properties, 'x-auspex-pops'),
    impact: impactOf(properties),
    ramp: time(properties, 'x-auspex-ramp'),
    decay: time(properties, 'x-auspex-decay'),
  };
  return given;
}

function list(properties: Properties, name: string): string[] | undefined {
  const found = textOf(properties, name)
    ?.split(',')
    .map((each) => each.replace(/\\$/, '').trim())
    .filter(Boolean);
  return found && found.length > 0 ? found : undefined;
}

/** `0.5`, `+50 %`, `-30%`. */
function impactOf(properties: Properties): number | undefined {
  const text = textOf(properties, 'x-auspex-impact');
  if (text === undefined) return undefined;
  const [, number, percent] = /^([+-]?\d+(?:\.\d+)?)\s*(%)?$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`X-AUSPEX-IMPACT is no number: "${text.slice(0, 40)}"; 0.5 or +50 % is half as much again`);
  return checkedImpact(percent ? Number(number) / 100 : Number(number));
}

/** `30m`, or as calendars write it, `PT30M`. */
function time(properties: Properties, name: string): number | undefined {
  const text = textOf(properties, name);
  if (text === undefined) return undefined;
  const { days, ms } = text.startsWith('P') ? isoLength(text, name.toUpperCase()) : { days: 0, ms: parseDuration(text) };
  if (ms === undefined || days * DAY + ms < 0)
    throw new Error(`${name.toUpperCase()} is no duration: "${text.slice(0, 40)}"; write 30m or PT30M`);
  return days * DAY + ms;
}
