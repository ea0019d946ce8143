import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerWritableStream,
  StatusObject,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import { Metadata, status } from '@grpc/grpc-js';
import { TOKEN_ENV, TOKEN_KEY } from '../process/handshake.ts';
import type { ClientStream, ServerStream, Unary } from '../wire/methods.ts';
import { toStatus } from '../wire/status.ts';

/** Handlers of one service, by the generated names of its methods. */
export type Handlers = Readonly<Record<string, UntypedHandleCall>>;

/** A handler that throws this has chosen its status. */
export class Refusal extends Error {
  readonly status: StatusObject;

  constructor(code: status, cause: unknown) {
    super('refused', { cause });
    this.status = toStatus(cause, code);
  }
}

function statusOf(error: unknown): StatusObject {
  return error instanceof Refusal ? error.status : toStatus(error);
}

/** Only who started the process may call it, where it was started by an engine: others on this machine do not know the secret. */
function authorised(metadata: Metadata): boolean {
  const token = process.env[TOKEN_ENV];
  return token === undefined || metadata.get(TOKEN_KEY)[0] === token;
}

const STRANGER: StatusObject = { code: status.UNAUTHENTICATED, details: 'the call does not carry the secret', metadata: new Metadata() };

export function unary<I extends DescMessage, O extends DescMessage>(
  method: Unary<I, O>,
  handle: (request: MessageShape<I>, signal: AbortSignal) => Promise<MessageInitShape<O>> | MessageInitShape<O>,
): UntypedHandleCall {
  const handler: handleUnaryCall<MessageShape<I>, MessageShape<O>> = (call, done) => {
    if (!authorised(call.metadata)) return done(STRANGER);
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort());
    Promise.resolve()
      .then(() => handle(call.request, abort.signal))
      .then(
        (answer) => done(null, create(method.output, answer)),
        (error: unknown) => done(statusOf(error)),
      );
  };
  return handler as UntypedHandleCall;
}

export function upload<I extends DescMessage, O extends DescMessage>(
  method: ClientStream<I, O>,
  handle: (requests: AsyncIterable<MessageShape<I>>, signal: AbortSignal) => Promise<MessageInitShape<O>>,
): UntypedHandleCall {
  const handler: handleClientStreamingCall<MessageShape<I>, MessageShape<O>> = (call, done) => {
    if (!authorised(call.metadata)) return done(STRANGER);
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort());
    handle(call, abort.signal).then(
      (answer) => done(null, create(method.output, answer)),
      (error: unknown) => done(statusOf(error)),
    );
  };
  return handler as UntypedHandleCall;
}

export function download<I extends DescMessage, O extends DescMessage>(
  method: ServerStream<I, O>,
  handle: (request: MessageShape<I>, signal: AbortSignal) => AsyncIterable<MessageInitShape<O>>,
): UntypedHandleCall {
  const handler: handleServerStreamingCall<MessageShape<I>, MessageShape<O>> = (call) => {
    if (!authorised(call.metadata)) return void call.emit('error', STRANGER);
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort());
    send(call, method.output, handle(call.request, abort.signal), abort.signal).then(
      () => call.end(),
      (error: unknown) => call.emit('error', statusOf(error)),
    );
  };
  return handler as UntypedHandleCall;
}

/** Writes as fast as the reader reads. */
async function send<O extends DescMessage>(
  call: ServerWritableStream<unknown, MessageShape<O>>,
  schema: O,
  messages: AsyncIterable<MessageInitShape<O>>,
  signal: AbortSignal,
): Promise<void> {
  for await (const message of messages) {
    if (signal.aborted) return;
    if (call.write(create(schema, message))) continue;
    await new Promise<void>((resolve) => {
      call.once('drain', resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}
