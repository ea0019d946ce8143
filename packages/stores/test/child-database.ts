// Writes batches of 120 keys one after another and says which were acknowledged; is killed in the middle of one.
import { writeSync } from 'node:fs';
import { CassandraStore, cassandraConfig } from '../src/cassandra/index.ts';
import { MongoStore, mongoConfig } from '../src/mongo/index.ts';

const [name, options = '{}', first = '0'] = process.argv.slice(2);
const store =
  name === 'mongo'
    ? new MongoStore(mongoConfig.parse(JSON.parse(options)))
    : new CassandraStore(cassandraConfig.parse(JSON.parse(options)));
for (let n = Number(first); ; n++) {
  const value = new TextEncoder().encode(String(n).padEnd(500));
  await store.batch(Array.from({ length: 120 }, (_, i) => ({ type: 'put' as const, key: `dies/${n}/${i}`, value })));
  writeSync(1, `${n}\n`);
}
