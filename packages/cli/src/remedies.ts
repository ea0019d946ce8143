import { AuspexError, type ErrorCode } from '@auspex/contracts';
import { isAuspexError } from './exit.ts';

/** What to do when the trace was named on the command line: sources know options of a config only. */
const REMEDIES: Partial<Record<ErrorCode, string>> = {
  SOURCE_COLUMN_MISSING: 'Name columns of the header with --time, --value, --group and --pop.',
  SOURCE_NO_VALID_RECORD: 'Check --format (access-log, csv or ndjson) against the first lines of the file.',
  SOURCE_TIME_BACKWARDS: 'Sort the file by time and list rotated files oldest first; a CSV can be sorted while it is read: --order sort.',
  SOURCE_FAILED: 'Get a whole copy of the file, or backtest the part that can be read: gzip -dc FILE > part.log.',
  ZONE_MISSING: 'Name the zone in which the times were written: --zone America/New_York, or a fixed offset: --zone -04:00.',
  ZONE_UNKNOWN: 'Use an IANA zone, or a fixed offset: --zone Europe/Berlin, --zone +05:30.',
  STEP_INVALID: 'Choose a step that divides an hour: --step 10s, 1m, 5m, 15m, 30m or 1h.',
};

/** Runs `work`; its errors name flags of the command line instead of options of a config. */
export async function withFlagRemedies<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const remedy = isAuspexError(error) ? REMEDIES[error.code] : undefined;
    if (remedy === undefined) throw error;
    const { code, message, cause } = error as AuspexError;
    throw new AuspexError(code, message, { remedy, cause });
  }
}
