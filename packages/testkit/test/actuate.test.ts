import { runLaws } from '@auspex/testkit';
import { expect, it } from 'vitest';
import { brokenActuators, patientActuator, rightActuator } from './broken/actuate.ts';
import { prove } from './proof.ts';

prove('actuator', rightActuator, brokenActuators);

it('the laws of actuators hold for one that waits by its clock and tries again', async () => {
  const { results } = await runLaws(patientActuator);
  expect(results.filter((result) => result.outcome !== 'holds')).toEqual([]);
});
