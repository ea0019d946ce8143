/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector/ */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

export type Labels = Readonly<Record<string, string>>;

/** As the API server sees it: an empty selector takes all, one that is not there takes none. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (!selector) return false;
  const same = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return same && (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => meets(labels[key], operator, values));
}

function meets(value: string | undefined, operator: string, values: readonly string[]): boolean {
  if (operator === 'In') return value !== undefined && values.includes(value);
  // A label that is not there is not among them.
  if (operator === 'NotIn') return value === undefined || !values.includes(value);
  if (operator === 'Exists') return value !== undefined;
  return operator === 'DoesNotExist' && value === undefined;
}

/** As a query has it: `app=web,tier in (a,b)`. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const words: Readonly<Record<string, string>> = { In: 'in', NotIn: 'notin' };
  return [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key, operator, values = [] }) => {
      const word = words[operator];
      if (word !== undefined) return `${key} ${word} (${values.join(',')})`;
      return operator === 'Exists' ? key : `!${key}`;
    }),
  ].join(',');
}

/** Labels that a query asks for with `=`: all that is known of pods whose template cannot be read. */
export function labelsIn(query: string): Labels {
  return Object.fromEntries(
    [...query.matchAll(/(?:^|,)\s*([^\s=!,()]+)\s*==?\s*([^\s=!,()]*)\s*(?=,|$)/g)].map(([, key, value]) => [key, value]),
  );
}
