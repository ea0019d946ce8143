import type { PluginContext } from '@auspex/contracts';

/** What a plugin's process says on stderr, one JSON line each; anything else is a line of text. */
export type Message =
  | { readonly auspex: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly fields: object; readonly message: string }
  | {
      readonly auspex: 'count' | 'gauge';
      readonly name: string;
      readonly value: number;
      readonly labels?: Readonly<Record<string, string>>;
    };

/** Hands a line of a plugin's process to the engine's logger or meter. Returns false for one that is plain text. */
export function forward(line: string, context: Pick<PluginContext, 'logger' | 'meter'>, plugin: string): boolean {
  const message = parse(line);
  if (message === undefined) return false;
  if (message.auspex === 'log') context.logger[message.level]({ ...message.fields, plugin }, message.message);
  else context.meter[message.auspex](message.name, message.value, message.labels);
  return true;
}

function parse(line: string): Message | undefined {
  if (!line.startsWith('{"auspex":')) return undefined;
  try {
    const message = JSON.parse(line) as Message;
    if (message.auspex === 'log') {
      const known = ['debug', 'info', 'warn', 'error'].includes(message.level);
      return known && typeof message.message === 'string' && typeof message.fields === 'object' ? message : undefined;
    }
    const known = message.auspex === 'count' || message.auspex === 'gauge';
    return known && typeof message.name === 'string' && Number.isFinite(message.value) ? message : undefined;
  } catch {
    return undefined;
  }
}
