export { namespacedPlugin } from './plugin.ts';
export { namespaced } from './store.ts';
