/** journald by its native protocol: one datagram of fields for each line. @see https://systemd.io/JOURNAL_NATIVE_PROTOCOL */
import { existsSync } from "node:fs";
import { InvalidArgument } from "#base/errors.ts";
import { formatNanos } from "../../times.ts";
import { ATTRIBUTE_OPTIONS, checkKnown, type LogOptions } from "../option-values.ts";
import { chosenAttributes, type LogSubject, tagOf } from "../subject.ts";
import { DatagramTransport } from "./transport.ts";
import type { LogLine, RemoteDriver } from "./types.ts";

const SOCKET = "/run/systemd/journal/socket";
const PRIORITY = { stderr: "3", stdout: "6" } as const;

export const journald: RemoteDriver = {
  check(options) {
    checkKnown("journald", options, ATTRIBUTE_OPTIONS);
    if (!existsSync(SOCKET)) throw new InvalidArgument("journald is not enabled on this host");
  },
  createShipper(options, subject, host) {
    const common = commonFields(options, subject);
    const transport = new DatagramTransport(SOCKET, host);
    return {
      send: (lines) => transport.send(lines.map((line) => encodeFields({ ...common, ...lineFields(line) }))),
      close: () => transport.close(),
    };
  },
};

function commonFields(options: LogOptions, subject: LogSubject): Record<string, string> {
  const tag = tagOf(options, subject);
  return {
    CONTAINER_ID: subject.id.slice(0, 12),
    CONTAINER_ID_FULL: subject.id,
    CONTAINER_NAME: subject.name,
    CONTAINER_TAG: tag,
    IMAGE_NAME: subject.imageName,
    SYSLOG_IDENTIFIER: tag,
    ...chosenAttributes(options, subject, fieldName),
  };
}

/** Fields are upper case letters, digits and underscores, and begin with a letter. */
export function fieldName(name: string): string {
  return name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "_")
    .replace(/^[_0-9]+/, "");
}

function lineFields({ stream, nanos, text, partial }: LogLine): Record<string, string | Buffer> {
  return {
    MESSAGE: text,
    PRIORITY: PRIORITY[stream],
    SYSLOG_TIMESTAMP: formatNanos(nanos),
    ...(partial
      ? {
          CONTAINER_PARTIAL_MESSAGE: "true",
          CONTAINER_PARTIAL_ID: partial.id,
          CONTAINER_PARTIAL_ORDINAL: String(partial.ordinal),
          CONTAINER_PARTIAL_LAST: String(partial.last),
        }
      : {}),
  };
}

/** Pure. Text as `NAME=value`, what has a newline in it as name, length and bytes. */
export function encodeFields(fields: Readonly<Record<string, string | Buffer>>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (name === "") continue;
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    if (bytes.includes(10)) {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(bytes.length));
      parts.push(Buffer.from(`${name}\n`), length, bytes, NEWLINE);
    } else parts.push(Buffer.from(`${name}=`), bytes, NEWLINE);
  }
  return Buffer.concat(parts);
}

const NEWLINE = Buffer.from("\n");
