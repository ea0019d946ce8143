export type { Io } from './io.ts';
export { KIND_NAMES, KINDS, type Kind, type KindInfo } from './kinds.ts';
export { EXIT, main } from './main.ts';
export { type Names, namesOf, problemOfName } from './names.ts';
export { filesOf, type Plan, writePackage } from './write.ts';
