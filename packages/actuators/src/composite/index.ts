export { composite, type Route } from './plugin.ts';
