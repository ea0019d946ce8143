#!/usr/bin/env node
import { processIo } from './io.ts';

const args = process.argv.slice(2);
const io = processIo();
// A backtest computes for seconds without a pause: in a thread of its own, Ctrl-C still ends it at once.
const { main } = args[0] === 'backtest' ? { main: (await import('./thread.ts')).mainInThread } : await import('./main.ts');
const code = await main(args, io);
process.exitCode = code;
// What a checked plugin has left running must not keep the command: that it did is in the verdict.
if (args[0] === 'check') process.stdout.write('', () => process.exit(code));
