import { statSync } from 'node:fs';
import type { PluginContext, Source } from '@auspex/contracts';
import { type ParseRecord, RecordSource } from '../records/index.ts';
import type { AuthOptions } from './config.ts';
import { jsonParser } from './json.ts';
import { sshdParser } from './sshd.ts';

const FORMATS: Readonly<Record<AuthOptions['format'], string>> = {
  sshd: 'syslog',
  keycloak: 'Keycloak events as JSON lines',
  okta: 'Okta System Log as JSON lines',
  ndjson: 'one JSON object a line',
};

/** Reads sign-ins from log files. */
export function authSource(options: AuthOptions, context: PluginContext): Source {
  const { files, follow, poll, batch, maxBackwards, format } = options;
  const parser = (file: () => string): ParseRecord =>
    format === 'sshd' ? sshdParser({ ...options, reference: referenceOf(options, context, file) }) : jsonParser(options);
  return new RecordSource({ input: { files, follow, poll }, batch, maxBackwards, format: FORMATS[format], parser }, context);
}

/** A time that no line of the present file is later than. */
function referenceOf({ reference, follow }: AuthOptions, { clock }: PluginContext, file: () => string): () => number {
  if (reference !== undefined) {
    const given = Date.parse(reference);
    return () => given;
  }
  // By the day, so that the years of a day are looked for once.
  if (follow) return () => Math.ceil(clock.now() / 86_400_000) * 86_400_000;
  let known = '';
  let written = 0;
  return () => {
    const present = file();
    if (present !== known) {
      // A file that was deleted while it is read was written to a moment ago.
      written = statSync(present, { throwIfNoEntry: false })?.mtimeMs ?? clock.now();
      known = present;
    }
    return written;
  };
}
