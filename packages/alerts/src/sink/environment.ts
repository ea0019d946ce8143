import { readFileSync } from 'node:fs';
import { AuspexError } from '@auspex/contracts';

/** @throws AuspexError CONFIG_INVALID when the environment variable is empty */
export function fromEnv(sink: string, option: string, name: string): string {
  const value = process.env[name]?.trim();
  if (value) return value;
  throw new AuspexError('CONFIG_INVALID', `the environment variable ${name} is empty`, {
    path: `alertSink(${sink}).${option}`,
    remedy: `Set ${name} where Auspex is started.`,
  });
}

/** @throws AuspexError CONFIG_INVALID when the file cannot be read */
export function readCa(sink: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new AuspexError('CONFIG_INVALID', `the file of authorities cannot be read: ${file}`, {
      path: `alertSink(${sink}).ca`,
      remedy: 'Give the path of a PEM file that this user may read.',
      cause,
    });
  }
}
