/** The servers that tests can ask for. */
export type ServerName = ImageName | 'kubernetes' | 'moto' | 'haproxy' | 'redfish';
/** Those of which there is an image. */
export type ImageName = 'kafka' | 'cassandra' | 'mongo' | 'prometheus' | 'alertmanager' | 'toxiproxy';

export interface ServerOptions {
  /** One instance for this process: the first call starts it, later ones get it, it ends with the process. */
  readonly shared?: boolean;
  /** Not the one of the environment: the test kills it, or looks into it. */
  readonly own?: boolean;
  /** Cassandra and Mongo ask for a password (`details.user`, `details.password`). */
  readonly auth?: boolean;
  /** Kafka: more listeners, `details.sasl` (PLAIN, SCRAM-SHA-256) and `details.tls`, with `details.ca`, `details.user`, `details.password`. */
  readonly secure?: boolean;
  /** Kafka: with `secure`, rights are asked for; `details.other` is a user with the same password and without any. */
  readonly acl?: boolean;
  /** Kafka: a listener (`details.viaProxy`) that tells its clients to come back to this loopback port, where a Toxiproxy listens. */
  readonly proxyPort?: number;
  /** Prometheus and Alertmanager: their configuration file, YAML. HAProxy: its sections behind `global`. */
  readonly config?: string;
  /** Redfish: how many hosts. Default 4. */
  readonly hosts?: number;
  /** Prometheus: rule files by name, which `config` may list. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Server {
  readonly name: string;
  /** `host:port`, for Mongo an address beginning `mongodb://`, for what speaks HTTP one beginning `http://`. */
  readonly address: string;
  readonly from: 'environment' | 'docker' | 'recipe';
  /** More addresses, names and passwords; see `ServerOptions`. */
  readonly details: Readonly<Record<string, string>>;
  /** Of the server itself, where it is a process of this machine. */
  readonly pid: number | undefined;
  /** Ends it and removes its data. May be called again. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when it is gone. Its data stays. */
  kill(): Promise<void>;
  /** Starts it again where it was, with its data; kills it first where it runs. Resolves when it answers. */
  restart(): Promise<void>;
}

/** This machine cannot have that server; the message says why. */
export class NotAvailable extends Error {
  override readonly name = 'NotAvailable';
}
