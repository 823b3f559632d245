import { expect, test } from "bun:test";
import { humanDuration } from "./human-duration.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const rows: [ms: number, text: string][] = [
  [0, "Less than a second"],
  [-5 * SECOND, "Less than a second"],
  [1 * SECOND, "1 second"],
  [59 * SECOND, "59 seconds"],
  [MINUTE, "About a minute"],
  [2 * MINUTE, "2 minutes"],
  [59 * MINUTE, "59 minutes"],
  [HOUR, "About an hour"],
  [1.4 * HOUR, "About an hour"],
  [1.6 * HOUR, "2 hours"],
  [47 * HOUR, "47 hours"],
  [2 * DAY, "2 days"],
  [13 * DAY, "13 days"],
  [15 * DAY, "2 weeks"],
  [61 * DAY, "2 months"],
  [729 * DAY, "24 months"],
  [731 * DAY, "2 years"],
];

for (const [ms, text] of rows)
  test(`humanDuration() says "${text}" for ${ms} ms`, () => expect(humanDuration(ms)).toBe(text));
