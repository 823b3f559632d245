import { expect, test } from "bun:test";
import {
  booleanFilter,
  checkFilterKeys,
  decodeFilters,
  encodeFilters,
  matchesExactly,
  matchesLabelFilters,
  matchesLabels,
  matchesPattern,
  matchesPrefix,
  untilFilterMs,
} from "./filters.ts";

test("decodeFilters() reads the list form, the older map form and nothing", () => {
  expect(decodeFilters('{"label":["a","b=c","a"]}')).toEqual({ label: ["a", "b=c"] });
  expect(decodeFilters('{"label":{"a":true,"b=c":true}}')).toEqual({ label: ["a", "b=c"] });
  expect(decodeFilters("")).toEqual({});
  expect(decodeFilters("null")).toEqual({});
  expect(decodeFilters(undefined)).toEqual({});
});

test.each(["{", "[]", '"a"', '{"a":1}', '{"a":[1]}', '{"a":{"b":"c"}}', '{"a":null}'])(
  "decodeFilters() refuses %s",
  (text) => {
    expect(() => decodeFilters(text)).toThrow("invalid filters:");
  },
);

test("encodeFilters() is the opposite of decodeFilters()", () => {
  const filters = { label: ["a", "b=c"], status: ["running"] };
  expect(decodeFilters(encodeFilters(filters))).toEqual(filters);
  expect(encodeFilters({ label: [] })).toBe("");
});

test("checkFilterKeys() names the key it does not know", () => {
  expect(() => checkFilterKeys({ colour: ["red"] }, ["label"])).toThrow("invalid filter 'colour'");
  expect(() => checkFilterKeys({ label: ["red"] }, ["label"])).not.toThrow();
});

test("the matchers accept everything where nothing was asked", () => {
  expect(matchesExactly({}, "name", "x")).toBe(true);
  expect(matchesPrefix({}, "id", "x")).toBe(true);
  expect(matchesPattern({}, "name", "x")).toBe(true);
  expect(matchesLabels({}, "label", null)).toBe(true);
});

test("the matchers compare as their names say", () => {
  expect(matchesExactly({ name: ["web"] }, "name", "website")).toBe(false);
  expect(matchesPrefix({ id: ["ab"] }, "id", "abc")).toBe(true);
  expect(matchesPattern({ name: ["^w.b$"] }, "name", "web")).toBe(true);
  expect(matchesPattern({ name: ["("] }, "name", "(")).toBe(true);
  expect(matchesPattern({ name: ["("] }, "name", "a(b")).toBe(false);
});

test("matchesLabels() wants every label asked for, by name or by name and value", () => {
  const labels = { stage: "prod", team: "" };
  expect(matchesLabels({ label: ["stage", "team="] }, "label", labels)).toBe(true);
  expect(matchesLabels({ label: ["stage=test"] }, "label", labels)).toBe(false);
  expect(matchesLabels({ label: ["stage", "owner"] }, "label", labels)).toBe(false);
  expect(matchesLabels({ label: ["toString"] }, "label", labels)).toBe(false);
});

test("matchesLabelFilters() leaves out what has an unwanted label", () => {
  expect(matchesLabelFilters({ "label!": ["keep"] }, { keep: "1" })).toBe(false);
  expect(matchesLabelFilters({ "label!": ["keep=2"] }, { keep: "1" })).toBe(true);
});

test("booleanFilter() reads Docker's booleans and refuses the rest", () => {
  expect(booleanFilter({ dangling: ["true"] }, "dangling", false)).toBe(true);
  expect(booleanFilter({ dangling: ["0"] }, "dangling", true)).toBe(false);
  expect(booleanFilter({}, "dangling", true)).toBe(true);
  expect(() => booleanFilter({ dangling: ["maybe"] }, "dangling", true)).toThrow(
    "invalid filter 'dangling=[maybe]'",
  );
  expect(() => booleanFilter({ dangling: ["1", "0"] }, "dangling", true)).toThrow("invalid filter");
});

test("untilFilterMs() reads durations, dates and seconds", () => {
  const nowMs = Date.parse("2026-01-02T00:00:00Z");
  expect(untilFilterMs({ until: ["24h"] }, nowMs)).toBe(Date.parse("2026-01-01T00:00:00Z"));
  expect(untilFilterMs({ until: ["2026-01-01T00:00:00Z"] }, nowMs)).toBe(Date.parse("2026-01-01T00:00:00Z"));
  expect(untilFilterMs({ until: ["1700000000"] }, nowMs)).toBe(1_700_000_000_000);
  expect(untilFilterMs({}, nowMs)).toBeUndefined();
  expect(() => untilFilterMs({ until: ["soon"] }, nowMs)).toThrow(
    'failed to parse value as time or duration: "soon"',
  );
  expect(() => untilFilterMs({ until: ["1h", "2h"] }, nowMs)).toThrow("more than one until filter");
});
