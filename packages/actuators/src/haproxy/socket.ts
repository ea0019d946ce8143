import { connect, type NetConnectOpts } from 'node:net';
import { Refused, Unavailable } from '../target/index.ts';

/** Largest answer that is read, characters: a row of `show stat` takes about 400. */
const LIMIT = 64_000_000;

/**
 * Sends one line of commands to the stats socket and reads the answer to its end. Each call has a connection of its own: HAProxy closes it behind the
 * answer, so the end of the answer is known.
 *
 * @param socket path, or host:port
 * @param timeLimit milliseconds
 */
export function ask(socket: string, line: string, timeLimit: number, signal: AbortSignal): Promise<string> {
  const at = socket.lastIndexOf(':');
  const where = socket.startsWith('/') ? { path: socket } : { host: socket.slice(0, at), port: Number(socket.slice(at + 1)) };
  const limit = AbortSignal.timeout(timeLimit);
  return new Promise((resolve, reject) => {
    let answer = '';
    const connection = connect({ ...where, signal: AbortSignal.any([signal, limit]) } as NetConnectOpts);
    connection.setEncoding('utf8');
    connection.on('connect', () => connection.end(`${line}\n`));
    connection.on('data', (part: string) => {
      answer += part;
      if (answer.length > LIMIT) connection.destroy(new Error('the answer has no end'));
    });
    connection.on('end', () => {
      // Each answer ends with a line: one that was cut short, by a HAProxy that was killed, is none.
      if (answer.endsWith('\n')) resolve(answer);
      else reject(new Unavailable(`${socket} closed the connection within the answer`));
    });
    connection.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(signal.reason);
      else if (limit.aborted) reject(new Unavailable(`${socket} did not answer within ${timeLimit} ms`, { cause: error }));
      else reject(failure(socket, error));
    });
  });
}

function failure(socket: string, error: NodeJS.ErrnoException): Error {
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new Refused(`this user may not use ${socket}: set user, group and mode of the stats socket`, { cause: error });
  }
  return new Unavailable(`HAProxy does not answer at ${socket} (${error.code ?? error.message})`, { cause: error });
}
