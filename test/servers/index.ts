import type { TestContext } from 'vitest';
import { dockerAnswers, imageServes, startDocker } from './docker.ts';
import { startCassandra } from './recipes/cassandra.ts';
import { startHaproxy } from './recipes/haproxy.ts';
import { startKafka } from './recipes/kafka.ts';
import { startKubernetes } from './recipes/kubernetes.ts';
import { startMongo } from './recipes/mongo.ts';
import { startMoto } from './recipes/moto.ts';
import { startAlertmanager, startPrometheus } from './recipes/prometheus.ts';
import { startRedfish } from './recipes/redfish.ts';
import { startToxiproxy } from './recipes/toxiproxy.ts';
import { NotAvailable, type Server, type ServerName, type ServerOptions } from './server.ts';

export { NotAvailable, type Server, type ServerName, type ServerOptions } from './server.ts';
export { proxy } from './toxics.ts';

/** Where the address of a server that is there already stands. */
export const VARIABLES: Partial<Record<ServerName, string>> = {
  kafka: 'KAFKA_BROKERS',
  cassandra: 'CASSANDRA_CONTACT_POINTS',
  mongo: 'MONGODB_URI',
  prometheus: 'PROMETHEUS_URL',
};

const RECIPES: Readonly<Record<ServerName, (options: ServerOptions) => Promise<Server>>> = {
  kafka: startKafka,
  cassandra: startCassandra,
  mongo: startMongo,
  prometheus: startPrometheus,
  alertmanager: startAlertmanager,
  toxiproxy: startToxiproxy,
  kubernetes: startKubernetes,
  moto: startMoto,
  haproxy: startHaproxy,
  redfish: startRedfish,
};

const shared = new Map<string, Promise<Server>>();

/**
 * A real server: the one that the environment names, else in Docker where an engine answers, else by the recipe. Each call starts one
 * on free loopback ports with its own data, unless `shared`.
 *
 * @throws NotAvailable where this machine cannot have it
 */
export function startServer(name: ServerName, options: ServerOptions = {}): Promise<Server> {
  if (!options.shared) return start(name, options);
  const key = JSON.stringify([name, options]);
  const running = shared.get(key) ?? start(name, options);
  shared.set(key, running);
  return running;
}

async function start(name: ServerName, options: ServerOptions): Promise<Server> {
  const variable = VARIABLES[name];
  const given = variable && !options.own && !options.secure && options.proxyPort === undefined ? process.env[variable] : undefined;
  if (given) return fromEnvironment(name, given);
  if (imageServes(name, options) && (await dockerAnswers())) return startDocker(name, options);
  return RECIPES[name](options);
}

/** Cassandra's user, password and datacenter come from CASSANDRA_USER, CASSANDRA_PASSWORD and CASSANDRA_DATACENTER. */
function fromEnvironment(name: ServerName, address: string): Server {
  const details: Record<string, string> = {};
  for (const key of ['user', 'password', 'datacenter']) {
    const value = name === 'cassandra' ? process.env[`CASSANDRA_${key.toUpperCase()}`] : undefined;
    if (value !== undefined) details[key] = value;
  }
  const refuse = async (): Promise<never> => {
    throw new Error(`${name} is the one of ${VARIABLES[name]}: a test that kills it asks for its own`);
  };
  return { name, address, from: 'environment', details, pid: undefined, stop: async () => undefined, kill: refuse, restart: refuse };
}

/**
 * The server for a test. Where this machine cannot have it the test is skipped and the reason printed; with `CI=true` it fails.
 */
export async function need(name: ServerName, context: Pick<TestContext, 'skip'>, options: ServerOptions = {}): Promise<Server> {
  try {
    return await startServer(name, options);
  } catch (error) {
    if (!(error instanceof NotAvailable) || process.env['CI'] === 'true') throw error;
    process.stderr.write(`skipped, no ${name}: ${error.message}\n`);
    return context.skip(`no ${name}: ${error.message}`);
  }
}
