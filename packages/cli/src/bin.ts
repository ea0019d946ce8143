#!/usr/bin/env node
import { processIo } from './io.ts';

const args = process.argv.slice(2);
const io = processIo();
// A backtest computes for seconds without a pause: in a thread of its own, Ctrl-C still ends it at once.
const { main } = args[0] === 'backtest' ? { main: (await import('./thread.ts')).mainInThread } : await import('./main.ts');
const code = await main(args, io);
process.exitCode = code;
// What a checked plugin, or an address without an answer, has left running must not keep the command: what is to be said was said.
if (args[0] === 'check' || args[0] === 'doctor' || (args[0] === 'run' && code !== 0)) process.stdout.write('', () => process.exit(code));
