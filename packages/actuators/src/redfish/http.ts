import { readFileSync } from 'node:fs';
import { AuspexError } from '@auspex/contracts';
import { Refused, Unavailable } from '../target/index.ts';
import type { Power, RedfishClient, ResetType } from './client.ts';
import type { RedfishOptions } from './config.ts';
import { type Answer, send } from './request.ts';

const POWERS: readonly string[] = ['On', 'Off', 'PoweringOn', 'PoweringOff'] satisfies Power[];

interface ResetAction {
  readonly target?: string;
  readonly 'ResetType@Redfish.AllowableValues'?: readonly string[];
}

interface ComputerSystem {
  readonly PowerState?: string;
  readonly Actions?: Readonly<Record<string, ResetAction>>;
}

/** BMCs over HTTP, as DMTF DSP0266 (Redfish) has them. */
export class RedfishHttp implements RedfishClient {
  readonly #timeLimit: number;
  readonly #authorization: string | undefined;
  readonly #ca: Buffer | undefined;

  /** @throws AuspexError CONFIG_INVALID when a variable or the file of authorities cannot be read */
  constructor({ timeLimit, userEnv, passwordEnv, ca }: RedfishOptions) {
    this.#timeLimit = timeLimit;
    if (userEnv !== undefined) {
      const password = passwordEnv === undefined ? '' : fromEnv(passwordEnv, 'passwordEnv');
      this.#authorization = `Basic ${Buffer.from(`${fromEnv(userEnv, 'userEnv')}:${password}`).toString('base64')}`;
    }
    this.#ca = ca === undefined ? undefined : readCa(ca);
  }

  async power(system: string, signal: AbortSignal): Promise<Power> {
    const { PowerState: power = '' } = await this.#system(system, signal);
    if (POWERS.includes(power)) return power as Power;
    throw new Unavailable(`${system} has the PowerState "${power}"`);
  }

  async reset(system: string, type: ResetType, signal: AbortSignal): Promise<void> {
    const action = (await this.#system(system, signal)).Actions?.['#ComputerSystem.Reset'];
    const allowed = action?.['ResetType@Redfish.AllowableValues'];
    if (allowed && !allowed.includes(type)) {
      throw new Refused(`${system} knows no reset ${type}: it allows ${allowed.join(', ')}`);
    }
    const url = new URL(action?.target ?? `${new URL(system).pathname.replace(/\/+$/, '')}/Actions/ComputerSystem.Reset`, system);
    // The credentials go to no other server, whatever the answer says.
    if (url.origin !== new URL(system).origin) throw new Refused(`${system} sends resets to another server, ${url.origin}`);
    await this.#ask(url, signal, JSON.stringify({ ResetType: type }));
  }

  async healthy(url: string, signal: AbortSignal): Promise<boolean> {
    try {
      const { status } = await send({ url: new URL(url), headers: {}, ca: this.#ca, timeLimit: this.#timeLimit, signal });
      return status === 200;
    } catch {
      return false;
    }
  }

  async #system(system: string, signal: AbortSignal): Promise<ComputerSystem> {
    const { body } = await this.#ask(new URL(system), signal);
    try {
      return JSON.parse(body) as ComputerSystem;
    } catch (cause) {
      throw new Refused(`${system} is no ComputerSystem: ${body.slice(0, 80)}`, { cause });
    }
  }

  async #ask(url: URL, signal: AbortSignal, body?: string): Promise<Answer> {
    const headers = this.#authorization === undefined ? {} : { authorization: this.#authorization };
    const answer = await send({ url, headers, body, ca: this.#ca, timeLimit: this.#timeLimit, signal });
    const { status } = answer;
    if (status >= 200 && status < 300) return answer;
    throw failure(url, answer);
  }
}

function failure(url: URL, { status, headers, body }: Answer): Error {
  const said = saying(body);
  const text = `${url.href} answers HTTP ${status}${said ? `: ${said}` : ''}`;
  if (status === 401 || status === 403) return new Refused(`${text}; give userEnv and passwordEnv of an operator of the BMC`);
  if (status === 429 || (status >= 500 && status !== 501)) {
    return new Unavailable(text, { after: Math.max(0, Number(headers['retry-after']) || 0) * 1_000 });
  }
  return new Refused(text);
}

/** The message of a Redfish error, in the words of the BMC. */
function saying(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: string; '@Message.ExtendedInfo'?: { Message?: string }[] } };
    const info = error?.['@Message.ExtendedInfo'];
    return (Array.isArray(info) ? info[0]?.Message : undefined) ?? error?.message ?? '';
  } catch {
    return body.trim().slice(0, 120);
  }
}

function fromEnv(name: string, option: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new AuspexError('CONFIG_INVALID', `the environment variable ${name} is empty`, {
    path: `redfish.${option}`,
    remedy: `Set ${name}, or leave ${option} out.`,
  });
}

function readCa(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new AuspexError('CONFIG_INVALID', `the file of authorities cannot be read: ${file}`, {
      path: 'redfish.ca',
      remedy: 'Give the path of a PEM file that this user may read.',
      cause,
    });
  }
}
