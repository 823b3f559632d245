import { expect, test } from "bun:test";
import { isRetryableStatus, retryDelayMs } from "./retry-policy.ts";

test("retryDelayMs() doubles up to a bound where the server asks for nothing", () => {
  expect([1, 2, 3, 4, 9].map((attempt) => retryDelayMs(attempt, null, 0))).toEqual([
    250, 500, 1000, 2000, 8000,
  ]);
});

test("retryDelayMs() waits as long as Retry-After says, in seconds or by date", () => {
  const nowMs = Date.parse("2026-01-01T00:00:00Z");
  expect(retryDelayMs(1, "3", nowMs)).toBe(3000);
  expect(retryDelayMs(1, "Thu, 01 Jan 2026 00:00:10 GMT", nowMs)).toBe(10_000);
  expect(retryDelayMs(1, "Wed, 31 Dec 2025 00:00:00 GMT", nowMs)).toBe(0);
  expect(retryDelayMs(1, "soon", nowMs)).toBe(250);
});

test("retryDelayMs() does not wait an hour", () => {
  expect(retryDelayMs(1, "3600", 0)).toBeUndefined();
});

test("isRetryableStatus() knows the answers that may be better next time", () => {
  expect([429, 500, 502, 503, 504].every(isRetryableStatus)).toBe(true);
  expect([200, 401, 403, 404, 501].some(isRetryableStatus)).toBe(false);
});
