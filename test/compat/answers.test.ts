/**
 * Asks what Docker's clients ask and compares with what dockerd 20.10 answers. Its answers are kept beside this file;
 * run against the real one with WHARF_TEST_ENGINE=dockerd it checks that they are still its own, and with
 * WHARF_RECORD=1 as well it writes them anew, to be formatted like any other file.
 */
import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";
import { ALLOWED, judge } from "./answers/allowed.ts";
import { askAll } from "./answers/ask.ts";
import { changesFrom, compareAnswers, compareValues } from "./answers/compare.ts";
import type { Answers } from "./answers/types.ts";

const RECORDED = join(import.meta.dir, "answers/dockerd-20.10.json");
const recorded = existsSync(RECORDED) ? (JSON.parse(readFileSync(RECORDED, "utf8")) as Answers) : {};

const V1 = "/sys/fs/cgroup";
const HAS = ["memory/memory.memsw.limit_in_bytes", "cpu/cpu.cfs_quota_us", "pids", "cpuset/cpuset.cpus"];
const HAS_NOT = ["cgroup.controllers", "blkio/blkio.weight", "blkio/blkio.bfq.weight"];

/** Warnings tell what a kernel lacks: the answers are those of one like this. */
const isAlike =
  HAS.every((file) => existsSync(`${V1}/${file}`)) && !HAS_NOT.some((file) => existsSync(`${V1}/${file}`));

const daemon = useDaemon();

test.skipIf(!isAlike)(
  "answers are Docker's, but for the differences listed (needs control groups v1)",
  async () => {
    const answers = await askAll(daemon());
    if (IS_DOCKERD && process.env.WHARF_RECORD)
      writeFileSync(RECORDED, `${JSON.stringify(answers, undefined, 1)}\n`);
    else if (IS_DOCKERD) expect(compareAnswers(recorded, answers)).toEqual([]);
    else expect(judge(compareAnswers(recorded, answers))).toEqual({ unexplained: [], unneeded: [] });
  },
);

test("judge() wants a rule for each difference and a difference for each rule", () => {
  const difference = { question: "q", path: "a.b", docker: "1", wharf: undefined };
  const rule = { why: "because", path: /b$/, docker: "1", wharf: "-" };
  expect(judge([difference], [rule])).toEqual({ unexplained: [], unneeded: [] });
  expect(judge([difference], [{ ...rule, docker: "2" }])).toMatchObject({ unexplained: [difference] });
  expect(judge([], [rule]).unneeded).toEqual([rule]);
  expect(ALLOWED.every(({ why }) => why !== "")).toBe(true);
});

test("compareValues() names the places where values part", () => {
  const rows: readonly (readonly [unknown, unknown, readonly string[]])[] = [
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1 }, { b: 1 }, ["a", "b"]],
    [{ a: [1, 2] }, { a: [1, 3, 4] }, ["a.1", "a.2"]],
    [{ a: [] }, { a: {} }, ["a"]],
    [null, {}, [""]],
  ];
  for (const [left, right, paths] of rows)
    expect(compareValues(left, right).map(({ path }) => path)).toEqual([...paths]);
});

test("changesFrom() keeps what is not as in the base", () => {
  expect(changesFrom({ a: 1, b: { c: 2, d: 3 } }, { a: 1, b: { c: 2, d: 4 } })).toEqual({ b: { d: 4 } });
  expect(changesFrom({ a: 1 }, {})).toEqual({ a: null });
  expect(changesFrom({ a: [1] }, { a: [1] })).toBeUndefined();
});

testNothingIsLeft(daemon);
