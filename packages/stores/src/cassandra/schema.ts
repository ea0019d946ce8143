import { AuspexError } from '@auspex/contracts';
import type { Client } from 'cassandra-driver';
import { checkVersion, FORMAT_VERSION, unusable } from '../database/connection.ts';
import { EMPTY_STATE } from '../database/state.ts';
import { forbidden, type Session, whereIs } from './client.ts';
import type { CassandraOptions } from './config.ts';

export const HEAD = 'head';

/** Names of the tables, keyspace included. */
export interface Tables {
  readonly records: string;
  readonly parts: string;
  readonly head: string;
}

export function tables({ keyspace, table }: CassandraOptions): Tables {
  const name = (what: string): string => `"${keyspace}"."${table}_${what}"`;
  return { records: name('records'), parts: name('parts'), head: name('head') };
}

/** Makes what is missing, checks what is there; the buckets that count. @throws AuspexError */
export async function openSchema({ client, driver }: Session, options: CassandraOptions): Promise<number> {
  const where = whereIs(options);
  try {
    await needKeyspace(client, options, where);
    await makeTables(client, options);
    const { head } = tables(options);
    const consistency = driver.types.consistencies[options.consistency];
    const serialConsistency = driver.types.consistencies[options.serialConsistency];
    const insert = `INSERT INTO ${head} (id, version, buckets, number, state) VALUES (?, ?, ?, ?, ?) IF NOT EXISTS`;
    const first = [HEAD, FORMAT_VERSION, options.buckets, driver.types.Long.fromNumber(0), EMPTY_STATE];
    const { rows } = await client.execute(`SELECT version, buckets FROM ${head} WHERE id = ?`, [HEAD], {
      prepare: true,
      consistency: serialConsistency,
    });
    if (rows.length === 0) {
      const result = await client.execute(insert, first, { prepare: true, consistency, serialConsistency });
      if (result.wasApplied()) return options.buckets;
      const again = await client.execute(`SELECT version, buckets FROM ${head} WHERE id = ?`, [HEAD], {
        prepare: true,
        consistency: serialConsistency,
      });
      rows.push(...again.rows);
    }
    checkVersion(rows[0]?.['version'], where);
    return rows[0]?.['buckets'] as number;
  } catch (error) {
    if (error instanceof AuspexError) throw error;
    const { message } = error as Error;
    throw (
      forbidden(error, where) ??
      unusable('unreachable', `the database did not answer: ${message}`, where, 'Look at the log of the database.', error)
    );
  }
}

async function needKeyspace(client: Client, { keyspace, createKeyspace, datacenter }: CassandraOptions, where: string): Promise<void> {
  const query = 'SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?';
  if ((await client.execute(query, [keyspace], { prepare: true })).rows.length > 0) return;
  const cql = (replication: object): string =>
    `CREATE KEYSPACE IF NOT EXISTS "${keyspace}" WITH replication = {${Object.entries(replication)
      .map(([key, value]) => `'${quoted(key)}': ${typeof value === 'number' ? value : `'${quoted(String(value))}'`}`)
      .join(', ')}}`;
  if (createKeyspace === undefined) {
    const remedy = `Create it: ${cql({ class: 'NetworkTopologyStrategy', [datacenter]: 3 })}; — or set createKeyspace.`;
    throw unusable('missing', `the keyspace ${keyspace} does not exist`, where, remedy);
  }
  await client.execute(cql(createKeyspace));
}

function quoted(text: string): string {
  return text.replaceAll("'", "''");
}

/** Asked for first: statements that make tables at the same moment in several processes can disagree. */
async function makeTables(client: Client, options: CassandraOptions): Promise<void> {
  const query = 'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?';
  const { rows } = await client.execute(query, [options.keyspace], { prepare: true });
  const present = new Set(rows.map((row) => row['table_name'] as string));
  const { records, parts, head } = tables(options);
  const statements = [
    [
      'records',
      `CREATE TABLE IF NOT EXISTS ${records} (bucket int, key blob, piece int, pieces int, number bigint, value blob, PRIMARY KEY ((bucket), key, piece))`,
    ],
    ['parts', `CREATE TABLE IF NOT EXISTS ${parts} (id text, part int, value blob, PRIMARY KEY ((id, part)))`],
    ['head', `CREATE TABLE IF NOT EXISTS ${head} (id text PRIMARY KEY, version int, buckets int, number bigint, state text)`],
  ] as const;
  for (const [name, cql] of statements) if (!present.has(`${options.table}_${name}`)) await client.execute(cql);
}
