import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Digest, sha256 } from "#base/digest.ts";
import { Conflict, NotFound } from "#base/errors.ts";
import type { Kernel } from "#kernel/types.ts";
import { archive, directory, type Item } from "#storage/_testing/archives.ts";
import { chainOnto } from "#storage/layer/chain-id.ts";
import { mountRoot, unmountRoot } from "#storage/snapshot/mounts.ts";
import type { Storage } from "#storage/storage.ts";

/** What a driver's storage is made with; `open` again with the same arguments is a restart after a crash. */
export type OpenStorage = (dataRoot: string) => Storage;

/**
 * What every snapshot driver promises. Needs root and a mount namespace of its own.
 * @param base directory for the data roots, on a file system the driver works on
 */
export function testSnapshotter(
  name: string,
  kernel: Pick<Kernel, "mounts">,
  open: OpenStorage,
  base = tmpdir(),
): void {
  describe(`${name} as a snapshotter`, () => {
    let home: string;
    let storage: Storage;
    let mounted: string[];

    beforeEach(() => {
      home = mkdtempSync(join(base, "wharf-snapshots-"));
      storage = open(join(home, "data"));
      mounted = [];
    });
    afterEach(async () => {
      for (const target of mounted) unmountRoot(kernel, target);
      await storage.close();
      rmSync(home, { recursive: true });
    });

    /** Unpacks and commits one layer. */
    async function addLayer(parent: Digest | undefined, ...items: Item[]): Promise<Digest> {
      const { snapshotter, unpacker, content } = storage;
      const source = content.path(await content.put(archive(...items)));
      const prepared = await snapshotter.prepareLayer(parent);
      const { diffId, sizeBytes } = await unpacker.unpack({ source, prepared });
      const chainId = chainOnto(parent, diffId);
      await snapshotter.commitLayer(prepared, { chainId, diffId, parent, sizeBytes });
      return chainId;
    }

    /** A container's root, mounted. */
    async function mountedRoot(id: string, parent: Digest | undefined): Promise<string> {
      await storage.snapshotter.createWritable(id, parent);
      const target = join(home, `root-${id}`);
      mkdirSync(target);
      mountRoot(kernel, storage.snapshotter.rootMount(id), target);
      mounted.push(target);
      return target;
    }

    test("what a container changed can be found", async () => {
      const base = await addLayer(undefined, { name: "kept", text: "1" });
      const root = await mountedRoot("c", base);
      writeFileSync(join(root, "new"), "2");
      const source = storage.snapshotter.diffSource("c");
      const [own, below] =
        source.kind === "upper" ? [source.upper, source.lower[0]!] : [source.after, source.before!];
      expect(readFileSync(join(own, "new"), "utf8")).toBe("2");
      expect(existsSync(join(below, "kept"))).toBe(true);
      expect(existsSync(join(below, "new"))).toBe(false);
    });

    test("a container sees its layers on top of each other, deletions included", async () => {
      const base = await addLayer(
        undefined,
        { name: "a", text: "1" },
        { name: "b", text: "1" },
        { name: "d/x", text: "1" },
        { name: "e/x", text: "1" },
      );
      const middle = await addLayer(
        base,
        { name: "a", text: "2" },
        { name: ".wh.b" },
        { name: "d/.wh..wh..opq" },
      );
      const top = await addLayer(
        middle,
        { name: "d/y", text: "3" },
        { name: ".wh.e" },
        { name: "e", text: "file" },
      );
      const root = await mountedRoot("one", top);
      expect(readdirSync(root, { recursive: true }).toSorted()).toEqual(["a", "d", "d/y", "e"]);
      expect(readFileSync(join(root, "a"), "utf8")).toBe("2");
      expect(readFileSync(join(root, "e"), "utf8")).toBe("file");
    });

    test("what one container writes, no other and no layer sees", async () => {
      const top = await addLayer(undefined, { name: "file", text: "image" });
      const [one, two] = [await mountedRoot("one", top), await mountedRoot("two", top)];
      writeFileSync(join(one, "file"), "changed");
      writeFileSync(join(one, "new"), "x");
      expect(readdirSync(two)).toEqual(["file"]);
      expect(readFileSync(join(two, "file"), "utf8")).toBe("image");
      const three = await mountedRoot("three", top);
      expect(readFileSync(join(three, "file"), "utf8")).toBe("image");
    });

    test("a container without image has an empty root it can write to", async () => {
      const root = await mountedRoot("scratch", undefined);
      expect(readdirSync(root)).toEqual([]);
      writeFileSync(join(root, "file"), "x");
    });

    test("directories a layer does not describe stay as the layers below have them", async () => {
      const mtime = { seconds: 1_000_000_000, nanos: 7 };
      const base = await addLayer(
        undefined,
        directory("./", { mode: 0o711, uid: 3 }),
        directory("home", { mode: 0o1777, mtime }),
        directory("home/me", { mode: 0o700, uid: 1000, gid: 1000 }),
        { name: "home/me/old", text: "x" },
      );
      const top = await addLayer(base, { name: "home/me/new", text: "x" }, { name: "other/new", text: "x" });
      const root = await mountedRoot("one", top);
      const stat = (path: string) => statSync(join(root, path), { bigint: true });
      expect(stat(".")).toMatchObject({ mode: 0o40711n, uid: 3n });
      expect(stat("home")).toMatchObject({ mode: 0o41777n, uid: 0n });
      expect(stat("home/me")).toMatchObject({ mode: 0o40700n, uid: 1000n, gid: 1000n });
      expect(stat("other")).toMatchObject({ mode: 0o40755n, uid: 0n });
    });

    test("devices, setuid programs and hard links are the same in a container", async () => {
      const top = await addLayer(
        undefined,
        { name: "tty", type: "character", mode: 0o666, gid: 5, deviceMajor: 5, deviceMinor: 0 },
        { name: "su", mode: 0o4755, text: "x" },
        { name: "su2", type: "hardlink", linkName: "su" },
      );
      const root = await mountedRoot("one", await addLayer(top, { name: "more" }));
      expect(lstatSync(join(root, "tty"))).toMatchObject({ rdev: 0x500, gid: 5, mode: 0o020666 });
      expect(lstatSync(join(root, "su"))).toMatchObject({ mode: 0o104755, nlink: 2 });
      expect(lstatSync(join(root, "su2")).ino).toBe(lstatSync(join(root, "su")).ino);
    });

    test("layers() and layer() tell what was committed", async () => {
      const base = await addLayer(undefined, { name: "a", text: "12345" });
      const top = await addLayer(base, { name: "b", text: "1" });
      const { snapshotter } = storage;
      expect(
        snapshotter
          .layers()
          .map(({ chainId }) => chainId)
          .toSorted(),
      ).toEqual([base, top].toSorted());
      expect(snapshotter.layer(top)).toMatchObject({ chainId: top, parent: base, sizeBytes: 1 });
      expect(snapshotter.layer(base)).toMatchObject({ diffId: base, parent: undefined, sizeBytes: 5 });
      expect(snapshotter.layer(sha256("no"))).toBeUndefined();
      expect(snapshotter.layerData(top)).toBeObject();
    });

    test("commitLayer() keeps the layer that is there when an equal one comes", async () => {
      const first = await addLayer(undefined, { name: "a", text: "x" });
      const before = storage.snapshotter.layer(first);
      const root = await mountedRoot("one", first);
      expect(await addLayer(undefined, { name: "a", text: "x" })).toBe(first);
      expect(storage.snapshotter.layers()).toEqual([before!]);
      expect(readdirSync(root)).toEqual(["a"]);
    });

    test("commitLayer() refuses a layer whose parent is not there", async () => {
      const { snapshotter } = storage;
      const prepared = await snapshotter.prepareLayer(undefined);
      const [chainId, diffId, parent] = ["c", "d", "p"].map(sha256) as [Digest, Digest, Digest];
      expect(snapshotter.commitLayer(prepared, { chainId, diffId, parent, sizeBytes: 0 })).rejects.toThrow(
        NotFound,
      );
      await snapshotter.discardLayer(prepared);
      expect(existsSync(prepared.directory)).toBe(false);
    });

    test("removeLayer() refuses while a layer or a container stands on it", async () => {
      const { snapshotter } = storage;
      const base = await addLayer(undefined, { name: "a" });
      const top = await addLayer(base, { name: "b" });
      await snapshotter.createWritable("one", top);
      expect(snapshotter.removeLayer(base)).rejects.toThrow(Conflict);
      expect(snapshotter.removeLayer(top)).rejects.toThrow(`layer ${top} is in use by container one`);
      await snapshotter.removeWritable("one");
      await snapshotter.removeLayer(top);
      await snapshotter.removeLayer(base);
      await snapshotter.removeLayer(base);
      expect(snapshotter.layers()).toEqual([]);
    });

    test("createWritable() takes an id once, and only on layers that are there", async () => {
      const { snapshotter } = storage;
      await snapshotter.createWritable("one", undefined);
      expect(snapshotter.createWritable("one", undefined)).rejects.toThrow(Conflict);
      expect(snapshotter.createWritable("two", sha256("no"))).rejects.toThrow(NotFound);
      const both = await Promise.allSettled([1, 2].map(() => snapshotter.createWritable("three", undefined)));
      expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
      expect(snapshotter.writables()).toEqual(["one", "three"]);
      expect(() => snapshotter.rootMount("two")).toThrow(NotFound);
      expect(() => snapshotter.driverData("two")).toThrow(NotFound);
    });

    test("removeWritable() frees the id at once and the space soon; gone already counts as done", async () => {
      const { snapshotter } = storage;
      await snapshotter.createWritable("one", undefined);
      await snapshotter.removeWritable("one");
      await snapshotter.removeWritable("one");
      await snapshotter.createWritable("one", undefined);
      await snapshotter.removeWritable("one");
      await storage.settled();
      expect(readdirSync(join(home, "data", snapshotter.name), { recursive: true })).toEqual(["trash"]);
    });

    test("writableSize() counts what is in the writable directory", async () => {
      const root = await mountedRoot("one", undefined);
      writeFileSync(join(root, "file"), "x".repeat(3000));
      mkdirSync(join(root, "d"));
      writeFileSync(join(root, "d/file"), "x".repeat(500));
      expect(await storage.snapshotter.writableSize("one")).toBe(3500);
    });

    test("sweep() removes what a crash left and nothing else", async () => {
      const top = await addLayer(undefined, { name: "a", text: "x" });
      await storage.snapshotter.createWritable("one", top);
      const underWay = await storage.snapshotter.prepareLayer(undefined);
      expect(await storage.snapshotter.sweep()).toBe(0);
      const next = open(join(home, "data"));
      expect(await next.snapshotter.sweep()).toBe(1);
      await next.settled();
      expect(existsSync(underWay.directory)).toBe(false);
      expect(next.snapshotter.layers()).toHaveLength(1);
      expect(next.snapshotter.writables()).toEqual(["one"]);
      const target = join(home, "root");
      mkdirSync(target);
      mountRoot(kernel, next.snapshotter.rootMount("one"), target);
      mounted.push(target);
      expect(readdirSync(target)).toEqual(["a"]);
    });

    test("nobody but root can look into a layer", async () => {
      await addLayer(undefined, { name: "a" });
      for (const path of [".", storage.snapshotter.name, `${storage.snapshotter.name}/1`])
        expect(statSync(join(home, "data", path)).mode & 0o007).toBe(0);
    });
  });
}
