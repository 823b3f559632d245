/** Fluentd's forward protocol. @see https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1 */
import { InvalidArgument } from "#base/errors.ts";
import { parseBytes, parseDurationMs } from "#base/units.ts";
import {
  ATTRIBUTE_OPTIONS,
  checkKnown,
  type LogOptions,
  parseUnsigned,
  parseYesNo,
} from "../option-values.ts";
import { chosenAttributes, tagOf } from "../subject.ts";
import { type LogAddress, splitHostPort } from "./address.ts";
import { EventTime, type Packable, pack } from "./msgpack.ts";
import { StreamTransport } from "./transport.ts";
import type { LogLine, RemoteDriver } from "./types.ts";

/** Each option with what reads it. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  "fluentd-address": parseAddress,
  "fluentd-async": parseYesNo,
  "fluentd-async-reconnect-interval": parseReconnectInterval,
  "fluentd-buffer-limit": parseBytes,
  "fluentd-max-retries": parseUnsigned,
  "fluentd-request-ack": parseYesNo,
  "fluentd-retry-wait": parseDurationMs,
  "fluentd-sub-second-precision": parseYesNo,
  "fluentd-write-timeout": parseDurationMs,
};
const DEFAULT_ADDRESS = "127.0.0.1:24224";
const DEFAULT_PORT = 24224;
const ACK_MS = 10_000;

export const fluentd: RemoteDriver = {
  check(options) {
    checkKnown("fluentd", options, [...ATTRIBUTE_OPTIONS, ...Object.keys(READERS)]);
    for (const [name, read] of Object.entries(READERS)) if (options[name] !== undefined) read(options[name]);
  },
  delivery: (options) => ({
    ...(options["fluentd-retry-wait"] ? { retryMs: parseDurationMs(options["fluentd-retry-wait"]) } : {}),
    ...(options["fluentd-max-retries"] ? { triesMax: Number(options["fluentd-max-retries"]) + 1 } : {}),
    ...(options["fluentd-buffer-limit"] && parseYesNo(options["fluentd-async"] ?? "false")
      ? { bufferBytes: parseBytes(options["fluentd-buffer-limit"]) }
      : {}),
  }),
  createShipper(options, subject) {
    const tag = tagOf(options, subject);
    const { createEntry } = entryMaker(options, {
      container_id: subject.id,
      container_name: `/${subject.name}`,
      ...chosenAttributes(options, subject),
    });
    const wantsAck = parseYesNo(options["fluentd-request-ack"] ?? "false");
    const reconnectMs = parseReconnectInterval(options["fluentd-async-reconnect-interval"] ?? "0");
    const transport = new StreamTransport(parseAddress(options["fluentd-address"] ?? DEFAULT_ADDRESS));
    if (options["fluentd-write-timeout"])
      transport.patienceMs = parseDurationMs(options["fluentd-write-timeout"]) || Number.MAX_SAFE_INTEGER;
    const acks = new Acks(transport);
    let connectedAt = Date.now();
    return {
      async send(lines) {
        if (reconnectMs > 0 && Date.now() - connectedAt > reconnectMs) {
          transport.close();
          connectedAt = Date.now();
        }
        const entries = lines.map(createEntry);
        if (!wantsAck) return await transport.send([pack([tag, entries])]);
        const chunk = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64");
        const acknowledged = acks.wait(chunk);
        await transport.send([pack([tag, entries, { chunk }])]);
        await acknowledged;
      },
      close: () => transport.close(),
    };
  },
};

function parseAddress(text: string): Exclude<LogAddress, { scheme: "udp" }> {
  if (text.startsWith("unix://")) return { scheme: "unix", path: text.slice("unix://".length) };
  const rest = text.replace(/^tcp:\/\//, "").replace(/\/.*$/, "");
  if (/^\w+:\/\//.test(text) && rest === text.replace(/\/.*$/, ""))
    throw new InvalidArgument(`invalid fluentd-address ${text}: the protocol is neither tcp nor unix`);
  try {
    const { host, port } = splitHostPort(rest, DEFAULT_PORT);
    return { scheme: "tcp", host: host || "127.0.0.1", port };
  } catch (cause) {
    throw new InvalidArgument(`invalid fluentd-address ${text}: ${(cause as Error).message}`, { cause });
  }
}

const RECONNECT_MIN_MS = 100;
const RECONNECT_MAX_MS = 10_000;

function parseReconnectInterval(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== 0 && (ms < RECONNECT_MIN_MS || ms > RECONNECT_MAX_MS))
    throw new InvalidArgument(
      `invalid value for fluentd-async-reconnect-interval: value (${text}) must be between 100ms and 10s`,
    );
  return ms;
}

/** Pure: what becomes of one line. */
export function entryMaker(
  options: LogOptions,
  common: Readonly<Record<string, string>>,
): { createEntry(line: LogLine): Packable } {
  const isExact = parseYesNo(options["fluentd-sub-second-precision"] ?? "false");
  return {
    createEntry({ stream, nanos, text, partial }) {
      const time = isExact ? new EventTime(nanos) : Number(nanos / 1_000_000_000n);
      const part = partial && {
        partial_message: "true",
        partial_id: partial.id,
        partial_ordinal: String(partial.ordinal),
        partial_last: String(partial.last),
      };
      return [time, { ...common, source: stream, log: text, ...part }];
    },
  };
}

/** Answers are maps of one entry, `{"ack": CHUNK}`: the chunk's text is looked for in what comes. */
class Acks {
  #received = "";
  #check: (() => void) | undefined;
  #fail: ((error: Error) => void) | undefined;

  constructor(transport: StreamTransport) {
    transport.onData = (bytes) => {
      this.#received = (this.#received + Buffer.from(bytes).toString("latin1")).slice(-4096);
      this.#check?.();
    };
    transport.onClose = () => this.#fail?.(new Error("the endpoint closed the connection without an answer"));
  }

  wait(chunk: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {}); // where sending fails first
    const patience = setTimeout(() => reject(new Error("the endpoint does not acknowledge")), ACK_MS);
    this.#fail = reject;
    this.#check = () => {
      if (this.#received.includes(chunk)) resolve();
    };
    return promise.finally(() => clearTimeout(patience));
  }
}
