/** syslog: RFC 3164 and RFC 5424 messages over UDP, TCP, TLS or a local socket, with Docker's layout of both. */
import { existsSync, readFileSync } from "node:fs";
import { InvalidArgument } from "#base/errors.ts";
import { formatNanos } from "../../times.ts";
import { ATTRIBUTE_OPTIONS, checkKnown, explain, type LogOptions } from "../option-values.ts";
import { tagOf } from "../subject.ts";
import { checkSocketExists, type LogAddress, splitHostPort } from "./address.ts";
import { createTransport, type TlsOptions } from "./transport.ts";
import type { LogLine, RemoteDriver } from "./types.ts";

const OPTIONS = [
  ...ATTRIBUTE_OPTIONS,
  "syslog-address",
  "syslog-facility",
  "syslog-format",
  "syslog-tls-ca-cert",
  "syslog-tls-cert",
  "syslog-tls-key",
  "syslog-tls-skip-verify",
];

const FACILITIES: Readonly<Record<string, number>> = {
  ...{ kern: 0, user: 1, mail: 2, daemon: 3, auth: 4, syslog: 5, lpr: 6, news: 7, uucp: 8, cron: 9 },
  ...{ authpriv: 10, ftp: 11, local0: 16, local1: 17, local2: 18, local3: 19, local4: 20, local5: 21 },
  ...{ local6: 22, local7: 23 },
};
const SEVERITY = { stderr: 3, stdout: 6 } as const;
const FORMATS = ["rfc3164", "rfc5424", "rfc5424micro"] as const;
type Format = (typeof FORMATS)[number] | "local";
const DEFAULT_PORT = 514;
const LOCAL_SOCKETS = ["/dev/log", "/var/run/syslog", "/var/run/log"];

export const syslog: RemoteDriver = {
  check(options) {
    checkKnown("syslog", options, OPTIONS);
    const address = parseAddress(options["syslog-address"]);
    parseFacility(options["syslog-facility"]);
    parseFormat(options["syslog-format"]);
    if (address?.scheme === "tcp+tls") readTls(options);
  },
  createShipper(options, subject, host) {
    const address = parseAddress(options["syslog-address"]) ?? localAddress();
    const encoder = {
      format: parseFormat(options["syslog-format"]),
      facility: parseFacility(options["syslog-facility"]),
      hostname: subject.hostname,
      tag: tagOf(options, subject),
      pid: host.pid,
      countsOctets: address.scheme === "tcp+tls" && (options["syslog-format"] ?? "").startsWith("rfc5424"),
    };
    const tls = address.scheme === "tcp+tls" ? readTls(options) : undefined;
    const transport = createTransport(address, { tls, host });
    return {
      send: (lines) => transport.send(lines.map((line) => encodeSyslog(encoder, line))),
      close: () => transport.close(),
    };
  },
};

/** @returns undefined for the host's own syslog */
export function parseAddress(text: string | undefined): LogAddress | undefined {
  if (!text) return undefined;
  const match = /^(unix|unixgram|udp|tcp|tcp\+tls):\/\/(.*)$/.exec(text);
  if (!match) throw new InvalidArgument(`syslog-address should be in form proto://address, got ${text}`);
  const [, scheme, rest] = match as unknown as [string, LogAddress["scheme"], string];
  if (scheme === "unix" || scheme === "unixgram") {
    checkSocketExists(rest);
    return { scheme, path: rest };
  }
  const { host, port } = explain(`parse ${JSON.stringify(text)}`, () => splitHostPort(rest, DEFAULT_PORT));
  return { scheme, host: host || "127.0.0.1", port };
}

function localAddress(): LogAddress {
  const path = LOCAL_SOCKETS.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error("Unix syslog delivery error");
  return { scheme: "unixgram", path };
}

export function parseFacility(text: string | undefined): number {
  if (!text) return FACILITIES.daemon!;
  if (Object.hasOwn(FACILITIES, text)) return FACILITIES[text]!;
  if (/^\d+$/.test(text) && Number(text) <= 23) return Number(text);
  throw new InvalidArgument("invalid syslog facility");
}

function parseFormat(text: string | undefined): Format {
  if (!text) return "local";
  const format = FORMATS.find((known) => known === text);
  if (!format) throw new InvalidArgument("Invalid syslog format");
  return format;
}

function readTls(options: LogOptions): TlsOptions {
  const read = (option: string, what: string) => {
    const path = options[option];
    if (!path) return undefined;
    try {
      return readFileSync(path, "utf8");
    } catch {
      throw new InvalidArgument(`could not read ${what} "${path}": open ${path}: no such file or directory`);
    }
  };
  return {
    ca: read("syslog-tls-ca-cert", "CA certificate"),
    cert: read("syslog-tls-cert", "X509 key pair"),
    key: read("syslog-tls-key", "X509 key pair"),
    rejectUnauthorized: options["syslog-tls-skip-verify"] === undefined,
  };
}

export interface SyslogEncoder {
  readonly format: Format;
  readonly facility: number;
  readonly hostname: string;
  readonly tag: string;
  readonly pid: number;
  /** RFC 5425: the length stands before each message. */
  readonly countsOctets: boolean;
}

/** Pure. One message with its newline. */
export function encodeSyslog(encoder: SyslogEncoder, line: LogLine): Buffer {
  const head = Buffer.from(headOf(encoder, line));
  const message = Buffer.concat([head, line.text, NEWLINE]);
  return encoder.countsOctets ? Buffer.concat([Buffer.from(`${message.length} `), message]) : message;
}

const NEWLINE = Buffer.from("\n");

function headOf({ format, facility, hostname, tag, pid }: SyslogEncoder, { stream, nanos }: LogLine): string {
  const priority = facility * 8 + SEVERITY[stream];
  const time = formatNanos(nanos);
  if (format === "local") return `<${priority}>${oldStamp(nanos)} ${tag}[${pid}]: `;
  if (format === "rfc3164") return `<${priority}>${oldStamp(nanos)} ${hostname} ${tag}[${pid}]: `;
  const stamp = format === "rfc5424" ? `${time.slice(0, 19)}Z` : `${time.slice(0, 26)}Z`;
  return `<${priority}>1 ${stamp} ${hostname} ${tag} ${pid} ${tag} - `;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "Nov  3 15:04:05", local time as RFC 3164 wants it. */
function oldStamp(nanos: bigint): string {
  const date = new Date(Number(nanos / 1_000_000n));
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) =>
    String(part).padStart(2, "0"),
  );
  return `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${clock.join(":")}`;
}
