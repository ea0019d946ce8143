import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { AuspexError } from '@auspex/contracts';

/** Bytes of one read. */
export const CHUNK = 262_144;
const SNIFF = 8_192;

/** A file that was opened and looked at. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly gzip: boolean;
  /** Its first bytes as they lie on the disk. */
  readonly first: Buffer;
}

/** @throws AuspexError SOURCE_NOT_FOUND, SOURCE_BINARY */
export async function openFile(file: string): Promise<OpenFile> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code;
    const text = reason === 'ENOENT' ? 'there is no such file' : `the file cannot be opened (${reason})`;
    throw new AuspexError('SOURCE_NOT_FOUND', text, { path: file, cause });
  }
  try {
    if ((await handle.stat()).isDirectory()) throw new AuspexError('SOURCE_NOT_FOUND', 'this is a folder, not a file', { path: file });
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(SNIFF), 0, SNIFF, 0);
    const first = buffer.subarray(0, bytesRead);
    const gzip = first[0] === 0x1f && first[1] === 0x8b;
    if (!gzip) checkText(first, file);
    return { handle, gzip, first };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** @throws AuspexError SOURCE_BINARY when the first bytes of a text hold a NUL */
export function checkText(first: Buffer, file: string): void {
  const at = first.subarray(0, SNIFF).indexOf(0);
  if (at >= 0) throw new AuspexError('SOURCE_BINARY', `byte ${at} is NUL: this is no text`, { path: file });
}

/** Chunks of a plain file from `offset`. The buffer is reused: take what you need before the next. */
export async function* plainChunks({ handle }: OpenFile, offset: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  for (let at = offset; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/**
 * Chunks of the text in a gzip file. What can be unpacked is delivered before a fault is raised.
 *
 * @throws AuspexError SOURCE_BINARY on a broken header, SOURCE_FAILED on a truncated or damaged body
 */
export async function* gzipChunks(opened: OpenFile, file: string): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK });
  const ready: Buffer[] = [];
  let fault: Error | undefined;
  let delivered = false;
  let wake = () => {};
  gunzip.on('data', (chunk: Buffer) => ready.push(chunk));
  gunzip.on('error', (error) => {
    fault = error;
    wake();
  });
  const settle = (act: (done: () => void) => void) =>
    new Promise<void>((resolve) => {
      wake = resolve;
      act(resolve);
    });
  try {
    for await (const packed of plainChunks(opened, 0)) {
      // One write at a time: zlib gives out all it can before the next, also when the next one fails.
      await settle((done) => gunzip.write(Buffer.from(packed), () => done()));
      for (const chunk of ready.splice(0)) {
        delivered = true;
        yield chunk;
      }
      if (fault) break;
    }
    if (!fault) await settle((done) => gunzip.once('end', done).end());
    for (const chunk of ready.splice(0)) yield chunk;
  } finally {
    gunzip.destroy();
  }
  if (fault) throw gzipFault(fault, file, delivered);
}

function gzipFault(cause: Error, file: string, delivered: boolean): AuspexError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== 'Z_BUF_ERROR' && !delivered) {
    return new AuspexError('SOURCE_BINARY', `the file begins like gzip but is none (${cause.message})`, { path: file, cause });
  }
  const what = code === 'Z_BUF_ERROR' ? 'the gzip file is cut off' : `the gzip file is damaged (${cause.message})`;
  return new AuspexError('SOURCE_FAILED', what, { path: file, cause });
}
