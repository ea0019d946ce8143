/**
 * Every way in which Auspex refuses to go on. Each code has a heading in docs/errors.md (a test compares the two);
 * the text here is what to do about it, in one sentence.
 */
export const ERRORS = {
  CONFIG_INVALID: 'Correct the keys named above; `auspex describe` lists what each plugin accepts.',
  CONFIG_NOT_FOUND: 'Run `auspex init`, or name a file with --config.',
  CONFIG_UNREADABLE: 'Correct the syntax at the place named above.',
  PLUGIN_UNKNOWN: 'Use one of the names listed, or pass the plugin by value.',
  PLUGIN_INVALID: 'Export the value that define… returned, built for this contract version.',
  PLUGIN_NOT_FOUND: 'Install the package beside the config, or correct its name or path.',
  PLUGIN_VERSION: 'Install releases of the plugin and of Auspex that share a contract version.',
  PLUGIN_CRASHED: 'Read what it wrote last; it is started again by itself.',
  PLUGIN_LAWS: 'Read the laws that do not hold, above; each says why it exists.',
  PLUGIN_FAILED: 'Read the cause: it is what the plugin, or what it speaks to, has said.',
  STEP_INVALID: 'Choose a step that divides an hour: 10s, 1m, 5m, 15m, 30m, 1h.',
  ZONE_MISSING: 'Name the zone in which the times were written: zone: "America/New_York", or a fixed offset "-04:00".',
  ZONE_UNKNOWN: 'Use an IANA zone such as "Europe/Berlin", or a fixed offset such as "+05:30".',
  SOURCE_NOT_FOUND: 'Check the path; the engine reads it as the user that started it.',
  SOURCE_UNREACHABLE: 'Start what should answer there, or correct its address; look at TLS and firewall.',
  SOURCE_REFUSED: 'Correct user and password, or let the user read what is named.',
  SOURCE_MISSING: 'Make what is named, or correct its name.',
  SOURCE_EMPTY: 'Give a file that holds at least one record.',
  SOURCE_BINARY: 'Give a text file, or a gzip of one; other compressions must be unpacked first.',
  SOURCE_NO_VALID_RECORD: 'Check the format option against the first lines of the file.',
  SOURCE_COLUMN_MISSING: 'Name a column of the header with the option given above.',
  SOURCE_TIME_BACKWARDS: 'Sort the file by time, or set order: "sort" to have it read whole and sorted.',
  SOURCE_POSITION_LOST: 'The file is shorter than where reading stopped: it was replaced; remove the checkpoint or restore the file.',
  SOURCE_FAILED: 'See the cause; the engine has kept what was checkpointed.',
  STORE_CLOSED: 'Do not use a store after close.',
  STORE_UNREACHABLE: 'Start the database, or correct its address; look at TLS and firewall.',
  STORE_REFUSED: 'Correct user and password, or let the user read and write there.',
  STORE_MISSING: 'Make what is named, or let Auspex make it.',
  STORE_NEWER: 'Run the version that wrote the store, or start with an empty one.',
  STORE_UNREADABLE: 'Restore the store from a copy, or start with an empty one.',
  STORE_KEY_TOO_LONG: 'Shorten group, POP or pool names; a key holds 512 bytes.',
  STORE_WRITE_FAILED: 'Make room on the disk or give the process the right to write; what was there before is intact.',
  STORE_LOCKED: 'Stop the other instance, or wait until its lease expires.',
  STATE_UNREADABLE: 'Nothing: the part begins again from nothing, with the reactive policy until it has learnt.',
  TRAINING_DIVERGED: 'Nothing: the old weights stay, and training is tried again; if it comes again, lower the learning rate.',
  STAGE_TIMEOUT: 'Raise the time limit, or make the plugin answer sooner.',
  LIFECYCLE: 'Start an engine once, and do not use it after close.',
  NOTHING_TO_EXPLAIN: 'Choose a time and a pool that the journal holds.',
  SUPPORT: 'Use what the message names instead.',
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof ERRORS;

/** The one error that Auspex throws on purpose: what happened, where, and what to do. */
export class AuspexError extends Error {
  override readonly name = 'AuspexError';
  readonly code: ErrorCode;
  /** What to do, in one sentence. */
  readonly remedy: string;
  /** Where: a config path, a file and line, a plugin. */
  readonly path: string | undefined;

  /**
   * @param message what happened, one sentence
   * @param options.path where it happened
   * @param options.remedy replaces the code's own remedy where more is known
   */
  constructor(code: ErrorCode, message: string, options: { path?: string; remedy?: string; cause?: unknown } = {}) {
    super(options.path ? `${options.path}: ${message}` : message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.path = options.path;
    this.remedy = options.remedy ?? ERRORS[code];
  }
}
