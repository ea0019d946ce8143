// node test/servers/cli.mjs up kafka cassandra
import { register } from 'tsx/esm/api';

register();
await import('./cli.ts');
