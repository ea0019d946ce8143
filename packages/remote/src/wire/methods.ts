import { type DescMessage, type DescMethod, type DescService, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { ChannelOptions, MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/** A method of a generated service, by how many messages it takes and gives. */
export type Unary<I extends DescMessage, O extends DescMessage> = DescMethod & { methodKind: 'unary'; input: I; output: O };
export type ServerStream<I extends DescMessage, O extends DescMessage> = DescMethod & {
  methodKind: 'server_streaming';
  input: I;
  output: O;
};
export type ClientStream<I extends DescMessage, O extends DescMessage> = DescMethod & {
  methodKind: 'client_streaming';
  input: I;
  output: O;
};

/** Longest message, bytes. */
const LARGEST = 64 * 2 ** 20;

export const CHANNEL_OPTIONS: ChannelOptions = Object.freeze({
  'grpc.max_receive_message_length': LARGEST,
  'grpc.max_send_message_length': LARGEST,
  // A plugin on this machine is not reached through a proxy, whatever the environment says.
  'grpc.enable_http_proxy': 0,
});

/** A generated method as grpc-js takes it. */
export function methodDefinition<I extends DescMessage, O extends DescMessage>(
  method: DescMethod & { input: I; output: O },
): MethodDefinition<MessageShape<I>, MessageShape<O>> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    requestSerialize: (message) => asBuffer(toBinary(method.input, message)),
    requestDeserialize: (bytes) => fromBinary(method.input, bytes),
    responseSerialize: (message) => asBuffer(toBinary(method.output, message)),
    responseDeserialize: (bytes) => fromBinary(method.output, bytes),
  };
}

/** A generated service as grpc-js takes it, by the generated names of its methods. */
export function serviceDefinition(service: DescService): ServiceDefinition {
  return Object.fromEntries(service.methods.map((method) => [method.localName, methodDefinition(method)]));
}

/** The same bytes, not a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
