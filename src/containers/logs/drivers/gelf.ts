/** GELF 1.1: one JSON object for each line, over UDP compressed and in chunks, or over TCP ended by a zero byte. */
import { deflateSync, gzipSync } from "node:zlib";
import { InvalidArgument } from "#base/errors.ts";
import { ATTRIBUTE_OPTIONS, checkKnown, type LogOptions } from "../option-values.ts";
import { chosenAttributes, type LogSubject, tagOf } from "../subject.ts";
import { splitHostPort } from "./address.ts";
import { createTransport } from "./transport.ts";
import type { LogLine, RemoteDriver } from "./types.ts";

const UDP_OPTIONS = ["gelf-compression-type", "gelf-compression-level"];
const TCP_OPTIONS = ["gelf-tcp-max-reconnect", "gelf-tcp-reconnect-delay"];
const OPTIONS = [...ATTRIBUTE_OPTIONS, "gelf-address", ...UDP_OPTIONS, ...TCP_OPTIONS];
const LEVEL = { stderr: 3, stdout: 6 } as const;
/** Fits an Ethernet frame with the heads of UDP, IP and a chunk. */
const CHUNK_BYTES = 1420 - 12;
const CHUNKS_MAX = 128;
const CHUNK_MAGIC = Buffer.from([0x1e, 0x0f]);

export const gelf: RemoteDriver = {
  check(options) {
    const { scheme } = parseAddress(options["gelf-address"]);
    checkKnown("gelf", options, OPTIONS);
    if (scheme === "tcp" && UDP_OPTIONS.some((name) => options[name] !== undefined))
      throw new InvalidArgument("compression is only supported on UDP");
    for (const name of TCP_OPTIONS) {
      if (options[name] === undefined) continue;
      if (scheme === "udp") throw new InvalidArgument(`"${name}" is only valid for TCP`);
      if (!/^\d{1,9}$/.test(options[name])) throw new InvalidArgument(`"${name}" must be a positive integer`);
    }
    compressorOf(options);
  },
  delivery: (options) => ({
    ...(options["gelf-tcp-reconnect-delay"]
      ? { retryMs: Number(options["gelf-tcp-reconnect-delay"]) * 1000 }
      : {}),
    ...(options["gelf-tcp-max-reconnect"] ? { triesMax: Number(options["gelf-tcp-max-reconnect"]) + 1 } : {}),
  }),
  createShipper(options, subject, host) {
    const address = parseAddress(options["gelf-address"]);
    const compress = compressorOf(options);
    const extra = extraFields(options, subject);
    const transport = createTransport(address, { host });
    const encode = (line: LogLine) => {
      const message = Buffer.from(JSON.stringify({ ...gelfMessage(subject.hostname, line), ...extra }));
      return address.scheme === "tcp" ? [message, ZERO] : chunks(compress(message));
    };
    return { send: (lines) => transport.send(lines.flatMap(encode)), close: () => transport.close() };
  },
};

const ZERO = Buffer.from([0]);

function parseAddress(text: string | undefined): { scheme: "udp" | "tcp"; host: string; port: number } {
  if (!text) throw new InvalidArgument("gelf-address is a required parameter");
  const match = /^(udp|tcp):\/\/([^/]*)/.exec(text);
  if (!match) throw new InvalidArgument(`gelf-address should be in form proto://address, got ${text}`);
  try {
    return { scheme: match[1] as "udp" | "tcp", ...splitHostPort(match[2]!, undefined) };
  } catch (cause) {
    throw new InvalidArgument("gelf: please provide gelf-address as proto://host:port", { cause });
  }
}

function compressorOf(options: LogOptions): (bytes: Buffer) => Buffer {
  const [type, level] = [
    options["gelf-compression-type"] ?? "gzip",
    options["gelf-compression-level"] ?? "1",
  ];
  const unknown = (name: string, value: string) =>
    new InvalidArgument(`unknown value "${value}" for log opt "${name}" for gelf log driver`);
  if (!/^(?:-1|\d)$/.test(level)) throw unknown("gelf-compression-level", level);
  if (type === "gzip") return (bytes) => gzipSync(bytes, { level: Number(level) });
  if (type === "zlib") return (bytes) => deflateSync(bytes, { level: Number(level) });
  if (type === "none") return (bytes) => bytes;
  throw unknown("gelf-compression-type", type);
}

function extraFields(options: LogOptions, subject: LogSubject): Record<string, string> {
  const { Entrypoint, Cmd } = subject.config;
  return {
    _container_id: subject.id,
    _container_name: subject.name,
    _image_id: subject.imageId,
    _image_name: subject.imageName,
    _command: [...(Entrypoint ?? []), ...(Cmd ?? [])].join(" "),
    _tag: tagOf(options, subject),
    _created: subject.created,
    ...chosenAttributes(options, subject, (name) => `_${name}`),
  };
}

/** Pure. */
export function gelfMessage(hostname: string, { stream, nanos, text }: LogLine): Record<string, unknown> {
  return {
    version: "1.1",
    host: hostname,
    short_message: text.toString(),
    timestamp: Number(nanos / 1_000_000n) / 1000,
    level: LEVEL[stream],
  };
}

/** Pure but for the message's id. A message of more than 128 chunks cannot be sent: what does not fit is left out. */
export function chunks(
  message: Buffer,
  id: Uint8Array = crypto.getRandomValues(new Uint8Array(8)),
): Buffer[] {
  if (message.length <= CHUNK_BYTES + 12) return [message];
  const count = Math.min(CHUNKS_MAX, Math.ceil(message.length / CHUNK_BYTES));
  return Array.from({ length: count }, (_, number) =>
    Buffer.concat([
      CHUNK_MAGIC,
      id,
      Buffer.from([number, count]),
      message.subarray(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES),
    ]),
  );
}
