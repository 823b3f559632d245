import { InvalidArgument } from "#base/errors.ts";

/** Linux's signal numbers, equal on every architecture we run on. @see signal(7) */
// biome-ignore format: a table to look things up in
const NUMBERS: Readonly<Record<string, number>> = {
  HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, IOT: 6, BUS: 7, FPE: 8, KILL: 9, USR1: 10, SEGV: 11, USR2: 12,
  PIPE: 13, ALRM: 14, TERM: 15, STKFLT: 16, CHLD: 17, CLD: 17, CONT: 18, STOP: 19, TSTP: 20, TTIN: 21, TTOU: 22,
  URG: 23, XCPU: 24, XFSZ: 25, VTALRM: 26, PROF: 27, WINCH: 28, IO: 29, POLL: 29, PWR: 30, SYS: 31,
};

export const SIGKILL = 9;
export const SIGTERM = 15;

/** First real-time signal a program may use; glibc and musl keep 32 and 33. */
const RTMIN = 34;
const RTMAX = 64;

/**
 * "SIGTERM", "term", "15", "RTMIN+3" to the number.
 * @throws InvalidArgument "invalid signal: X"
 */
export function parseSignal(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : numberOfName(text.toUpperCase().replace(/^SIG/, ""));
  if (number === undefined || number < 1 || number > RTMAX)
    throw new InvalidArgument(`invalid signal: ${text}`);
  return number;
}

function numberOfName(name: string): number | undefined {
  if (Object.hasOwn(NUMBERS, name)) return NUMBERS[name];
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (!realTime) return undefined;
  const offset = Number(realTime[3] ?? 0) * (realTime[2] === "-" ? -1 : 1);
  const number = (realTime[1] === "MIN" ? RTMIN : RTMAX) + offset;
  return number >= RTMIN ? number : undefined;
}
