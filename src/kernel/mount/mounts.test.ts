import { beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { hermetic } from "../_testing/hermetic.ts";
import { acceptsOption } from "./mount-api.ts";
import { createMounts } from "./mounts.ts";

hermetic(import.meta.path, () => {
  const mounts = createMounts({ overlayLowerdirPlus: true });
  let directory: string;
  const at = (...names: string[]) => join(directory, ...names);

  beforeEach(() => {
    directory = mkdtempSync("/run/mounts-");
  });

  test("mount() passes type, flags and data; list() and isMountPoint() see it; unmount() ends it", () => {
    mkdirSync(at("tmp dir"));
    expect(mounts.isMountPoint(at("tmp dir"))).toBe(false);
    mounts.mount("some source", at("tmp dir"), "tmpfs", {
      flags: ["nosuid", "noexec"],
      data: "size=64k,mode=711",
    });
    expect(mounts.isMountPoint(at("tmp dir"))).toBe(true);
    expect(mounts.list().find((entry) => entry.target === at("tmp dir"))).toMatchObject({
      fsType: "tmpfs",
      source: "some source",
      options: expect.arrayContaining(["nosuid", "noexec"]),
      superOptions: expect.arrayContaining(["size=64k", "mode=711"]),
    });
    mounts.unmount(at("tmp dir"), { lazy: false });
    expect(mounts.isMountPoint(at("tmp dir"))).toBe(false);
  });

  test("mount() names the type and the target when the kernel refuses", () => {
    const mount = () => mounts.mount("none", at("nowhere"), "tmpfs");
    expect(mount).toThrow(`mount tmpfs on ${at("nowhere")}: no such file or directory (ENOENT)`);
  });

  test("unmount() takes 'not mounted' and 'not there' as done, and does not follow links", () => {
    mkdirSync(at("mounted"));
    mounts.mount("none", at("mounted"), "tmpfs");
    symlinkSync(at("mounted"), at("link"));
    for (const name of ["nowhere", "link", "."]) mounts.unmount(at(name));
    expect(mounts.isMountPoint(at("mounted"))).toBe(true);
    expect(mounts.isMountPoint(at("link"))).toBe(false);
  });

  test("unmount() without lazy reports a mount in use", () => {
    mkdirSync(at("busy"));
    mounts.mount("none", at("busy"), "tmpfs");
    writeFileSync(at("busy", "file"), "");
    const file = Bun.file(at("busy", "file")).writer();
    file.write("held open");
    file.flush();
    expect(() => mounts.unmount(at("busy"), { lazy: false })).toThrow("EBUSY");
    mounts.unmount(at("busy"));
    expect(mounts.isMountPoint(at("busy"))).toBe(false);
    file.end();
  });

  describe("bind()", () => {
    beforeEach(() => {
      for (const name of ["source", "source/below", "target"]) mkdirSync(at(name));
      mounts.mount("none", at("source/below"), "tmpfs");
      writeFileSync(at("source/below/file"), "content");
    });

    test("leaves out the mounts below unless recursive", () => {
      mounts.bind(at("source"), at("target"));
      expect(readdirSync(at("target/below"))).toEqual([]);
      mounts.unmount(at("target"));
      mounts.bind(at("source"), at("target"), { recursive: true });
      expect(readFileSync(at("target/below/file"), "utf8")).toBe("content");
    });

    test("read-only reaches every mount of a recursive bind and leaves the source writable", () => {
      mounts.bind(at("source"), at("target"), { recursive: true, readOnly: true });
      expect(() => writeFileSync(at("target/file"), "")).toThrow("EROFS");
      expect(() => writeFileSync(at("target/below/file"), "")).toThrow("EROFS");
      writeFileSync(at("source/below/file"), "changed");
      expect(readFileSync(at("target/below/file"), "utf8")).toBe("changed");
    });

    test("binds single files", () => {
      writeFileSync(at("target-file"), "");
      mounts.bind(at("source/below/file"), at("target-file"), { readOnly: true });
      expect(readFileSync(at("target-file"), "utf8")).toBe("content");
    });

    test("names what is missing", () => {
      expect(() => mounts.bind(at("nowhere"), at("target"))).toThrow(
        `open_tree ${at("nowhere")}: no such file`,
      );
      expect(() => mounts.bind(at("source"), at("nowhere"))).toThrow(
        `move_mount ${at("nowhere")}: no such file`,
      );
    });
  });

  test("setPropagation() shows in the optional fields", () => {
    mkdirSync(at("tree"));
    mounts.mount("none", at("tree"), "tmpfs");
    const optional = () => mounts.list().find((entry) => entry.target === at("tree"))?.optional;
    mounts.setPropagation(at("tree"), "rshared");
    expect(optional()).toEqual([expect.stringMatching(/^shared:\d+$/)]);
    mounts.setPropagation(at("tree"), "private");
    expect(optional()).toEqual([]);
  });

  const takesLayers = acceptsOption("overlay", ["lowerdir+", "/"]);

  test("acceptsOption() knows since when overlay takes its layers one by one", () => {
    const [major = 0, minor = 0] = release().split(".").map(Number);
    expect(takesLayers).toBe(major > 6 || (major === 6 && minor >= 7));
    expect(acceptsOption("no-such-type", ["ro"])).toBe(false);
  });

  const overlayWays = [
    { title: "by lowerdir+", overlayLowerdirPlus: true },
    { title: "by descriptors", overlayLowerdirPlus: false },
  ].filter(({ overlayLowerdirPlus }) => takesLayers || !overlayLowerdirPlus);

  describe.each(overlayWays)("overlay() $title", ({ overlayLowerdirPlus }) => {
    const { overlay, list } = createMounts({ overlayLowerdirPlus });
    const layer = (name: string, content: string): string => {
      mkdirSync(at(name), { recursive: true });
      writeFileSync(at(name, "file"), content);
      return at(name);
    };
    const descriptors = () => readdirSync("/proc/self/fd").length;

    test("stacks 127 layers, the nearest first, under a writable one", () => {
      // Names as long as real ones: a digest, and characters that mount(2)'s text would need escaped.
      const lower = Array.from({ length: 127 }, (_, index) =>
        layer(`${"d".repeat(64)}:,${index}`, `${index}`),
      );
      for (const name of ["upper", "work", "merged"]) mkdirSync(at(name));
      const before = descriptors();
      overlay({ target: at("merged"), lower, upper: at("upper"), work: at("work") });
      expect(descriptors()).toBe(before);
      expect(readFileSync(at("merged/file"), "utf8")).toBe("0");
      writeFileSync(at("merged/file"), "changed");
      expect(readFileSync(at("upper/file"), "utf8")).toBe("changed");
      expect(readFileSync(join(lower[0]!, "file"), "utf8")).toBe("0");
    });

    test("without upper it is a read-only view; options are passed on", () => {
      mkdirSync(at("view"));
      overlay({
        target: at("view"),
        lower: [layer("a", "a"), layer("b", "b")],
        options: ["index=off", "userxattr"],
      });
      expect(() => writeFileSync(at("view/file"), "")).toThrow("EROFS");
    });

    test("a read-only view of one layer is that layer", () => {
      mkdirSync(at("view"));
      overlay({ target: at("view"), lower: [layer("a", "a")] });
      expect(readFileSync(at("view/file"), "utf8")).toBe("a");
      expect(() => writeFileSync(at("view/file"), "")).toThrow("EROFS");
    });

    test("a failure leaves nothing mounted or open, and names the target", () => {
      mkdirSync(at("merged"));
      const [before, mounted] = [descriptors(), list().length];
      const request = {
        target: at("merged"),
        lower: [layer("a", "a")],
        upper: at("missing"),
        work: at("missing"),
      };
      expect(() => overlay(request)).toThrow(/(merged|missing).*ENOENT/);
      expect(() => overlay({ ...request, upper: at("a"), work: at("a") })).toThrow(
        /overlay on .*merged.*EINVAL/,
      );
      expect([descriptors(), list().length]).toEqual([before, mounted]);
    });
  });

  test.skipIf(!takesLayers)("overlay() by lowerdir+ passes on the kernel's words", () => {
    mkdirSync(at("merged"));
    const request = { target: at("merged"), lower: ["/bin", "/usr"], options: ["nonsense=1"] };
    expect(() => mounts.overlay(request)).toThrow(/nonsense=1 of overlay on .*Unknown parameter 'nonsense'/);
  });
});
