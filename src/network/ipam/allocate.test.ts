import { expect, test } from "bun:test";
import { type AllocateRequest, allocate, REST_MS } from "./allocate.ts";

const NOW = 1_000_000;

function request(parts: Partial<AllocateRequest> & { taken?: bigint[] }): AllocateRequest {
  return {
    range: { family: 4, first: 10n, last: 14n },
    after: undefined,
    isTaken: (value) => (parts.taken ?? []).includes(value),
    released: new Map(),
    nowMs: NOW,
    containerId: "me",
    ...parts,
  };
}

const left = (agoMs: number, containerId = "other") => ({ atMs: NOW - agoMs, containerId });

test("allocate() begins with the lowest free address", () => {
  expect(allocate(request({ taken: [10n, 11n] }))).toBe(12n);
});

test("allocate() goes on behind the address given out last, though lower ones are free", () => {
  expect(allocate(request({ after: 12n }))).toBe(13n);
});

test("allocate() wraps around at the end of the range", () => {
  expect(allocate(request({ after: 14n, taken: [10n] }))).toBe(11n);
  expect(allocate(request({ after: 13n, taken: [14n] }))).toBe(10n);
});

test("allocate() ignores a last address outside the range", () => {
  expect(allocate(request({ after: 99n }))).toBe(10n);
});

test("allocate() lets a returned address rest", () => {
  expect(allocate(request({ released: new Map([[10n, left(1)]]) }))).toBe(11n);
  expect(allocate(request({ released: new Map([[10n, left(REST_MS)]]) }))).toBe(10n);
});

test("allocate() takes the longest resting address before it gives up", () => {
  const released = new Map([
    [11n, left(5)],
    [12n, left(9)],
    [99n, left(50)],
  ]);
  expect(allocate(request({ taken: [10n, 13n, 14n], released }))).toBe(12n);
});

test("allocate() gives a container the address it had, unless someone took it", () => {
  const released = new Map([[13n, left(1, "me")]]);
  expect(allocate(request({ released }))).toBe(13n);
  expect(allocate(request({ released, taken: [13n] }))).toBe(10n);
});

test("allocate() gives nothing when all are in use", () => {
  expect(allocate(request({ taken: [10n, 11n, 12n, 13n, 14n] }))).toBeUndefined();
});
