export const LOG_LEVELS = ["debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured lines with fields; handed to the parts that log, never global. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose every line carries these fields too. */
  with(fields: LogFields): Log;
}

export interface LogSink {
  level: LogLevel;
  readonly format: "text" | "json";
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly write: (line: string) => void;
}

/** @param sink shared by all logs made from it: changing `sink.level` takes effect everywhere at once */
export function createLog(sink: LogSink, fields: LogFields = {}): Log {
  const emit = (level: LogLevel, message: string, more: LogFields = {}) => {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(sink.level)) return;
    const time = new Date(sink.now()).toISOString();
    const all = { ...fields, ...more };
    sink.write(
      sink.format === "json" ? jsonLine(time, level, message, all) : textLine(time, level, message, all),
    );
  };
  return {
    debug: (message, more) => emit("debug", message, more),
    info: (message, more) => emit("info", message, more),
    warn: (message, more) => emit("warn", message, more),
    error: (message, more) => emit("error", message, more),
    with: (more) => createLog(sink, { ...fields, ...more }),
  };
}

function jsonLine(time: string, level: LogLevel, msg: string, fields: LogFields): string {
  const plain = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plainValue(value)]));
  return `${JSON.stringify({ time, level, msg, ...plain })}\n`;
}

function textLine(time: string, level: LogLevel, msg: string, fields: LogFields): string {
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${quoteIfNeeded(plainValue(value))}`);
  return `time=${time} level=${level} msg=${JSON.stringify(msg)}${pairs.join("")}\n`;
}

function plainValue(value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}

function quoteIfNeeded(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text);
}

/** Discards everything: for tests and tools. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLog,
};
