import type { ActuatorSubject } from '@auspex/testkit';
import { bricks } from './actuator.ts';
import { bricksApi } from './api.ts';

/** Any plugin for the bricks API, with a fake of that API that tells what happened to it. */
export async function subjectOf(plugin: ActuatorSubject['plugin']): Promise<ActuatorSubject> {
  const { url, apiKey, close, ...target } = await bricksApi();
  return { plugin, with: { url, apiKey }, target, close };
}

/** The plugin `bricks`, for the laws. */
export const subject = (): Promise<ActuatorSubject> => subjectOf(bricks);
