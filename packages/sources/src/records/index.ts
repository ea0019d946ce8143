export { looksLike } from './hint.ts';
export { Malformed } from './malformed.ts';
export { iso } from './order.ts';
export { outcomeOf } from './outcome.ts';
export { type ParseRecord, RecordSource } from './source.ts';
export { type Instants, Passes, TimeReader } from './times.ts';
