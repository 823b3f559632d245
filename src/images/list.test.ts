import { expect, test } from "bun:test";
import type { Filters } from "#base/filters.ts";
import { listImages } from "./list.ts";
import type { ImageView } from "./types.ts";

function view(
  id: string,
  day: number,
  names: { tags?: string[]; digests?: string[]; labels?: Record<string, string> },
) {
  const created = `2026-01-0${day}T00:00:00Z`;
  const config = { created, config: { Labels: names.labels } };
  return { id, config, repoTags: names.tags ?? [], repoDigests: names.digests ?? [] } as unknown as ImageView;
}

const digest = `@sha256:${"ab".repeat(32)}`;
const views = [
  view("old", 1, { tags: ["debian:11"], labels: { stage: "prod" } }),
  view("middle", 2, { tags: ["debian:12", "org/app:1"], digests: [`debian${digest}`] }),
  view("untagged", 3, { digests: [`debian${digest}`] }),
  view("dangling", 4, {}),
  view("parent", 5, {}),
];

function ids(filters: Filters, all = false): string[] {
  const listed = listImages(
    { all, filters },
    {
      views,
      hasChildren: ({ id }) => id === "parent",
      isBeside: () => false,
      get: (name) => views.find(({ id }) => id === name)!,
      nowMs: Date.parse("2026-01-10T00:00:00Z"),
    },
  );
  return listed.map(({ id }) => id);
}

test.each<{ name: string; filters: Filters; all?: boolean; expected: string[] }>([
  { name: "nothing asked", filters: {}, expected: ["dangling", "untagged", "middle", "old"] },
  { name: "all", filters: {}, all: true, expected: ["parent", "dangling", "untagged", "middle", "old"] },
  { name: "dangling", filters: { dangling: ["true"] }, expected: ["dangling", "untagged"] },
  { name: "not dangling", filters: { dangling: ["false"] }, expected: ["untagged", "middle", "old"] },
  { name: "a label", filters: { label: ["stage=prod"] }, expected: ["old"] },
  { name: "without a label", filters: { "label!": ["stage"] }, expected: ["dangling", "untagged", "middle"] },
  { name: "before", filters: { before: ["middle"] }, expected: ["old"] },
  { name: "since", filters: { since: ["middle"] }, expected: ["dangling", "untagged"] },
  { name: "until", filters: { until: ["192h"] }, expected: ["old"] },
  { name: "a name", filters: { reference: ["debian"] }, expected: ["untagged", "middle", "old"] },
  { name: "a pattern", filters: { reference: ["*:1*"] }, expected: ["middle", "old"] },
  { name: "a pattern with a slash", filters: { reference: ["*/*"] }, expected: ["middle"] },
])("listImages() with $name", ({ filters, all, expected }) => {
  expect(ids(filters, all)).toEqual(expected);
});

test("listImages() shows only the names that fit the reference filter", () => {
  const [only] = listImages(
    { filters: { reference: ["org/*"] } },
    { views, hasChildren: () => false, isBeside: () => false, get: () => views[0]!, nowMs: 0 },
  );
  expect(only?.repoTags).toEqual(["org/app:1"]);
  expect(only?.repoDigests).toEqual([]);
});

test("listImages() refuses filters it does not know", () => {
  expect(() => ids({ colour: ["red"] })).toThrow("invalid filter 'colour'");
  expect(() => ids({ dangling: ["perhaps"] })).toThrow("invalid filter 'dangling=[perhaps]'");
});
