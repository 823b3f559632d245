import { describe, expect, test } from "bun:test";
import { type EvictionCandidate, planEviction } from "./evict-plan.ts";

const image = (id: string, lastUsedMs: number, more: Partial<EvictionCandidate> = {}): EvictionCandidate => ({
  id,
  names: [id],
  lastUsedMs,
  parent: undefined,
  things: new Map([[`only ${id}`, 100]]),
  containers: 0,
  isPinned: false,
  ...more,
});
const RULES = { wantedBytes: 150, minimumAgeMs: 10, nowMs: 1000 };
const plan = (candidates: EvictionCandidate[], rules = {}) => {
  const { evicted, kept, freedBytes } = planEviction(candidates, { ...RULES, ...rules });
  return {
    evicted: evicted.map((one) => `${one.image.id} ${one.freedBytes}`),
    kept: kept.map((one) => `${one.image.id}: ${one.reason}`),
    freedBytes,
  };
};

describe("planEviction()", () => {
  test("takes the least recently used until there is enough", () => {
    expect(plan([image("new", 30), image("old", 10), image("mid", 20)])).toEqual({
      evicted: ["old 100", "mid 100"],
      kept: [],
      freedBytes: 200,
    });
    expect(plan([image("a", 1)], { wantedBytes: 0 }).evicted).toEqual([]);
  });

  test("leaves what is used, pinned, recent or a parent, and says so when it is not enough", () => {
    const candidates = [
      image("used", 1, { containers: 1 }),
      image("pinned", 2, { isPinned: true }),
      image("recent", 995),
      image("parent", 3),
      image("child", 4, { parent: "parent", isPinned: true }),
      image("free", 5),
    ];
    expect(plan(candidates)).toEqual({
      evicted: ["free 100"],
      kept: [
        "used: used by a container",
        "pinned: pinned",
        "recent: used too recently",
        "parent: another image is based on it",
        "child: pinned",
      ],
      freedBytes: 100,
    });
  });

  test("counts what images share only with the last of them, and a parent after its child", () => {
    const shared = (own: string) =>
      new Map([
        ["base", 1000],
        [own, 10],
      ]);
    const candidates = [
      image("parent", 1, { things: new Map([["base", 1000]]) }),
      image("child", 2, { things: shared("x"), parent: "parent" }),
    ];
    expect(plan(candidates, { wantedBytes: 500 }).evicted).toEqual(["child 10", "parent 1000"]);
  });
});
