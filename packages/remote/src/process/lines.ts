import type { Readable } from 'node:stream';

/** Characters of a line that are kept: a process that writes without a line feed must not fill our memory. */
const LONGEST = 16_384;

/** Calls `take` with each line of a stream, cut to 16,384 characters. */
export function readLines(stream: Readable, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() as string).slice(0, LONGEST);
    for (const line of lines) take(line.slice(0, LONGEST).trimEnd());
  });
  stream.on('end', () => {
    if (rest !== '') take(rest);
  });
  // A pipe that breaks says nothing that the end of the process does not say.
  stream.on('error', () => {});
}
