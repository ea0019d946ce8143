#!/usr/bin/env node
import { main } from './main.ts';

const stop = new AbortController();
// Held back while files are written, which is soon over: then all of them are there.
process.on('SIGINT', () => stop.abort());
process.on('SIGTERM', () => stop.abort());
process.exitCode = await main(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  color: process.stdout.isTTY === true && !process.env['NO_COLOR'],
  interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
  input: process.stdin,
  output: process.stdout,
  cwd: process.cwd(),
  signal: stop.signal,
});
