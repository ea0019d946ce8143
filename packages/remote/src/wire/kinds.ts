import { AuspexError, type PluginKind } from '@auspex/contracts';

/** Kinds of plugin that can run in a process of their own. */
export type CarriedKind = 'predictor' | 'actuator' | 'calendar' | 'alertSink' | 'source';

const PER_ELEMENT =
  'it is called for every event, group or decision, synchronously: a call to another process would cost more than all the rest';
const INSTEAD = 'Run it inline, and give what is slow or dangerous in it to a predictor, a source or an actuator of its own.';

const WHY: Readonly<Record<Exclude<PluginKind, CarriedKind>, readonly [why: string, instead: string]>> = {
  enricher: [PER_ELEMENT, 'Run it inline, or let a source in a process of its own complete the events before it sends them.'],
  profiler: [PER_ELEMENT, INSTEAD],
  assessor: [PER_ELEMENT, INSTEAD],
  allocator: [PER_ELEMENT, INSTEAD],
  learner: [PER_ELEMENT, INSTEAD],
  detector: [PER_ELEMENT, INSTEAD],
  extension: [PER_ELEMENT, INSTEAD],
  store: [
    'a store is the interface to a server or a disk already, and each commit waits for it',
    'Run the adapter inline and the store’s own server elsewhere.',
  ],
};

/** Why this kind does not run in a process of its own, and what to do instead. */
export function refuseKind(kind: PluginKind, who: string): AuspexError {
  const [why, remedy] = WHY[kind as keyof typeof WHY] ?? [`"${String(kind)}" is no kind of plugin`, 'Export what define… returned.'];
  return new AuspexError('SUPPORT', `runs only inline: ${why}`, { path: who, remedy });
}

export function isCarried(kind: PluginKind): kind is CarriedKind {
  return !(kind in WHY);
}
