import { describe, expect, test } from "bun:test";
import type { TarEntryType } from "#base/tar-header.ts";
import { type LayerStep, planLayerEntry } from "./entry.ts";

const entry = (name: string, type: TarEntryType = "file", linkName = "") => ({
  name,
  type,
  typeFlag: "?",
  linkName,
});
const at = (directory: string, name: string) => ({ directory, name });

describe("planLayerEntry()", () => {
  const cases: { title: string; entry: ReturnType<typeof entry>; step: LayerStep }[] = [
    { title: "a plain name", entry: entry("a/b/c"), step: { op: "create", path: at("a/b", "c") } },
    {
      title: "dots and doubled slashes",
      entry: entry("./a//./b/"),
      step: { op: "create", path: at("a", "b") },
    },
    { title: "an absolute name", entry: entry("/etc/x"), step: { op: "create", path: at("etc", "x") } },
    {
      title: "names that only look like ..",
      entry: entry("..a/b.."),
      step: { op: "create", path: at("..a", "b..") },
    },
    { title: "the root", entry: entry("./", "directory"), step: { op: "root" } },
    {
      title: "a hard link",
      entry: entry("b", "hardlink", "/x/a"),
      step: { op: "link", path: at("", "b"), target: at("x", "a") },
    },
    {
      title: "a symlink, whatever it points at",
      entry: entry("l", "symlink", "../../../etc"),
      step: { op: "create", path: at("", "l") },
    },
    { title: "a whiteout", entry: entry("a/.wh.b"), step: { op: "whiteout", path: at("a", "b") } },
    { title: "an opaque mark", entry: entry("a/.wh..wh..opq"), step: { op: "opaque", directory: "a" } },
    {
      title: "an opaque mark of the root",
      entry: entry(".wh..wh..opq"),
      step: { op: "opaque", directory: "" },
    },
    { title: "AUFS's own files", entry: entry(".wh..wh.aufs"), step: { op: "skip" } },
    { title: "AUFS's own directory", entry: entry(".wh..wh.plnk/1.2"), step: { op: "skip" } },
  ];
  test.each(cases)("reads $title", ({ entry, step }) => {
    expect(planLayerEntry(entry)).toEqual(step);
  });

  const refused: { title: string; entry: ReturnType<typeof entry>; reason: string }[] = [
    {
      title: ".. in a name",
      entry: entry("a/../../b"),
      reason: 'name leaves the layer: ".." is not allowed',
    },
    { title: ".. alone", entry: entry("..", "directory"), reason: "name leaves the layer" },
    {
      title: ".. in a hard link",
      entry: entry("b", "hardlink", "../x"),
      reason: "link target leaves the layer",
    },
    {
      title: "a hard link to the root",
      entry: entry("b", "hardlink", "/"),
      reason: "hard link to the root directory",
    },
    { title: "a root that is a link", entry: entry("./", "symlink", "/etc"), reason: "must be a directory" },
    { title: "a whiteout of nothing", entry: entry("a/.wh."), reason: "invalid whiteout name" },
    { title: "a whiteout of .", entry: entry("a/.wh.."), reason: "invalid whiteout name" },
    { title: "a whiteout of ..", entry: entry("a/.wh..."), reason: "invalid whiteout name" },
    { title: "a directory named as a whiteout", entry: entry("a/.wh.b/c"), reason: "are reserved" },
    { title: "an unknown type", entry: entry("a", "other"), reason: 'unknown entry type "?"' },
    { title: "a name without end", entry: entry("a/".repeat(3000)), reason: "name of 6000 characters" },
  ];
  test.each(refused)("refuses $title", ({ entry, reason }) => {
    expect(() => planLayerEntry(entry)).toThrow(reason);
  });
});
