import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLocal } from '../process.ts';
import { NotAvailable, type Server, type ServerOptions } from '../server.ts';
import { answersCql } from '../wire.ts';
import { jars, javaMajor } from './maven.ts';

const VERSION = '5.0.6';
const DATACENTER = 'datacenter1';

/** What Cassandra 5 asks of Java 17. */
const OPENS = [
  ...['jdk.internal.misc', 'java.lang.ref', 'jdk.internal.ref', 'sun.nio.ch', 'java.lang.reflect'].map(
    (name) => `exports java.base/${name}`,
  ),
  'exports java.management.rmi/com.sun.jmx.remote.internal.rmi',
  ...['registry', 'server', 'transport.tcp'].map((name) => `exports java.rmi/sun.rmi.${name}`),
  ...['exports java.sql/java.sql', 'exports jdk.unsupported/sun.misc', 'exports jdk.attach/sun.tools.attach'],
  ...['module', 'reflect', 'ref'].map((name) => `opens java.base/java.lang.${name}`),
  ...['loader', 'ref', 'reflect', 'math', 'module'].map((name) => `opens java.base/jdk.internal.${name}`),
  ...['java.net', 'java.io', 'java.nio', 'java.util', 'java.lang', 'java.math', 'sun.nio.ch'].map((name) => `opens java.base/${name}`),
  ...['java.util.concurrent', 'java.util.concurrent.atomic'].map((name) => `opens java.base/${name}`),
  ...['opens jdk.management/com.sun.management.internal', 'opens java.rmi/sun.rmi.transport.tcp'],
].flatMap((line) => {
  const [kind, what] = line.split(' ') as [string, string];
  return [`--add-${kind}`, `${what}=ALL-UNNAMED`];
});

/** One node. With `auth` its user is the one that Cassandra makes by itself. */
export async function startCassandra(options: ServerOptions): Promise<Server> {
  const libs = await jars('cassandra', VERSION);
  const java = await javaMajor();
  if (java !== 17 && java !== 11) throw new NotAvailable(`Cassandra ${VERSION} runs on Java 17 or 11, and java is ${java}`);
  return runLocal(3, ([cql = 0, storage = 0, tlsStorage = 0], directory) => {
    const at = (name: string): string => join(directory, name);
    for (const name of ['data', 'commitlog', 'saved_caches', 'hints', 'cdc_raw', 'conf']) mkdirSync(at(name), { recursive: true });
    writeFileSync(at('conf/cassandra.yaml'), yaml(cql, storage, tlsStorage, directory, options.auth === true));
    writeFileSync(at('conf/logback.xml'), LOGBACK);
    const user = options.auth ? { user: 'cassandra', password: 'cassandra' } : {};
    return {
      name: 'cassandra',
      address: `127.0.0.1:${cql}`,
      details: { version: VERSION, datacenter: DATACENTER, ...user },
      command: 'java',
      args: [
        ...OPENS,
        ...[
          '-Xmx768m',
          '-Xms256m',
          '-Xss512k',
          '-XX:+UseSerialGC',
          '-XX:TieredStopAtLevel=1',
          '-XX:-UsePerfData',
          '-XX:MaxDirectMemorySize=256m',
        ],
        ...['-Djdk.attach.allowAttachSelf=true', `-Djna.tmpdir=${directory}`, `-Djava.io.tmpdir=${directory}`],
        ...[
          `-Dcassandra.config=file://${at('conf/cassandra.yaml')}`,
          `-Dcassandra.storagedir=${directory}`,
          `-Dcassandra.logdir=${directory}`,
        ],
        ...['-Dcassandra.ring_delay_ms=0', '-Dcassandra.skip_wait_for_gossip_to_settle=0', '-Dcassandra.superuser_setup_delay_ms=0'],
        ...['-Dcassandra-foreground=yes', `-Dlogback.configurationFile=${at('conf/logback.xml')}`],
        ...['-cp', `${at('conf')}:${libs}/*`, 'org.apache.cassandra.service.CassandraDaemon'],
      ],
      ready: async (log, first) => {
        if (!log.includes('Startup complete')) throw new Error('not started yet');
        if (first && options.auth && !log.includes('Created default superuser')) throw new Error('its user is not made yet');
        await answersCql(cql);
      },
    };
  });
}

const LOGBACK = `<configuration>
  <appender name="STDOUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level %date{HH:mm:ss.SSS} %logger{20} - %msg%n</pattern></encoder>
  </appender>
  <logger name="ROOT" level="INFO"><appender-ref ref="STDOUT"/></logger>
</configuration>
`;

/** `commitlog_sync: batch`: what one node acknowledged is on its disk. The default syncs later and counts on the other replicas. */
const yaml = (cql: number, storage: number, tlsStorage: number, directory: string, auth: boolean): string => `
cluster_name: auspex-tests
num_tokens: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "127.0.0.1:${storage}"
listen_address: 127.0.0.1
rpc_address: 127.0.0.1
storage_port: ${storage}
ssl_storage_port: ${tlsStorage}
start_native_transport: true
native_transport_port: ${cql}
data_file_directories: [${directory}/data]
commitlog_directory: ${directory}/commitlog
saved_caches_directory: ${directory}/saved_caches
hints_directory: ${directory}/hints
cdc_raw_directory: ${directory}/cdc_raw
commitlog_sync: batch
commitlog_segment_size: 8MiB
commitlog_disk_access_mode: legacy
disk_access_mode: mmap_index_only
auto_snapshot: false
auto_bootstrap: false
authenticator: ${auth ? 'PasswordAuthenticator' : 'AllowAllAuthenticator'}
authorizer: AllowAllAuthorizer
concurrent_reads: 4
concurrent_writes: 16
concurrent_counter_writes: 2
concurrent_compactors: 1
memtable_flush_writers: 1
memtable_heap_space: 64MiB
memtable_offheap_space: 32MiB
key_cache_size: 0MiB
row_cache_size: 0MiB
counter_cache_size: 0MiB
networking_cache_size: 8MiB
file_cache_size: 16MiB
hinted_handoff_enabled: false
materialized_views_enabled: false
`;
