import { AuspexError } from '@auspex/contracts';
import { hash32 } from '@auspex/numerics';
import type { BrainOptions } from './config.ts';
import { type loadBrain, makeNetwork, type TimeStepNetwork } from './network.ts';

/** "auspex/brain-lstm VERSION CELL HIDDEN WINDOW CHECKSUM", a line end, and the JSON that brain.js writes. */
const VERSION = 1;

type Kind = Pick<BrainOptions, 'cell' | 'hidden' | 'window'>;

function headOf({ cell, hidden, window }: Kind, json: string): string {
  return `auspex/brain-lstm ${VERSION} ${cell} ${hidden} ${window} ${hash32(json)}`;
}

export function writeArtifact(network: TimeStepNetwork, kind: Kind): Uint8Array {
  const json = JSON.stringify(network.toJSON());
  return new TextEncoder().encode(`${headOf(kind, json)}\n${json}`);
}

/** @throws AuspexError STATE_UNREADABLE on bytes that `writeArtifact` did not write for these options, or that were changed since */
export function readArtifact(bytes: Uint8Array, kind: Kind, brain: ReturnType<typeof loadBrain>): TimeStepNetwork {
  const [head = '', json = ''] = new TextDecoder().decode(bytes).split('\n');
  if (head !== headOf(kind, json)) {
    throw new AuspexError('STATE_UNREADABLE', 'the weights of brain-lstm are damaged, or were made with other options');
  }
  const network = makeNetwork(brain, kind);
  network.fromJSON(JSON.parse(json) as object);
  return network;
}
