import type { Command } from 'commander';

/** Options of every command that reads a trace. */
export function withTraceOptions(command: Command): Command {
  return command
    .option('--format <name>', 'access-log, csv or ndjson (default: from the first bytes)')
    .option('--time <column>', 'CSV: column of the time (default: timestamp)')
    .option(
      '--value <column>',
      'CSV: column of the count (default: value, count or requests where there is one; else a row is one request)',
    )
    .option('--group <column>', 'CSV: column of the group (default: group, where there is one)')
    .option('--pop <column>', 'CSV: column of the POP (default: pop, where there is one)')
    .option('--group-by <rule>', 'logs: path:N (first N segments), host:N (last N labels), or a field such as user (default: path:1)')
    .option(
      '--zone <zone>',
      'zone of times without offset, and of the groups: Europe/Berlin, -04:00 (default: UTC where times carry an offset)',
    )
    .option('--order <order>', 'CSV: strict, or sort to read whole and sort')
    .option('--step <duration>', 'length of a step (default: 1m for logs, the period of the rows for CSV)')
    .option('--seed <number>', 'seed of all randomness (default: 1)');
}
