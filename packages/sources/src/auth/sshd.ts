import { utf8 } from '../lines/index.ts';
import { type ParseRecord, TimeReader } from '../records/index.ts';
import type { AuthOptions } from './config.ts';
import { type SignIn, signIn } from './event.ts';
import { BSD_LENGTH, BsdTime } from './times.ts';

interface SshdOptions extends Pick<AuthOptions, 'zone' | 'group' | 'pop' | 'unknownUser'> {
  /** Epoch ms that no line is later than. */
  readonly reference: () => number;
}

/** Priority, version, time, host, program and the rest of RFC 5424: `<38>1 2026-01-05T00:00:01.003Z host sshd 123 - - text`. */
const RFC5424 = /^<\d{1,3}>1 (\S+) (\S+) (\S+) (\S+) \S+ (?:-|(?:\[(?:[^\]\\]|\\.)*\])+) ?\ufeff?/;
/** What stands before the text otherwise: host, and the program with its process id. */
const HEAD = / (\S+) ([\w./-]+)(?:\[\d+\])?: /y;
const ISO = /\d{4}-\d\d-\d\dT\S+/y;
const REPEATED = /^message repeated (\d{1,9}) times: \[ ?(.*)\]$/;
const ATTEMPT = /^(Accepted|Failed) (\S+) for (invalid user )?/;
const INVALID = /^(?:Invalid|Illegal) user /;
/** The last ` from … port …`: a user may be named so, and what follows the real one holds no ` from `. */
const FROM = /^(.*) from (\S+)(?: port \d+)?(?: ssh2?)?(?:: .*)?$/;

/** A parser of OpenSSH's lines in a syslog. Lines of other programs, and of other events, are passed over. */
export function sshdParser({ zone, group, pop, unknownUser, reference }: SshdOptions): ParseRecord {
  const bsd = new BsdTime(zone);
  const iso = new TimeReader(zone, undefined);

  return (raw, from, to, ascii) => {
    const line = ascii ? raw.slice(from, to) : utf8(raw.slice(from, to));
    const new5424 = RFC5424.exec(line);
    let [program, host, text] = ['', '', ''];
    let time: () => number | string;
    if (new5424) {
      const stamp = new5424[1] as string;
      [host, program, text] = [new5424[2] as string, new5424[3] as string, line.slice(new5424[0].length)];
      time = () => instant(iso.read(stamp, () => ''));
    } else {
      const start = /^<\d{1,3}>/.exec(line)?.[0].length ?? 0;
      ISO.lastIndex = start;
      const stamp = ISO.exec(line)?.[0];
      HEAD.lastIndex = start + (stamp?.length ?? BSD_LENGTH);
      const head = HEAD.exec(line);
      if (!head) return 'no syslog line: time, host, program';
      [host, program, text] = [head[1] as string, head[2] as string, line.slice(HEAD.lastIndex)];
      time = () => (stamp === undefined ? bsd.read(line, start, reference()) : instant(iso.read(stamp, () => '')));
    }
    // sshd-session, since OpenSSH 9.8.
    const name = program.slice(program.lastIndexOf('/') + 1);
    if (name !== 'sshd' && name !== 'sshd-session') return undefined;
    const found = attemptOf(text, unknownUser);
    if (found === undefined) return undefined;
    const at = time();
    if (typeof at === 'string') return at;
    return signIn({ ...found, at, group, pop, resource: host });
  };
}

function instant(read: ReturnType<TimeReader['read']>): number | string {
  return typeof read === 'object' ? read[0] : read;
}

/** What a line of sshd says of a sign-in; undefined when it says something else. */
function attemptOf(text: string, unknownUser: AuthOptions['unknownUser']): Omit<SignIn, 'at' | 'group' | 'pop'> | undefined {
  const repeated = REPEATED.exec(text);
  const count = repeated ? Number(repeated[1]) : 1;
  const said = (repeated?.[2] ?? text).trimEnd();
  const attempt = ATTEMPT.exec(said);
  if (attempt) {
    // `none` is asked for by every client to learn what else there is: nobody tried to sign in.
    if (attempt[2] === 'none' || (attempt[3] !== undefined && unknownUser === 'connection')) return undefined;
    const who = FROM.exec(said.slice(attempt[0].length));
    if (!who) return undefined;
    const user = who[1] as string;
    const success = attempt[1] === 'Accepted';
    return { success, user, ip: who[2], feature: attempt[2], count, accessLevel: user === 'root' ? 'root' : undefined };
  }
  if (unknownUser === 'attempt' || !INVALID.test(said)) return undefined;
  const who = FROM.exec(said.replace(INVALID, ''));
  return who ? { success: false, user: who[1], ip: who[2], feature: undefined, count, accessLevel: undefined } : undefined;
}
