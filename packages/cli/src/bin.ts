#!/usr/bin/env node
import { processIo } from './io.ts';

const args = process.argv.slice(2);
const io = processIo();
// A backtest computes for seconds without a pause: in a thread of its own, Ctrl-C still ends it at once.
const { main } = args[0] === 'backtest' ? { main: (await import('./thread.ts')).mainInThread } : await import('./main.ts');
process.exitCode = await main(args, io);
