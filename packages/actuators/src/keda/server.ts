import { readFile } from 'node:fs/promises';
import { AuspexError, loadPeer } from '@auspex/contracts';
import { create } from '@bufbuild/protobuf';
import type { handleServerStreamingCall, handleUnaryCall, Server, ServerCredentials, ServerWritableStream } from '@grpc/grpc-js';
import type { Published } from '../metric/published.ts';
import {
  ExternalScaler,
  type GetMetricSpecResponse,
  GetMetricSpecResponseSchema,
  type GetMetricsRequest,
  type GetMetricsResponse,
  GetMetricsResponseSchema,
  type IsActiveResponse,
  IsActiveResponseSchema,
  type ScaledObjectRef,
} from './gen/externalscaler_pb.ts';
import { metricName } from './name.ts';
import { serviceDefinition } from './service.ts';

export interface ScalerOptions {
  /** `host:port`; port 0 = any that is free. */
  readonly listen: string;
  readonly tls?: { readonly certificate: string; readonly key: string; readonly ca?: string | undefined } | undefined;
}

type Grpc = typeof import('@grpc/grpc-js');

/** What the trigger has to say: which pool it asks for. */
const POOL = 'pool';

/**
 * KEDA's external scaler. The metric of a pool is its units, with a target of one a replica, so that the HPA comes to as many replicas as there are
 * units; where nothing holds, IsActive is false and GetMetrics fails (UNAVAILABLE), so that KEDA's `fallback` takes over.
 *
 * @see https://keda.sh/docs/2.18/concepts/external-scalers/
 * @throws AuspexError PLUGIN_NOT_FOUND without @grpc/grpc-js, PLUGIN_FAILED where it cannot listen
 */
export async function startScaler(options: ScalerOptions, published: Published): Promise<{ address: string; close(): Promise<void> }> {
  const grpc = await loadPeer<Grpc>('actuator(keda)', '@grpc/grpc-js', () => import('@grpc/grpc-js'));
  const server = new grpc.Server();
  const streams = new Set<{ readonly pool: string; readonly call: ServerWritableStream<ScaledObjectRef, IsActiveResponse> }>();
  const active = (pool: string): IsActiveResponse => create(IsActiveResponseSchema, { result: (published.ask(pool) ?? 0) > 0 });
  const refuse = (message: string, code: number = grpc.status.INVALID_ARGUMENT) => ({ code, details: message });

  const isActive: handleUnaryCall<ScaledObjectRef, IsActiveResponse> = ({ request }, answer) => {
    const pool = poolOf(request);
    if (pool === undefined) return answer(refuse(unnamed(request)));
    answer(null, active(pool));
  };
  const streamIsActive: handleServerStreamingCall<ScaledObjectRef, IsActiveResponse> = (call) => {
    const pool = poolOf(call.request);
    if (pool === undefined) return void call.emit('error', refuse(unnamed(call.request)));
    const stream = { pool, call };
    streams.add(stream);
    for (const end of ['cancelled', 'close', 'error']) call.on(end, () => streams.delete(stream));
    call.write(active(pool));
  };
  const getMetricSpec: handleUnaryCall<ScaledObjectRef, GetMetricSpecResponse> = ({ request }, answer) => {
    const pool = poolOf(request);
    if (pool === undefined) return answer(refuse(unnamed(request)));
    answer(
      null,
      create(GetMetricSpecResponseSchema, { metricSpecs: [{ metricName: metricName(pool), targetSize: 1n, targetSizeFloat: 1 }] }),
    );
  };
  const getMetrics: handleUnaryCall<GetMetricsRequest, GetMetricsResponse> = ({ request }, answer) => {
    const pool = request.scaledObjectRef && poolOf(request.scaledObjectRef);
    if (pool === undefined) return answer(refuse(unnamed(request.scaledObjectRef)));
    const units = published.ask(pool);
    if (units === undefined) return answer(refuse(published.absence(pool), grpc.status.UNAVAILABLE));
    const value = { metricName: metricName(pool), metricValue: BigInt(units), metricValueFloat: units };
    answer(null, create(GetMetricsResponseSchema, { metricValues: [value] }));
  };
  server.addService(serviceDefinition(ExternalScaler), { isActive, streamIsActive, getMetricSpec, getMetrics });

  const port = await listen(server, options.listen, await credentials(grpc, options.tls));
  const silent = published.onChange((pool) => {
    for (const stream of streams) if (stream.pool === pool) stream.call.write(active(pool));
  });
  return {
    address: `${options.listen.slice(0, options.listen.lastIndexOf(':'))}:${port}`,
    close: async () => {
      silent();
      for (const { call } of streams) call.end();
      // KEDA keeps its connection open for ever: it is not waited for.
      server.forceShutdown();
    },
  };
}

function poolOf({ scalerMetadata }: ScaledObjectRef): string | undefined {
  return scalerMetadata[POOL] || undefined;
}

function unnamed(from: ScaledObjectRef | undefined): string {
  const who = from ? `ScaledObject ${from.namespace}/${from.name}` : 'the trigger';
  return `${who} names no pool: set metadata.${POOL} of its trigger to the id of an Auspex pool`;
}

async function credentials(grpc: Grpc, tls: ScalerOptions['tls']): Promise<ServerCredentials> {
  if (!tls) return grpc.ServerCredentials.createInsecure();
  const read = async (option: string, file: string): Promise<Buffer> => {
    try {
      return await readFile(file);
    } catch (cause) {
      const path = `actuator(keda).tls.${option}`;
      throw new AuspexError('PLUGIN_FAILED', `${file} cannot be read: ${(cause as Error).message}`, {
        path,
        cause,
        remedy: 'Correct the path, or let the engine read it.',
      });
    }
  };
  const pair = { cert_chain: await read('certificate', tls.certificate), private_key: await read('key', tls.key) };
  const ca = tls.ca === undefined ? null : await read('ca', tls.ca);
  return grpc.ServerCredentials.createSsl(ca, [pair], ca !== null);
}

function listen(server: Server, address: string, secrets: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, secrets, (cause, port) => {
      if (!cause) return resolve(port);
      const remedy = 'Free the port, or choose another with listen.';
      reject(
        new AuspexError('PLUGIN_FAILED', `cannot listen at ${address}: ${cause.message}`, { path: 'actuator(keda).listen', cause, remedy }),
      );
    });
  });
}
