import { loadPeer } from '@auspex/contracts';
import { Unavailable } from '../target/index.ts';
import type { AwsOptions } from './config.ts';
import { awsError } from './errors.ts';

/** The packages of the SDK, each loaded when its first call is made. */
export interface Sdk {
  autoScaling(): Promise<typeof import('@aws-sdk/client-auto-scaling')>;
  ecs(): Promise<typeof import('@aws-sdk/client-ecs')>;
  applicationAutoScaling(): Promise<typeof import('@aws-sdk/client-application-auto-scaling')>;
}

export const installed: Sdk = {
  autoScaling: () => loadPeer('actuator(aws)', '@aws-sdk/client-auto-scaling', () => import('@aws-sdk/client-auto-scaling')),
  ecs: () => loadPeer('actuator(aws)', '@aws-sdk/client-ecs', () => import('@aws-sdk/client-ecs')),
  applicationAutoScaling: () =>
    loadPeer('actuator(aws)', '@aws-sdk/client-application-auto-scaling', () => import('@aws-sdk/client-application-auto-scaling')),
};

type Connection = Pick<AwsOptions, 'region' | 'endpoint' | 'timeLimit'>;

/** How a client of the SDK is made. It asks once: who calls asks again, and one layer of retries is enough. */
export function clientConfig({ region, endpoint, timeLimit }: Connection) {
  return {
    maxAttempts: 1,
    requestHandler: { connectionTimeout: timeLimit, requestTimeout: timeLimit },
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
  };
}

/**
 * One call, which ends with its time limit also where the SDK looks for credentials.
 *
 * @param action its IAM action, for messages
 * @param call gets the signal of the call
 * @throws Refused, Unavailable, Conflict; the reason of `signal` where that aborts
 */
export async function ask<T>(
  action: string,
  call: (abortSignal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  timeLimit: number,
): Promise<T> {
  signal.throwIfAborted();
  const limit = AbortSignal.timeout(timeLimit);
  const either = AbortSignal.any([signal, limit]);
  let stop: (() => void) | undefined;
  const over = new Promise<never>((_, reject) => {
    stop = () => reject(either.reason);
    either.addEventListener('abort', stop, { once: true });
  });
  const asked = call(either);
  // Where the limit wins, what comes of the call later is nobody's.
  asked.catch(() => undefined);
  try {
    return await Promise.race([asked, over]);
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) throw new Unavailable(`${action}: no answer within ${timeLimit} ms`, { cause: error });
    throw awsError(error, action);
  } finally {
    if (stop) either.removeEventListener('abort', stop);
  }
}
