import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, runLocal } from '../process.ts';
import type { Server, ServerOptions } from '../server.ts';
import { answersKafka } from '../wire.ts';
import { jars } from './maven.ts';

const VERSION = '4.3.1';
const USER = 'auspex';
const PASSWORD = 'auspex-secret';
/** A user with the same password, and without rights where there are any. */
const OTHER = 'stranger';
const AUTHORIZER = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer';
const JVM = ['-Xmx512m', '-Xms128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
/** Any 16 bytes in base64; fixed, since a random one may begin with `-` and read as a flag. */
const CLUSTER = 'QXVzcGV4LXRlc3QtMDAwMQ';

/** What a broker runs on. */
export function kafkaFiles(): Promise<string> {
  return jars('kafka', VERSION);
}

/** One broker that is its own controller (KRaft). */
export async function startKafka(options: ServerOptions): Promise<Server> {
  const libs = await kafkaFiles();
  return runLocal(5, async ([plain = 0, controller = 0, viaProxy = 0, sasl = 0, tls = 0], directory) => {
    const listeners = [
      { name: 'PLAINTEXT', protocol: 'PLAINTEXT', port: plain, advertised: `127.0.0.1:${plain}` },
      // Its clients come back to the proxy's port, so that they stay behind it.
      ...(options.proxyPort === undefined
        ? []
        : [{ name: 'VIAPROXY', protocol: 'PLAINTEXT', port: viaProxy, advertised: `127.0.0.1:${options.proxyPort}` }]),
      ...(options.secure
        ? [
            { name: 'SASL', protocol: 'SASL_PLAINTEXT', port: sasl, advertised: `127.0.0.1:${sasl}` },
            { name: 'TLS', protocol: 'SSL', port: tls, advertised: `localhost:${tls}` },
          ]
        : []),
    ];
    const properties = [
      'process.roles=broker,controller',
      'node.id=1',
      `controller.quorum.voters=1@127.0.0.1:${controller}`,
      `listeners=${listeners.map((each) => `${each.name}://127.0.0.1:${each.port}`).join()},CONTROLLER://127.0.0.1:${controller}`,
      `advertised.listeners=${listeners.map((each) => `${each.name}://${each.advertised}`).join()}`,
      `listener.security.protocol.map=CONTROLLER:PLAINTEXT,${listeners.map((each) => `${each.name}:${each.protocol}`).join()}`,
      'inter.broker.listener.name=PLAINTEXT',
      'controller.listener.names=CONTROLLER',
      'num.partitions=1',
      'default.replication.factor=1',
      'offsets.topic.replication.factor=1',
      'offsets.topic.num.partitions=1',
      'transaction.state.log.replication.factor=1',
      'transaction.state.log.min.isr=1',
      'transaction.state.log.num.partitions=1',
      'share.coordinator.state.topic.replication.factor=1',
      'share.coordinator.state.topic.min.isr=1',
      'group.initial.rebalance.delay.ms=0',
      'auto.create.topics.enable=true',
      'log.cleaner.dedupe.buffer.size=4194304',
      'num.network.threads=2',
      'num.io.threads=2',
      `log.dirs=${join(directory, 'data')}`,
    ];
    if (options.secure) properties.push(...(await secured(directory)));
    // Whoever says no password is ANONYMOUS, and does what tests prepare.
    if (options.acl) properties.push(`authorizer.class.name=${AUTHORIZER}`, `super.users=User:${USER};User:ANONYMOUS`);
    const file = join(directory, 'server.properties');
    writeFileSync(file, `${properties.join('\n')}\n`);
    const scram = options.secure
      ? [USER, OTHER].flatMap((name) => ['--add-scram', `SCRAM-SHA-256=[name=${name},password=${PASSWORD}]`])
      : [];
    await command('java', [...JVM, '-cp', `${libs}/*`, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER, '-c', file, ...scram]);
    return {
      name: 'kafka',
      address: `127.0.0.1:${plain}`,
      details: {
        version: VERSION,
        ...(options.proxyPort === undefined ? {} : { viaProxy: `127.0.0.1:${viaProxy}` }),
        ...(options.secure
          ? {
              sasl: `127.0.0.1:${sasl}`,
              tls: `localhost:${tls}`,
              ca: readFileSync(join(directory, 'cert.pem'), 'utf8'),
              user: USER,
              password: PASSWORD,
              ...(options.acl ? { other: OTHER } : {}),
            }
          : {}),
      },
      command: 'java',
      args: [...JVM, '-cp', `${libs}/*`, 'kafka.Kafka', file],
      ready: async (log) => {
        if (!log.includes('Kafka Server started')) throw new Error('not started yet');
        await answersKafka(plain);
      },
    };
  });
}

/** A certificate for localhost and two ways to say a password. */
async function secured(directory: string): Promise<string[]> {
  const at = (name: string): string => join(directory, name);
  await command('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-keyout', at('key.pem'), '-out', at('cert.pem')],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
  ]);
  await command('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', at('key.pem'), '-out', at('key8.pem')]);
  writeFileSync(at('server.pem'), readFileSync(at('key8.pem'), 'utf8') + readFileSync(at('cert.pem'), 'utf8'));
  const login = 'org.apache.kafka.common.security';
  return [
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256',
    `listener.name.sasl.plain.sasl.jaas.config=${login}.plain.PlainLoginModule required user_${USER}="${PASSWORD}" user_${OTHER}="${PASSWORD}";`,
    `listener.name.sasl.scram-sha-256.sasl.jaas.config=${login}.scram.ScramLoginModule required;`,
    'listener.name.tls.ssl.keystore.type=PEM',
    `listener.name.tls.ssl.keystore.location=${at('server.pem')}`,
  ];
}
