import { expect, test } from "bun:test";
import { COMMANDS, GROUPS } from "./commands/all.ts";
import { commandCandidates, flagCandidates } from "./completion.ts";
import { bool } from "./flag-kinds.ts";

const words = (typed: string, group?: string) =>
  commandCandidates({ entries: COMMANDS, groups: GROUPS, group }, typed).map(({ word }) => word);

test("commandCandidates() offers commands and groups, in a group its commands", () => {
  expect(words("p")).toEqual(["pause", "plugin", "port", "ps", "pull", "push"]);
  expect(words("vol")).toEqual(["volume"]);
  expect(words("r", "volume")).toEqual(["rename", "rm"]);
  expect(words("__")).toEqual([]);
});

test("flagCandidates() offers long flags that are not hidden", () => {
  const flags = { all: bool("All"), hidden: bool("", { hidden: true }), quiet: bool("Quiet") };
  expect(flagCandidates(flags, "--")).toEqual([
    { word: "--all", text: "All" },
    { word: "--quiet", text: "Quiet" },
  ]);
});
