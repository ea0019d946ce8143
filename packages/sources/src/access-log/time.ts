const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
/** Length of `01/Aug/1995:02:00:00 -0400`. */
export const TIME_LENGTH = 26;
const MINUTE = 17;

/**
 * Reads `01/Aug/1995:02:00:00 -0400`. The last minute is kept, since neighbours in a log share it: then only seconds are
 * read.
 */
export class LogTime {
  /** `01/Aug/1995:02:00` and `-0400` of the kept minute, and its start in epoch ms. */
  #minute = '\0';
  #offset = '\0';
  #start = 0;

  /** Epoch ms of the time at text[from]; NaN when there is none. */
  read(text: string, from: number): number {
    if (!text.startsWith(this.#minute, from) || !text.startsWith(this.#offset, from + 21)) {
      if (!this.#learn(text.slice(from, from + TIME_LENGTH))) return Number.NaN;
    }
    const tens = text.charCodeAt(from + 18) - 48;
    const ones = text.charCodeAt(from + 19) - 48;
    // 60 is a leap second.
    if (tens < 0 || tens > 6 || ones < 0 || ones > 9 || text.charCodeAt(from + 17) !== 58 || tens * 10 + ones > 60) return Number.NaN;
    return this.#start + (tens * 10 + ones) * 1000;
  }

  #learn(text: string): boolean {
    const parts = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):\d\d ([+-])(\d\d)(\d\d)$/.exec(text);
    if (!parts) return false;
    const [day, year, hour, minute] = [Number(parts[1]), Number(parts[3]), Number(parts[4]), Number(parts[5])];
    const month = MONTHS.indexOf(parts[2] as string) / 3;
    if (!Number.isInteger(month) || month < 0 || hour > 23 || minute > 59 || Number(parts[8]) > 59) return false;
    const local = Date.UTC(year, month, day, hour, minute);
    // Day 31 of a month of 30.
    if (new Date(local).getUTCDate() !== day) return false;
    const offset = (parts[6] === '-' ? -1 : 1) * (Number(parts[7]) * 60 + Number(parts[8])) * 60_000;
    this.#minute = text.slice(0, MINUTE);
    this.#offset = text.slice(21);
    this.#start = local - offset;
    return true;
  }
}
