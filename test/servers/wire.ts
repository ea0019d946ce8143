import { connect } from 'node:net';

/* The first words of each protocol: a port that accepts is not yet a server that answers. */

/** Sends `request`; resolves with the first bytes of the answer. */
function ask(port: number, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer within 2 s')));
    socket.once('data', (data) => {
      resolve(data);
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed without an answer')));
  });
}

function must(right: boolean, what: string): void {
  if (!right) throw new Error(what);
}

/** CQL: OPTIONS is answered with SUPPORTED. */
export async function answersCql(port: number): Promise<void> {
  const answer = await ask(port, Buffer.from([4, 0, 0, 1, 5, 0, 0, 0, 0]));
  must(answer[4] === 6, 'no CQL');
}

/** Kafka: ApiVersions. */
export async function answersKafka(port: number): Promise<void> {
  const body = Buffer.from([0, 18, 0, 0, 0, 0, 0, 7, 0, 1, 0x61]);
  const answer = await ask(port, Buffer.concat([Buffer.from([0, 0, 0, body.length]), body]));
  must(answer.length >= 10 && answer.readInt32BE(4) === 7 && answer.readInt16BE(8) === 0, 'no Kafka');
}

/** MongoDB: `hello` in an OP_MSG; `writable` = the primary of its replica set. */
export async function answersMongo(port: number): Promise<void> {
  const document = Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0x10]),
    Buffer.from('hello\0'),
    Buffer.from([1, 0, 0, 0, 0x02]),
    Buffer.from('$db\0'),
    Buffer.from([6, 0, 0, 0]),
    Buffer.from('admin\0'),
    Buffer.from([0]),
  ]);
  document.writeInt32LE(document.length);
  const header = Buffer.alloc(21);
  header.writeInt32LE(header.length + document.length);
  header.writeInt32LE(1, 4);
  header.writeInt32LE(2013, 12);
  const answer = await ask(port, Buffer.concat([header, document]));
  must(answer.readInt32LE(12) === 2013, 'no MongoDB');
  const at = answer.indexOf('isWritablePrimary\0');
  must(at > 0 && answer[at + 'isWritablePrimary\0'.length] === 1, 'not the primary yet');
}

export async function answersHttp(url: string): Promise<void> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000), headers: { 'user-agent': 'auspex-tests' } });
  await answer.arrayBuffer();
  must(answer.ok, `${url} answers ${answer.status}`);
}
