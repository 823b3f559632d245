/** Splunk's HTTP event collector, which others speak too. @see https://docs.splunk.com/Documentation/Splunk/latest/Data/HECExamples */
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { InvalidArgument } from "#base/errors.ts";
import { ATTRIBUTE_OPTIONS, checkKnown, type LogOptions, parseWhole, parseYesNo } from "../option-values.ts";
import { chosenAttributes, type LogSubject, tagOf } from "../subject.ts";
import type { LogLine, RemoteDriver } from "./types.ts";

const OPTIONS = [
  ...ATTRIBUTE_OPTIONS,
  "splunk-capath",
  "splunk-caname",
  "splunk-format",
  "splunk-gzip",
  "splunk-gzip-level",
  "splunk-index",
  "splunk-index-acknowledgment",
  "splunk-insecureskipverify",
  "splunk-source",
  "splunk-sourcetype",
  "splunk-token",
  "splunk-url",
  "splunk-verify-connection",
];
const SWITCHES = [
  "splunk-gzip",
  "splunk-index-acknowledgment",
  "splunk-insecureskipverify",
  "splunk-verify-connection",
];
const EVENT_PATH = "/services/collector/event/1.0";
const ANSWER_MS = 15_000;
const gzipAsync = promisify(gzip);

export const splunk: RemoteDriver = {
  check(options) {
    checkKnown("splunk", options, OPTIONS);
    urlOf(options);
    if (!options["splunk-token"]) throw new InvalidArgument("splunk: splunk-token is expected");
    for (const name of SWITCHES) if (options[name] !== undefined) parseYesNo(options[name]);
    gzipLevel(options);
    formatOf(options);
    tlsOf(options);
  },
  createShipper(options, subject) {
    const url = urlOf(options);
    const isZipped = parseYesNo(options["splunk-gzip"] ?? "false");
    const init = { headers: headersOf(options, isZipped), tls: tlsOf(options) };
    const encode = eventEncoder(options, subject);
    let isVerified = !parseYesNo(options["splunk-verify-connection"] ?? "false");
    return {
      async send(lines) {
        if (!isVerified) await request(url, { ...init, method: "OPTIONS" });
        isVerified = true;
        const body = Buffer.from(lines.flatMap(encode).join(""));
        if (body.length === 0) return;
        const sent = isZipped ? await gzipAsync(body, { level: gzipLevel(options) }) : body;
        await request(url, { ...init, method: "POST", body: sent });
      },
      close() {},
    };
  },
};

async function request(url: string, init: RequestInit): Promise<void> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_MS) });
  const words = (await response.text()).slice(0, 1024);
  if (response.status !== 200) throw new Error(`splunk: failed to send event: ${response.status} ${words}`);
}

function urlOf(options: LogOptions): string {
  const text = options["splunk-url"];
  if (!text) throw new InvalidArgument("splunk: splunk-url is expected");
  if (!/^https?:\/\/[^/?#@]+\/?$/.test(text))
    throw new InvalidArgument("splunk: expected format scheme://dns_name_or_ip:port for splunk-url");
  return text.replace(/\/$/, "") + EVENT_PATH;
}

function gzipLevel(options: LogOptions): number {
  const text = options["splunk-gzip-level"] ?? "-1";
  const level = parseWhole(text);
  if (level < -1 || level > 9)
    throw new InvalidArgument(
      `not supported level '${text}' for splunk-gzip-level (supported values between -1 and 9)`,
    );
  return level;
}

const FORMATS = ["inline", "json", "raw"] as const;

function formatOf(options: LogOptions): (typeof FORMATS)[number] {
  const text = options["splunk-format"] ?? "inline";
  const format = FORMATS.find((known) => known === text);
  if (!format)
    throw new InvalidArgument(`unknown format specified ${text}, supported formats are inline, json and raw`);
  return format;
}

function tlsOf(options: LogOptions): object {
  const path = options["splunk-capath"];
  const name = options["splunk-caname"];
  let ca: string | undefined;
  try {
    ca = path === undefined ? undefined : readFileSync(path, "utf8");
  } catch {
    throw new InvalidArgument(`open ${path}: no such file or directory`);
  }
  return {
    rejectUnauthorized: !parseYesNo(options["splunk-insecureskipverify"] ?? "false"),
    ...(ca === undefined ? {} : { ca }),
    ...(name === undefined ? {} : { serverName: name }),
  };
}

function headersOf(options: LogOptions, isZipped: boolean): Record<string, string> {
  const needsChannel = parseYesNo(options["splunk-index-acknowledgment"] ?? "false");
  return {
    Authorization: `Splunk ${options["splunk-token"]}`,
    "Content-Type": "application/json",
    ...(isZipped ? { "Content-Encoding": "gzip" } : {}),
    ...(needsChannel ? { "X-Splunk-Request-Channel": crypto.randomUUID() } : {}),
  };
}

/** Pure: none for a line of blanks in the format "raw", else one event. */
export function eventEncoder(options: LogOptions, subject: LogSubject): (line: LogLine) => string[] {
  const format = formatOf(options);
  const attrs = chosenAttributes(options, subject);
  const tag = options.tag === "" ? "" : tagOf(options, subject);
  const common = {
    host: subject.hostname,
    ...(options["splunk-source"] ? { source: options["splunk-source"] } : {}),
    ...(options["splunk-sourcetype"] ? { sourcetype: options["splunk-sourcetype"] } : {}),
    ...(options["splunk-index"] ? { index: options["splunk-index"] } : {}),
  };
  const described = {
    ...(tag ? { tag } : {}),
    ...(Object.keys(attrs).length > 0 ? { attrs } : {}),
  };
  const rawPrefix = [tag, ...Object.entries(attrs).map(([key, value]) => `${key}=${value}`)]
    .filter((part) => part !== "")
    .map((part) => `${part} `)
    .join("");
  return ({ stream, nanos, text }) => {
    const line = text.toString();
    if (format === "raw" && line.trim() === "") return [];
    const event =
      format === "raw"
        ? rawPrefix + line
        : { line: format === "json" ? objectOr(line) : line, source: stream, ...described };
    return [JSON.stringify({ event, time: (Number(nanos / 1000n) / 1e6).toFixed(6), ...common })];
  };
}

function objectOr(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}
