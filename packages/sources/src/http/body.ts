import { isAscii } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Why a body is refused: status and what to tell the sender. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * The body of a request, unpacked. Bounded before and after unpacking: a kilobyte of gzip may hold a megabyte.
 *
 * @throws Refusal 413, 415, 400
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const gzip = encoding === 'gzip' || encoding === 'x-gzip';
  if (!gzip && encoding !== 'identity') throw new Refusal(415, `content-encoding ${encoding} is not read: send gzip or none`);
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > limit) throw tooLarge(limit);
  const packed = await collect(request, limit);
  if (!gzip) return packed;
  const gunzip = createGunzip();
  gunzip.end(packed);
  try {
    return await collect(gunzip, limit);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, `the gzip body is damaged (${(error as Error).message})`);
  } finally {
    gunzip.destroy();
  }
}

async function collect(stream: Readable, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  // By events and not by iteration: leaving an iteration would destroy the request before it is answered.
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) parts.push(chunk);
      else {
        parts.length = 0;
        stream.pause();
        stream.removeAllListeners('data');
        reject(tooLarge(limit));
      }
    });
    stream.once('end', resolve);
    stream.once('error', reject);
    // A sender that goes away in the middle.
    stream.once('close', () => reject(new Refusal(400, 'the body is cut off')));
  });
  return Buffer.concat(parts);
}

function tooLarge(limit: number): Refusal {
  return new Refusal(413, `the body holds more than ${limit} bytes: send smaller batches`);
}

/** Body as latin1, so that an index is a byte offset; `ascii` false when fields need decoding. Ends with a newline. */
export function linesOf(body: Buffer): { text: string; ascii: boolean } {
  const bom = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  const bytes = body.subarray(bom);
  const text = bytes.toString('latin1');
  return { text: text.endsWith('\n') ? text : `${text}\n`, ascii: isAscii(bytes) };
}
