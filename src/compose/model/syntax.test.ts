import { expect, test } from "bun:test";
import { naturalOrder } from "./natural-order.ts";
import { parsePorts } from "./port-syntax.ts";
import { durationText, parseByteSize, parseDurationNs } from "./quantities.ts";
import { splitCommand } from "./split-command.ts";
import { parseVolume } from "./volume-syntax.ts";

const WRONG_PORTS: readonly (readonly [spec: string, says: string])[] = [
  ["", "no port specified"],
  ["x:80", "invalid hostPort: x:80"],
  ["80-70", "invalid containerPort: 80-70"],
  ["70000", "invalid containerPort: 70000"],
  ["80/icmp", "invalid proto: icmp"],
  ["1.2.3:80:80", "invalid IP address: 1.2.3"],
  ["8000-8003:80-81", "invalid ranges specified for container and host Ports"],
];

for (const [spec, says] of WRONG_PORTS) {
  test(`parsePorts() refuses ${JSON.stringify(spec)}`, () => {
    expect(() => parsePorts(spec)).toThrow(says);
  });
}

for (const spec of ["", "/a:", ":/a", "/a:/b:ro:rw"]) {
  test(`parseVolume() refuses ${JSON.stringify(spec)}`, () => {
    expect(() => parseVolume(spec)).toThrow();
  });
}

test("splitCommand() refuses what a shell could not read either", () => {
  for (const line of ["'open", '"open', "`open", "$(open", "a (b", "end\\"])
    expect(() => splitCommand(line)).toThrow("invalid command line string");
});

const DURATIONS: readonly (readonly [text: string, shown: string])[] = [
  ["1h", "1h0m0s"],
  ["1.5h", "1h30m0s"],
  ["90s", "1m30s"],
  ["1d", "24h0m0s"],
  ["1w1ms", "168h0m0.001s"],
  ["1500us", "1.5ms"],
  ["10ns", "10ns"],
  ["-1s", "-1s"],
  ["0", "0s"],
];

for (const [text, shown] of DURATIONS) {
  test(`durationText() prints ${text} as ${shown}`, () => {
    expect(durationText(parseDurationNs(text))).toBe(shown);
  });
}

test("parseDurationNs() and parseByteSize() refuse anything else", () => {
  for (const text of ["", "1", "s", "1 s", "1y", "1s2"])
    expect(() => parseDurationNs(text)).toThrow("invalid duration");
  for (const text of ["", "m", "1x", "1..5m", "-1m", "1 k b"])
    expect(() => parseByteSize(text)).toThrow("invalid size");
});

test("naturalOrder() counts numbers inside names", () => {
  expect(["a10", "a9", "a", "B", "a01"].sort(naturalOrder)).toEqual(["B", "a", "a01", "a9", "a10"]);
  expect(["10th", "2nd", "1st"].sort(naturalOrder)).toEqual(["1st", "2nd", "10th"]);
});

test("parseVolume() keeps whose ids a bind is mapped to, and refuses it for volumes", () => {
  expect(parseVolume("./a:/b:ro,idmap").bind).toMatchObject({ "x-idmap": "owner" });
  expect(parseVolume("/a:/b:idmap=5-6").bind).toMatchObject({ "x-idmap": "5-6" });
  expect(() => parseVolume("data:/b:idmap")).toThrow("idmap is for directories of the host");
});
