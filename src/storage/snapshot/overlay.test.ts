import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Digest, sha256 } from "#base/digest.ts";
import { silentLog } from "#base/log.ts";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createKernel } from "#kernel/linux.ts";
import { createMounts } from "#kernel/mount/mounts.ts";
import { openMemoryState } from "#state/memory.ts";
import { testSnapshotter } from "../../../test/suites/snapshotter.ts";
import { temporaryDirectory } from "../_testing/archives.ts";
import { HELPER_COMMAND } from "../_testing/helper.ts";
import { createStorage, type Storage } from "../storage.ts";
import { mountRoot, unmountRoot } from "./mounts.ts";

hermetic(import.meta.path, () => {
  const kernel = createKernel();
  const states = new Map<string, ReturnType<typeof openMemoryState>>();
  const open = (dataRoot: string): Storage => {
    const state = states.get(dataRoot) ?? openMemoryState();
    states.set(dataRoot, state);
    return createStorage({
      dataRoot,
      kernel,
      state,
      driver: "overlay2",
      log: silentLog,
      helperCommand: HELPER_COMMAND,
    });
  };

  testSnapshotter("overlay2", kernel, open);

  describe("overlay2", () => {
    let home: string;
    let storage: Storage;
    let target: string;
    beforeEach(() => {
      home = temporaryDirectory();
      storage = open(join(home, "data"));
      target = join(home, "root");
      mkdirSync(target);
    });
    afterEach(async () => {
      unmountRoot(kernel, target);
      await storage.settled();
      rmSync(home, { recursive: true });
    });

    async function addLayer(
      parent: Digest | undefined,
      name: string,
      fill: (directory: string) => void,
    ): Promise<Digest> {
      const prepared = await storage.snapshotter.prepareLayer(parent);
      fill(prepared.directory);
      const layer = { chainId: sha256(name), diffId: sha256(name), parent, sizeBytes: 0 };
      return (await storage.snapshotter.commitLayer(prepared, layer)).chainId;
    }

    /** Layers 1 to `count`, each with a file of its own and one that all have. */
    async function addLayers(count: number): Promise<Digest | undefined> {
      let top: Digest | undefined;
      for (let i = 1; i <= count; i++) {
        top = await addLayer(top, `layer ${i}`, (directory) => {
          writeFileSync(join(directory, `file-${i}`), String(i));
          writeFileSync(join(directory, "all"), String(i));
        });
      }
      return top;
    }

    test.each([...new Set([kernel.features.overlayLowerdirPlus, false])])(
      "127 layers can be mounted and read, with lowerdir+ (%p)",
      async (overlayLowerdirPlus) => {
        await storage.snapshotter.createWritable("deep", await addLayers(127));
        const mounts = createMounts({ overlayLowerdirPlus });
        mountRoot({ mounts }, storage.snapshotter.rootMount("deep"), target);
        expect(readdirSync(target)).toHaveLength(128);
        expect(readFileSync(join(target, "all"), "utf8")).toBe("127");
        expect(readFileSync(join(target, "file-1"), "utf8")).toBe("1");
        writeFileSync(join(target, "file-1"), "changed");
        expect(await storage.snapshotter.writableSize("deep")).toBe(7);
      },
    );

    test("a 128th layer is refused", async () => {
      expect(addLayer(await addLayers(127), "one more", () => {})).rejects.toThrow("max depth exceeded");
    });

    test("a layer whose root is opaque hides all layers below it", async () => {
      const base = await addLayer(undefined, "base", (directory) =>
        writeFileSync(join(directory, "old"), "x"),
      );
      const top = await addLayer(base, "top", (directory) => {
        kernel.files.setXattr(directory, "trusted.overlay.opaque", Buffer.from("y"));
        writeFileSync(join(directory, "new"), "x");
      });
      await storage.snapshotter.createWritable("one", await addLayer(top, "above", () => {}));
      mountRoot(kernel, storage.snapshotter.rootMount("one"), target);
      expect(readdirSync(target)).toEqual(["new"]);
      expect(storage.snapshotter.removeLayer(base)).rejects.toThrow("in use by layer");
    });

    test("a redirect in a layer is not followed", async () => {
      const base = await addLayer(undefined, "base", (directory) => {
        mkdirSync(join(directory, "secret"));
        writeFileSync(join(directory, "secret/file"), "x");
      });
      const top = await addLayer(base, "top", (directory) => {
        mkdirSync(join(directory, "open"));
        kernel.files.setXattr(join(directory, "open"), "trusted.overlay.redirect", Buffer.from("/secret"));
      });
      await storage.snapshotter.createWritable("one", top);
      mountRoot(kernel, storage.snapshotter.rootMount("one"), target);
      expect(() => readdirSync(join(target, "open"))).toThrow();
    });

    test("driverData() and layerData() name directories as Docker does", async () => {
      const top = await addLayers(2);
      await storage.snapshotter.createWritable("one", top);
      const at = (path: string) => join(home, "data/overlay2", path);
      expect(storage.snapshotter.driverData("one")).toEqual({
        LowerDir: `${at("2/diff")}:${at("1/diff")}`,
        UpperDir: at("3/diff"),
        WorkDir: at("3/work"),
        MergedDir: at("3/merged"),
      });
      expect(storage.snapshotter.layerData(top!).LowerDir).toBe(at("1/diff"));
      expect(storage.snapshotter.layerData(sha256("layer 1")).LowerDir).toBeUndefined();
      expect(statSync(storage.snapshotter.driverData("one").MergedDir!).isDirectory()).toBe(true);
    });
  });
});
