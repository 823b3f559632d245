import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AT, S } from "#kernel/ffi/constants.ts";
import { mknodat } from "#kernel/files/at.ts";
import { getXattr, setXattr } from "#kernel/files/xattr.ts";
import { temporaryDirectory } from "../_testing/archives.ts";
import { inheritAttributes, takeImplicitList, writeImplicitList } from "./implicit.ts";

describe.skipIf(process.getuid?.() !== 0)("inheritAttributes() (as root)", () => {
  let home: string;
  beforeEach(() => {
    home = temporaryDirectory();
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const at = (path: string) => join(home, path);
  const modeOf = (path: string) => (statSync(at(path)).mode & 0o7777).toString(8);
  const make = (path: string, mode = 0o755) => {
    mkdirSync(at(path), { recursive: true });
    chmodSync(at(path), mode);
  };
  const makeOpaque = (path: string) => setXattr(at(path), "trusted.overlay.opaque", Buffer.from("y"));
  const inherit = (...paths: string[]) => inheritAttributes(at("own"), paths, [at("near"), at("far")]);

  beforeEach(() => {
    make("far/d/sub", 0o701);
    make("far/d", 0o1777);
    make("near");
    make("own/d/sub");
  });

  test("takes them from the nearest layer that has the directory", async () => {
    make("near/d", 0o700);
    setXattr(at("near/d"), "user.x", Buffer.from("1"));
    await inherit("d", "d/sub");
    expect([modeOf("own/d"), modeOf("own/d/sub")]).toEqual(["700", "701"]);
    expect(getXattr(at("own/d"), "user.x")?.toString()).toBe("49");
  });

  const hidden: { title: string; hide: () => void }[] = [
    { title: "a whiteout", hide: () => mknodat(AT.FDCWD, at("near/d"), S.IFCHR, 0) },
    { title: "a file", hide: () => writeFileSync(at("near/d"), "") },
    { title: "a link, even to the same directory", hide: () => symlinkSync(at("far/d"), at("near/d")) },
    {
      title: "an opaque directory between",
      hide: () => {
        make("near/d");
        makeOpaque("near/d");
      },
    },
    { title: "an opaque directory of its own", hide: () => makeOpaque("own/d") },
  ];
  test.each(hidden)("finds nothing behind $title", async ({ hide }) => {
    hide();
    await inherit("d/sub");
    expect(modeOf("own/d/sub")).toBe("755");
  });

  test("leaves alone what is no directory any more, and never follows a link out", async () => {
    make("outside", 0o750);
    symlinkSync(at("outside"), at("own/link"));
    make("far/link", 0o700);
    writeFileSync(at("own/file"), "");
    make("far/file", 0o700);
    await inherit("link", "file", "gone");
    expect([modeOf("outside"), modeOf("own/file")]).toEqual(["750", "644"]);
  });

  test("the list waits beside the layer and is taken once", () => {
    const prepared = { key: "1", directory: at("own"), whiteouts: "overlay" } as const;
    writeImplicitList(prepared, ["", "d\udce4"]);
    expect(takeImplicitList(prepared)).toEqual(["", "d\udce4"]);
    expect(takeImplicitList(prepared)).toEqual([]);
  });
});
