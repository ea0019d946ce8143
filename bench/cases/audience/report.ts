// The page of docs/audience.md, of what was seen.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EVIDENCE_IDS } from '../../../packages/alerts/src/audience/evidence.ts';
import type { Figures, Quality } from './evaluate.ts';
import { logitOf } from './fit.ts';
import { ASKED, type Own } from './play.ts';

export interface Run extends Figures {
  readonly command: string;
  readonly logs: readonly string[];
  readonly own: readonly Own[];
}

const text = (name: string): string => readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8').trim();
const two = (value: number): string => value.toFixed(3).replace(/^0/, '');
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** The sections of figures. */
export function figuresOf(run: Run): string {
  const { families, crowds, shipped, calibration, own, weights } = run;
  const main = families.filter(({ asked }) => asked === 5);
  const area = ({ auc, interval }: Quality): string => `${two(auc)} (${interval.map(two).join('..')})`;
  const sections = [
    `## Held out by family\n\n${run.train} episodes to fit, ${run.test} to judge, of ${run.logs.length} logs. \`${run.command}\``,
    ...ASKED.map((asked) => {
      const rows = families
        .filter((figures) => figures.asked === asked)
        .map(({ family, episodes, heldOut, judgedAuc, abstained, known, baseline }) => [
          family,
          episodes,
          area(heldOut),
          two(judgedAuc),
          percent(heldOut.recall),
          percent(heldOut.falseAlarms),
          percent(heldOut.precision),
          percent(abstained[0]),
          percent(abstained[1]),
          `${two(known.auc)}, ${percent(known.recall)}`,
          `${two(baseline.auc)}, ${percent(baseline.recall)}`,
        ]);
      const head = [
        'family',
        'attacks',
        'area under the ROC',
        'of those judged',
        'recall',
        'audiences called hostile',
        'precision at 1:100',
        'attacks not judged',
        'audiences not judged',
        'family known: area, recall',
        'requests a source: area, recall',
      ];
      return `### After ${asked} minutes\n\n${table(head, rows)}`;
    }),
    `### What a family is made of, after 5 minutes, held out\n\n${table(
      ['family', 'variant', 'attacks', 'area', 'recall'],
      main.flatMap(({ family, variants }) =>
        variants.map(({ name, episodes, auc, recall }) => [family, name, episodes, two(auc), percent(recall)]),
      ),
    )}`,
    `### How high it is, after 5 minutes, held out\n\n${table(
      ['family', 'times the usual rate', 'attacks', 'area, beside audiences as high'],
      main.flatMap(({ family, heights }) => heights.map(({ from, to, episodes, auc }) => [family, `${from} to ${to}`, episodes, two(auc)])),
    )}`,
    `## Audiences, after 5 minutes\n\n${table(
      ['kind', 'audiences', 'not judged', 'called hostile', 'called hostile, the kind unseen'],
      crowds.map(({ kind, episodes, abstained, falseAlarms, unseen }) => [
        kind,
        episodes,
        percent(abstained),
        percent(falseAlarms),
        percent(unseen),
      ]),
    )}`,
    `## As it ships\n\nAt the default prior (0.01) and threshold (0.5), after 5 minutes, ${percent(shipped.falseAlarms)} of the audiences are called hostile; of the attacks: ${Object.entries(
      shipped.recall,
    )
      .map(([family, recall]) => `${family} ${percent(recall)}`)
      .join(', ')}.\n\nWhat it says where attacks are as likely as audiences, beside how often it was one:\n\n${table(
      ['said', 'episodes', 'mean said', 'were attacks'],
      calibration.map(({ from, to, said, were, episodes }) => [`${from} to ${to}`, episodes, two(said), two(were)]),
    )}`,
    `## Real surges\n\n${ownText(own, run)}`,
    `## Weights\n\n${table(
      ['evidence', 'weight', 'neutral'],
      EVIDENCE_IDS.map((id) => [id, weights.of[id].weight, weights.of[id].neutral]),
    )}\n\nBias: ${weights.bias}.`,
  ];
  return sections.join('\n\n');
}

function ownText(own: readonly Own[], { weights }: Run): string {
  if (own.length === 0) return 'The logs have none.';
  const chances = own.map(({ evidence }) => {
    const logit = logitOf({ evidence }, weights);
    return logit === undefined ? undefined : 1 / (1 + Math.exp(-(logit - Math.log(99))));
  });
  const rows = own.map(({ world, at, steps, height }, n) => {
    const chance = chances[n];
    return [
      world,
      `${new Date(at).toISOString().slice(0, 16)}Z`,
      steps,
      height.toFixed(1),
      chance === undefined ? 'no verdict' : percent(chance),
    ];
  });
  const judged = chances.filter((chance) => chance !== undefined);
  const hostile = judged.filter((chance) => chance >= 0.5).length;
  return `Steps of the logs as they are that the detector takes for a surge: ${own.length}, of which ${judged.length} are judged and ${hostile} called hostile. Nobody knows what they were; no attack of those days is on record.\n\n${table(
    ['log', 'from', 'minutes', 'times the expected rate', 'an attack?'],
    rows,
  )}`;
}

export function page(run: Run): string {
  return `${text('head.md')}\n\n${figuresOf(run)}\n\n${text('tail.md')}\n`;
}

/** The weights as the package has them. */
export function weightsSource({ weights }: Run): string {
  const rows = EVIDENCE_IDS.map((id) => {
    const { weight, neutral } = weights.of[id];
    return `    ${/^\w+$/.test(id) ? id : `'${id}'`}: { weight: ${weight}, neutral: ${neutral} },`;
  });
  return `export const WEIGHTS: Weights = {\n  bias: ${weights.bias},\n  of: {\n${rows.join('\n')}\n  },\n};\n`;
}
