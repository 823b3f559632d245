import { EngineError, messageOf, rootCause } from "#base/errors.ts";
import type { ProgressLine } from "#spec/docker/images.ts";

/** A line about one layer or blob, as dockerd writes it; `detail` draws a bar. */
export function progressLine(
  id: string,
  status: string,
  detail?: { readonly current: number; readonly total: number },
): ProgressLine {
  if (!detail) return { status, progressDetail: {}, id };
  return { status, progressDetail: detail, progress: progressBar(detail.current, detail.total), id };
}

/** A line that stands for itself. */
export function statusLine(status: string, id?: string): ProgressLine {
  return id === undefined ? { status } : { status, id };
}

/** The last line of a stream that failed: why, and what can be done about it where that is known. */
export function errorLine(error: unknown): ProgressLine {
  const cause = rootCause(error);
  const hint = cause instanceof EngineError ? cause.hint : undefined;
  const message = hint ? `${messageOf(cause)} (${hint})` : messageOf(cause);
  return { errorDetail: { message }, error: message };
}

const BAR_WIDTH = 50;

/** `[======>            ]  1.2MB/3.4MB`; bytes only where the total is not known. */
export function progressBar(current: number, total: number): string {
  const done = humanSize(current).padStart(8);
  if (total <= 0) return done;
  const filled = Math.min(Math.trunc(Math.trunc((current / total) * 100) / 2), BAR_WIDTH);
  const bar = `[${"=".repeat(filled)}>${" ".repeat(BAR_WIDTH - filled)}] `;
  return current > total ? bar + done : `${bar}${done}/${humanSize(total)}`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Four significant digits, powers of 1000: "3.623MB". */
export function humanSize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  for (; size >= 1000 && unit < UNITS.length - 1; unit++) size /= 1000;
  return `${Number(size.toPrecision(4))}${UNITS[unit]}`;
}
