import { AuspexError } from '@auspex/contracts';
import { Conflict, Refused, Unavailable } from '../target/index.ts';

/** Errors that say to come again, beside those that the status tells. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html */
const LATER =
  /Throttl|RequestLimitExceeded|TooManyRequests|BandwidthLimit|SlowDown|ResourceContention|ScalingActivityInProgress|ResourceInUse|ServiceUnavailable|InternalFailure|InternalService|InternalError|ServerException|RequestTimeout|TimeoutError|AbortError/;
const DENIED = /AccessDenied|UnauthorizedOperation|NotAuthorized|Forbidden/;
const STRANGER =
  /InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|ExpiredToken|InvalidAccessKeyId|AuthFailure|CredentialsProviderError/;
/** Of the network, before anything answered. */
const NETWORK = /^(E[A-Z]+|EAI_AGAIN|UND_ERR_\w+)$/;

interface SdkError extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly $retryable?: object;
}

/**
 * What an error of the SDK means for an order.
 *
 * @param action the IAM action of the call, such as `autoscaling:UpdateAutoScalingGroup`
 */
export function awsError(error: unknown, action: string): Error {
  if (error instanceof AuspexError || error instanceof Refused || error instanceof Unavailable || error instanceof Conflict) return error;
  const cause = error as SdkError;
  const { name = 'Error', code = '' } = cause;
  // The SDK adds lines of its own to answers that it cannot read.
  const message = (cause.message || String(error)).split('\n', 1)[0]?.slice(0, 300) ?? '';
  const status = cause.$metadata?.httpStatusCode;
  const said = `${action}: ${name}: ${message}`;
  if (/ConcurrentUpdate/.test(name)) return new Conflict(said, { cause });
  if (DENIED.test(name))
    return new Refused(`${action} is not allowed: add it to the policy of whom Auspex runs as (${message})`, { cause });
  if (STRANGER.test(name)) return new Refused(`AWS does not know who asks (${said}): give credentials that the SDK finds`, { cause });
  const isBusy = LATER.test(name) || status === 429 || (status !== undefined && status >= 500) || cause.$retryable !== undefined;
  if (isBusy || (status === undefined && NETWORK.test(code))) {
    const after = Math.max(0, Number(cause.$response?.headers?.['retry-after']) || 0) * 1_000;
    return new Unavailable(said, { cause, after });
  }
  if (status === undefined && /region/i.test(message)) {
    return new AuspexError('CONFIG_INVALID', 'no region is known', {
      path: 'actuator(aws).region',
      remedy: 'Give region, or set AWS_REGION.',
      cause,
    });
  }
  if (status !== undefined) return new Refused(said, { cause });
  return cause;
}
