export { actuatorOver, type OverOptions } from './actuator.ts';
export { Conflict, Refused, Unavailable } from './errors.ts';
export { FileMarks } from './file-marks.ts';
export { FileRecords, type Records } from './file-records.ts';
export { aloneBy, type Marks, withMarks } from './marks.ts';
export { marksOption, targetOptions } from './options.ts';
export type { Mark, Scaling, Status, Target } from './target.ts';
