import { WallClock } from '@auspex/core';
import type { Command } from 'commander';
import { checkSinks, checkWarnings } from '../doctor/alerts.ts';
import { Checkup } from '../doctor/checkup.ts';
import { checkConfig, checkPlatform } from '../doctor/config.ts';
import { checkPeers } from '../doctor/peers.ts';
import { checkSources } from '../doctor/sources.ts';
import { checkStore } from '../doctor/store.ts';
import { checkTargets } from '../doctor/targets.ts';
import { checkText, sumText } from '../doctor/text.ts';
import { Ended, EXIT } from '../exit.ts';
import type { Io } from '../io.ts';

interface Flags {
  readonly config?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ auspex doctor
  $ auspex doctor --config staging.yaml --json | jq '.checks[] | select(.status == "failed")'
`;

export function doctorCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('doctor')
      .summary('would a run work, and if not, why')
      .description(
        'Looks at the platform, the config, the store, the sources, the targets and the alert sinks, and says of each what was seen and what to do. Orders nothing, commits nothing, tells nobody, and writes one key of its own to the store, which it deletes. Ends with 1 when something failed.',
      )
      .option('--config <file>', 'config file (default: auspex.config.* in this folder)')
      .option('--json', 'as JSON')
      .addHelpText('after', EXAMPLES)
      .action((flags: Flags) => doctor(flags, io));
}

async function doctor(flags: Flags, io: Io): Promise<void> {
  const checkup = new Checkup(new WallClock(), io.signal, (check) => {
    if (!flags.json) io.out(checkText(check, io));
  });
  await examine(checkup, flags, io);
  const { checks } = checkup;
  const ok = checks.every(({ status }) => status !== 'failed');
  io.out(flags.json ? `${JSON.stringify({ ok, checks }, null, 2)}\n` : sumText(checks));
  if (!ok) throw new Ended(EXIT.failure);
}

async function examine(checkup: Checkup, flags: Flags, io: Io): Promise<void> {
  await checkPlatform(checkup);
  const config = await checkConfig(checkup, flags.config, io);
  if (!config) {
    for (const check of ['packages', 'store', 'sources', 'targets', 'alerts.sinks']) checkup.skip(check, 'the config is wrong');
    return;
  }
  await checkWarnings(checkup, config);
  const missing = await checkPeers(checkup, config);
  const store = await checkStore(checkup, config, missing(config.store));
  try {
    await checkSources(checkup, config, missing, store.held);
    await checkTargets(checkup, config, store.store, missing);
    await checkSinks(checkup, config, missing);
  } finally {
    await store.close();
  }
}
