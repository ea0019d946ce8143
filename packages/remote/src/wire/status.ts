import { AuspexError, ERRORS, type ErrorCode } from '@auspex/contracts';
import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';

/** Metadata of a failed call: the code and remedy of the AuspexError behind it. Optional; text alone is enough. */
const CODE = 'auspex-code';
const REMEDY = 'auspex-remedy-bin';

/** What a plugin threw, as the status of its call. */
export function toStatus(error: unknown, code: status = status.FAILED_PRECONDITION): StatusObject {
  const metadata = new Metadata();
  if (error instanceof AuspexError) {
    metadata.set(CODE, error.code);
    metadata.set(REMEDY, Buffer.from(error.remedy));
  }
  return { code, details: error instanceof Error ? error.message : String(error), metadata };
}

/** The status of a call that reached the plugin, as the error that the engine sees. @param what the call: `Forecast` */
export function fromStatus(error: ServiceError, who: string, what: string): AuspexError {
  const code = String(error.metadata?.get(CODE)[0] ?? '');
  const remedy = error.metadata?.get(REMEDY)[0]?.toString();
  if (code in ERRORS) {
    return new AuspexError(code as ErrorCode, error.details, { path: who, ...(remedy === undefined ? {} : { remedy }), cause: error });
  }
  switch (error.code) {
    case status.UNIMPLEMENTED:
      return new AuspexError('PLUGIN_INVALID', `does not serve ${what}: ${error.details}`, {
        path: who,
        remedy: 'Serve each method of its kind in auspex.proto.',
        cause: error,
      });
    case status.INVALID_ARGUMENT:
      return new AuspexError('CONFIG_INVALID', error.details, { path: who, cause: error });
    case status.RESOURCE_EXHAUSTED:
      return new AuspexError('PLUGIN_FAILED', `${what}: ${error.details}`, {
        path: who,
        remedy: 'Make its state or answer smaller, or ask for fewer series a call (batch).',
        cause: error,
      });
    default:
      return new AuspexError('PLUGIN_FAILED', error.details || `${what} failed`, { path: who, cause: error });
  }
}
