import { describe, expect, test } from "bun:test";
import { InvalidArgument } from "#base/errors.ts";
import type { LogConfig } from "#spec/docker/containers.ts";
import { checkLogConfig, isReadable, planLog } from "./options.ts";
import type { LogSubject } from "./subject.ts";

const web: LogSubject = {
  id: "4f3e0123456789abcdef",
  name: "web",
  imageId: "sha256:aabbccddeeff00112233",
  imageName: "nginx",
  created: "2026-11-21T03:00:00Z",
  hostname: "harbour",
  config: { Labels: { tier: "front", "com.x": "1" }, Env: ["COLOR=red=ish", "SECRET=1"] },
};
const places = { json: "/c/json.log", local: "/c/local-logs", spool: "/spool/x" };
const plan = (config: LogConfig) => planLog(config, web, places);

describe("planLog()", () => {
  test("bounds the log when nobody said how much to keep", () => {
    expect(plan({ Type: "json-file" })).toEqual({
      path: "/c/json.log",
      format: "json",
      maxBytes: 104857600,
      maxFiles: 5,
      compressed: false,
      attrs: {},
    });
    expect(plan({ Type: "local" })).toEqual({
      path: "/c/local-logs/container.log",
      format: "local",
      maxBytes: 20971520,
      maxFiles: 5,
      compressed: true,
      attrs: {},
    });
  });

  test("keeps one file of the size asked for, as docker does, and more when asked", () => {
    const sized = (Config: Record<string, string>) => plan({ Type: "json-file", Config });
    expect(sized({ "max-size": "10m" })).toMatchObject({ maxBytes: 10_000_000, maxFiles: 1 });
    expect(sized({ "max-size": "10k", "max-file": "3" })).toMatchObject({ maxBytes: 10_000, maxFiles: 3 });
    expect(sized({ "max-size": "-1" })).toMatchObject({ maxBytes: 0 });
    const zipped = sized({ "max-size": "1m", "max-file": "2", compress: "true" });
    expect(zipped).toMatchObject({ compressed: true, maxFiles: 2 });
  });

  test("keeps what is shipped in a spool that cache options bound", () => {
    const Config = { "syslog-address": "udp://x", "cache-max-size": "1m", "cache-max-file": "2" };
    expect(plan({ Type: "syslog", Config })).toEqual({
      path: "/spool/x/container.log",
      format: "local",
      maxBytes: 1 << 20,
      maxFiles: 2,
      compressed: true,
      attrs: {},
    });
  });

  test("gives every line the labels, variables and tag that were chosen", () => {
    const Config = {
      labels: "tier, none",
      "labels-regex": "^com\\.",
      env: "COLOR",
      tag: '{{.Name}}/{{.ID}}/{{.ImageID}}/{{ index .ContainerLabels "tier" }}',
    };
    expect(plan({ Type: "json-file", Config })?.attrs).toEqual({
      tier: "front",
      "com.x": "1",
      COLOR: "red=ish",
      tag: "web/4f3e01234567/sha256:aabbc/front",
    });
  });

  test("keeps nothing with the driver none", () => {
    expect(plan({ Type: "none" })).toBeUndefined();
    expect(isReadable({ Type: "none" })).toBe(false);
    expect(isReadable({ Type: "local" })).toBe(true);
    expect(isReadable({ Type: "gelf" })).toBe(true);
    expect(isReadable({ Type: "gelf", Config: { "cache-disabled": "true" } })).toBe(false);
  });
});

/** What dockerd 20.10 says, at a container's creation or its start. */
const REFUSED: readonly (readonly [driver: string, options: string, words: string])[] = [
  ["fluffy", "", "logger: no log driver named 'fluffy' is registered"],
  ["fluffy", "mode=foo", "logger: logging mode not supported: foo"],
  ["json-file", "nope=1", "unknown log opt 'nope' for json-file log driver"],
  ["json-file", "max-size=abc", "invalid size: 'abc'"],
  ["json-file", "max-size=0", "max-size must be a positive number"],
  ["json-file", "max-file=0 max-size=1k", "max-file cannot be less than 1"],
  ["json-file", "max-file=x", 'strconv.Atoi: parsing "x": invalid syntax'],
  ["json-file", "compress=maybe", 'strconv.ParseBool: parsing "maybe": invalid syntax'],
  [
    "json-file",
    "compress=true",
    "compress cannot be true when max-file is less than 2 or max-size is not set",
  ],
  [
    "json-file",
    "max-buffer-size=1m",
    "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
  ],
  [
    "json-file",
    "mode=non-blocking max-buffer-size=x",
    "error parsing option max-buffer-size: invalid size: 'x'",
  ],
  ["json-file", "cache-disabled=maybe", "invalid value for option cache-disabled: maybe"],
  ["json-file", "env-regex=(", "error parsing regexp: missing )"],
  [
    "json-file",
    "tag={{.Nope}}",
    `template: log-tag:1:2: executing "log-tag" at <.Nope>: can't evaluate field Nope in type *logger.Info`,
  ],
  ["json-file", "tag={{", "template: log-tag:1: unclosed action"],
  ["local", "labels=a", "unknown log opt 'labels' for log driver local"],
  ["local", "max-size=abc", "invalid value for max-size: abc: invalid size: 'abc'"],
  ["local", "max-file=1", "compression cannot be enabled when max file count is 1"],
  ["local", "max-file=x", 'invalid value for max-file: x: strconv.Atoi: parsing "x": invalid syntax'],
  [
    "local",
    "compress=maybe",
    'error reading compress log option: strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  ["syslog", "nope=1", "unknown log opt 'nope' for syslog log driver"],
  ["syslog", "syslog-address=foo://x", "syslog-address should be in form proto://address, got foo://x"],
  ["syslog", "syslog-address=unix:///nope", "stat /nope: no such file or directory"],
  ["syslog", "syslog-facility=foo", "invalid syslog facility"],
  ["syslog", "syslog-facility=99", "invalid syslog facility"],
  ["syslog", "syslog-format=foo", "Invalid syslog format"],
  [
    "syslog",
    "syslog-address=tcp+tls://h syslog-tls-ca-cert=/nope",
    'could not read CA certificate "/nope": open /nope: no such file or directory',
  ],
  ["journald", "nope=1", "unknown log opt 'nope' for journald log driver"],
  ["gelf", "", "gelf-address is a required parameter"],
  ["gelf", "gelf-address=http://h:1", "gelf-address should be in form proto://address, got http://h:1"],
  ["gelf", "gelf-address=udp://x", "gelf: please provide gelf-address as proto://host:port"],
  ["gelf", "gelf-address=udp://h:1 nope=1", "unknown log opt 'nope' for gelf log driver"],
  [
    "gelf",
    "gelf-address=udp://h:1 gelf-compression-type=foo",
    'unknown value "foo" for log opt "gelf-compression-type" for gelf log driver',
  ],
  [
    "gelf",
    "gelf-address=udp://h:1 gelf-compression-level=12",
    'unknown value "12" for log opt "gelf-compression-level" for gelf log driver',
  ],
  ["gelf", "gelf-address=tcp://h:1 gelf-compression-type=gzip", "compression is only supported on UDP"],
  [
    "gelf",
    "gelf-address=udp://h:1 gelf-tcp-max-reconnect=1",
    '"gelf-tcp-max-reconnect" is only valid for TCP',
  ],
  [
    "gelf",
    "gelf-address=tcp://h:1 gelf-tcp-reconnect-delay=-1",
    '"gelf-tcp-reconnect-delay" must be a positive integer',
  ],
  ["fluentd", "nope=1", "unknown log opt 'nope' for fluentd log driver"],
  [
    "fluentd",
    "fluentd-address=x:y:z",
    "invalid fluentd-address x:y:z: address x:y:z: too many colons in address",
  ],
  ["fluentd", "fluentd-async=maybe", 'strconv.ParseBool: parsing "maybe": invalid syntax'],
  ["fluentd", "fluentd-buffer-limit=x", "invalid size: 'x'"],
  ["fluentd", "fluentd-retry-wait=x", 'time: invalid duration "x"'],
  ["fluentd", "fluentd-max-retries=-1", 'strconv.ParseUint: parsing "-1": invalid syntax'],
  ["splunk", "", "splunk: splunk-url is expected"],
  ["splunk", "splunk-url=http://h:1", "splunk: splunk-token is expected"],
  [
    "splunk",
    "splunk-url=http://h:1/x splunk-token=x",
    "splunk: expected format scheme://dns_name_or_ip:port for splunk-url",
  ],
  [
    "splunk",
    "splunk-url=http://h:1 splunk-token=x splunk-gzip-level=20",
    "not supported level '20' for splunk-gzip-level (supported values between -1 and 9)",
  ],
  [
    "splunk",
    "splunk-url=http://h:1 splunk-token=x splunk-verify-connection=maybe",
    'strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  [
    "splunk",
    "splunk-url=https://h:1 splunk-token=x splunk-capath=/nope",
    "open /nope: no such file or directory",
  ],
];

function configOf(Type: string, options: string): LogConfig {
  const pairs = options.split(" ").filter((pair) => pair !== "");
  return { Type, Config: Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2))) };
}

describe("checkLogConfig()", () => {
  test.each(REFUSED)("refuses %s with %s in docker's words", (driver, options, words) => {
    const check = () => checkLogConfig(configOf(driver, options));
    expect(check).toThrow(InvalidArgument);
    expect(check).toThrow(words);
  });

  test.each([
    ["none", "max-size=1k"],
    ["json-file", "max-size=1m max-file=3 compress=true labels=a env=b tag={{.Name}} mode=blocking"],
    ["local", "max-size=1m max-file=2 compress=false mode=non-blocking max-buffer-size=2m"],
    ["syslog", "syslog-address=tcp://[::1]:6514 syslog-facility=local3 syslog-format=rfc5424micro"],
    ["gelf", "gelf-address=tcp://h:12201 gelf-tcp-max-reconnect=2 gelf-tcp-reconnect-delay=1"],
    ["fluentd", "fluentd-address=unix:///run/f.sock fluentd-async=true fluentd-request-ack=true"],
    ["splunk", "splunk-url=https://h:8088 splunk-token=x splunk-format=raw splunk-gzip=true"],
  ])("accepts %s with %s", (driver, options) => {
    checkLogConfig(configOf(driver, options));
  });
});
