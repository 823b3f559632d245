import { describe, expect, test } from "bun:test";
import { CORPUS } from "./corpus.ts";
import { mutate, randomOf } from "./mutate.ts";
import { examine, FUZZ_TARGETS, type FuzzTarget } from "./targets.ts";

const TEXTS = 1500;

describe.each(Object.entries(FUZZ_TARGETS) as [string, FuzzTarget][])("the parser of %s", (name, target) => {
  test("keeps its promises for what once broke it", () => {
    for (const text of CORPUS[name] ?? []) examine(name, target, text);
  });

  test("takes its own seeds without an error and their changes without a surprise", () => {
    const random = randomOf(1);
    for (let count = 0; count < TEXTS; count++) {
      const seed = target.seeds[count % target.seeds.length]!;
      examine(name, target, mutate(seed, target.seeds, random));
    }
  });
});

test("mutate() gives the same for the same seed", () => {
  const texts = (seed: number) => {
    const random = randomOf(seed);
    return Array.from({ length: 20 }, () => mutate("registry.example/a:b", ["debian"], random));
  };
  expect(texts(7)).toEqual(texts(7));
  expect(texts(7)).not.toEqual(texts(8));
});
