import { runLaws } from '@auspex/testkit';
import { expect, it } from 'vitest';
import { brokenActuators, keptActuator, patientActuator, rightActuator } from './broken/actuate.ts';
import { prove } from './proof.ts';

prove('actuator', rightActuator, brokenActuators, keptActuator);

it('the laws of actuators hold for one that waits by its clock and tries again', async () => {
  const { results } = await runLaws(patientActuator);
  expect(results.filter((result) => result.outcome === 'broken')).toEqual([]);
  // It declares lease: target: there is no keeper to try.
  expect(results.filter((result) => result.outcome === 'skipped')).toHaveLength(1);
});
