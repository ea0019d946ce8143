export { EXIT } from './exit.ts';
export type { Io } from './io.ts';
export { main } from './main.ts';
