/** A shop whose events are in Kafka, and whose history and decisions are in Cassandra. Where these are is told by the environment. */
const list = (name, otherwise) => (process.env[name] ?? otherwise).split(',');

// biome-ignore lint/style/noDefaultExport: that is how a module gives its config
export default {
  // Short, so that there is something to see; a minute is the default.
  step: '10s',
  lateness: '1s',
  sources: [
    {
      use: 'kafka',
      with: {
        brokers: list('KAFKA_BROKERS', '127.0.0.1:19092'),
        topic: process.env.KAFKA_TOPIC ?? 'shop',
        // The shop writes every second: what is older than this has arrived.
        idle: '3s',
      },
    },
  ],
  // Those that learn without being trained: the default ones as well begin after two weeks.
  predictors: [{ use: 'seasonal' }, { use: 'hmm-regime', for: 'pools' }],
  store: {
    use: 'cassandra',
    with: {
      contactPoints: list('CASSANDRA_CONTACT_POINTS', '127.0.0.1:19042'),
      keyspace: process.env.CASSANDRA_KEYSPACE ?? 'auspex',
      // One node here; NetworkTopologyStrategy with three replicas where it counts.
      createKeyspace: { class: 'SimpleStrategy', replication_factor: 1 },
    },
  },
  // Without an actuator it decides and journals, and orders nothing.
  pools: [{ id: 'shop', unitRate: 50, leadTime: '1m', min: 2, max: 60 }],
};
