import { type Worth, worth } from './compare.ts';

const text = ({ wql, overload, unitHours, weights }: Worth): string => {
  const shares = Object.entries(weights).map(([name, weight]) => `${name} ${weight.toFixed(2)}`);
  return [wql.toFixed(4), `${overload.toFixed(2)} %`, unitHours.toFixed(0), shares.join(', ')].join('  |  ');
};

process.stdout.write('three weeks after three of history; a mailing makes 2.5 times the demand, a unit takes 20 minutes\n\n');
process.stdout.write('                     WQL  |  overload  |  unit-hours  |  weights in the last week\n');
process.stdout.write(`bundled predictors   ${text(await worth(false))}\n`);
process.stdout.write(`and the timetable    ${text(await worth(true))}\n`);
