import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { type FileHandle, open as openFile } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, sha256 } from "#base/digest.ts";
import { TarParser } from "#base/tar-read.ts";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createKernel } from "#kernel/linux.ts";
import { testSnapshotter } from "../../../test/suites/snapshotter.ts";
import { archive, directory, hardlink, type Item, symlink } from "../_testing/archives.ts";
import { storageOpener } from "../_testing/driver-storage.ts";
import { temporaryFileSystem } from "../_testing/file-systems.ts";
import { listDirectory } from "../_testing/list-directory.ts";
import { listImage } from "../_testing/read-image.ts";
import { DATA_OFFSET } from "../erofs/format.ts";
import { readDescription } from "../erofs/image-description.ts";
import { ImageWriter } from "../erofs/image-writer.ts";
import { sealOf, verifyImage } from "../erofs/verify-image.ts";
import { DEFAULT_BOUNDS } from "../layer/bounds.ts";
import { chainOnto } from "../layer/chain-id.ts";
import type { Storage } from "../storage.ts";
import { mountRoot, unmountRoot } from "./mounts.ts";
import { DRIVER_PROBES } from "./probes.ts";

hermetic(import.meta.path, () => {
  const kernel = createKernel();
  // tmpfs cannot be read the way EROFS reads the file below it
  const base = temporaryFileSystem("ext4");
  const reason = base
    ? DRIVER_PROBES.erofs.trouble({ kernel, directory: base })
    : "no mkfs.ext4 or loop device";

  describe.skipIf(reason !== undefined)(`where EROFS can be mounted from files (${reason ?? "here"})`, () => {
    const open = storageOpener("erofs", kernel);
    testSnapshotter("erofs", kernel, open, base);

    let home: string;
    let storage: Storage;
    beforeEach(() => {
      home = mkdtempSync(join(base!, "erofs-"));
      storage = open(join(home, "data"));
      mkdirSync(join(home, "root"));
    });
    afterEach(async () => {
      unmountRoot(kernel, join(home, "root"));
      await storage.close();
      rmSync(home, { recursive: true });
    });

    async function addLayer(parent: Digest | undefined, ...items: Item[]): Promise<Digest> {
      const { snapshotter, unpacker, content } = storage;
      const source = content.path(await content.put(archive(...items)));
      const prepared = await snapshotter.prepareLayer(parent);
      const { diffId, sizeBytes } = await unpacker.unpack({ source, prepared });
      const chainId = chainOnto(parent, diffId);
      await snapshotter.commitLayer(prepared, { chainId, diffId, parent, sizeBytes });
      return chainId;
    }

    const imageOf = (chainId: Digest) => join(storage.snapshotter.layerHome(chainId), "layer.erofs");

    const oddities: Item[] = [
      directory("d", { mode: 0o2770, uid: 70_000, gid: 100_000 }),
      { name: "d/f", text: "x".repeat(5000), mtime: { seconds: 1e9, nanos: 7 } },
      hardlink("d/g", "d/f"),
      symlink("s", "d/f"),
      symlink("long", "t/".repeat(900)),
      { name: "null", type: "character", mode: 0o666, deviceMajor: 1, deviceMinor: 3 },
      { name: "note", text: "1", xattrs: new Map([["user.note", Buffer.from("n".repeat(700))]]) },
      ...Array.from({ length: 300 }, (_, i) => ({
        name: `many/${"n".repeat(i % 200)}${i}`,
        text: String(i),
      })),
    ];

    test("the kernel sees in an image what our reader does", async () => {
      const top = await addLayer(undefined, ...oddities);
      await storage.snapshotter.createWritable("one", top);
      const [lower] = storage.snapshotter.rootMount("one").lower;
      const seen = listDirectory(lower!);
      expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(listImage(imageOf(top))));
      expect(seen.size).toBe(309);
    });

    test("127 images can be mounted on top of each other", async () => {
      let top: Digest | undefined;
      for (let i = 1; i <= 127; i++) {
        const prepared = await storage.snapshotter.prepareLayer(top);
        const tar = archive({ name: `file-${i}`, text: String(i) }, { name: "all", text: String(i) });
        fill(prepared.image!, tar);
        const chainId = sha256(`layer ${i}`);
        await storage.snapshotter.commitLayer(prepared, {
          chainId,
          diffId: sha256(tar),
          parent: top,
          sizeBytes: 0,
        });
        top = chainId;
      }
      await storage.snapshotter.createWritable("deep", top);
      mountRoot(kernel, storage.snapshotter.rootMount("deep"), join(home, "root"));
      expect(readdirSync(join(home, "root"))).toHaveLength(128);
      expect(readFileSync(join(home, "root/all"), "utf8")).toBe("127");
      expect(readFileSync(join(home, "root/file-1"), "utf8")).toBe("1");
    });

    test("a container goes on when the daemon lets go of the images, and the next one finds them", async () => {
      const top = await addLayer(undefined, { name: "file", text: "image" });
      await storage.snapshotter.createWritable("one", top);
      mountRoot(kernel, storage.snapshotter.rootMount("one"), join(home, "root"));
      await storage.close();
      expect(kernel.mounts.list().filter(({ fsType }) => fsType === "erofs")).toEqual([]);
      expect(readFileSync(join(home, "root/file"), "utf8")).toBe("image");
      const next = open(join(home, "data"));
      const [lower] = next.snapshotter.rootMount("one").lower;
      expect(readdirSync(lower!)).toEqual(["file"]);
    });

    test("attributes of a directory the layer does not describe come from below", async () => {
      const note = new Map([["user.note", Buffer.from("below")]]);
      const bottom = await addLayer(undefined, directory("d", { mode: 0o711, uid: 9, xattrs: note }));
      const top = await addLayer(bottom, { name: "d/new", text: "x" });
      expect(listImage(imageOf(top)).get("d")).toMatchObject({
        mode: 0o40711,
        uid: 9,
        xattrs: { "user.note": Buffer.from("below").toString("base64") },
      });
      const large = new Map([["user.note", Buffer.alloc(300)]]);
      const wide = await addLayer(undefined, directory("d", { xattrs: large }));
      expect(addLayer(wide, { name: "d/new", text: "y" })).rejects.toThrow(
        "can be taken over into an EROFS image",
      );
    });

    test("an image is verified: every byte of it counts", async () => {
      const path = join(home, "image");
      const tar = Buffer.concat([sparseArchive(), archive(...oddities)]);
      fill(path, tar);
      const description = readDescription(path);
      const seal = await withFile(path, (file) => sealOf(file, description));
      const isRight = () => verifyImage({ image: path, diffId: sha256(tar), seal });
      expect(await isRight()).toBe(true);
      const { metadataOffset, metadataBytes, archiveBytes } = description;
      const last = DATA_OFFSET + archiveBytes - 1;
      for (const at of [1024, DATA_OFFSET, last, metadataOffset + 70, metadataOffset + metadataBytes]) {
        flip(path, at);
        expect(await isRight()).toBe(false);
        flip(path, at);
      }
      expect(await isRight()).toBe(true);
      truncateSync(path, metadataOffset);
      expect(await isRight()).toBe(false);
    });

    /** Without its end mark, so that more can follow. */
    function sparseArchive(): Buffer {
      const script = `cd ${home}; truncate -s 9000000 sparse; printf begin | dd of=sparse conv=notrunc status=none; tar -cSf - sparse`;
      const { stdout } = Bun.spawnSync(["sh", "-c", script]);
      let end = stdout.byteLength;
      while (stdout[end - 1] === 0) end--;
      return stdout.subarray(0, Math.ceil(end / 512) * 512);
    }

    function fill(image: string, tar: Uint8Array): void {
      using writer = new ImageWriter(image, { bounds: DEFAULT_BOUNDS, dataOffset: () => parser.offset });
      const parser: TarParser = new TarParser(writer);
      writer.archive(tar);
      parser.push(tar);
      parser.finish();
      writer.finish();
    }

    test("a full disk is the host's trouble and says so", async () => {
      const blob = join(home, "blob");
      writeFileSync(blob, archive({ name: "big", text: "x".repeat(4 << 20) }));
      const small = join(home, "small");
      mkdirSync(small);
      Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", small]);
      try {
        const prepared = {
          key: "1",
          directory: small,
          whiteouts: "overlay",
          image: join(small, "image"),
        } as const;
        const error = await storage.unpacker.unpack({ source: blob, prepared }).catch((thrown) => thrown);
        expect(error.kind).toBe("internal");
        expect(error.hint).toContain("free disk space");
      } finally {
        Bun.spawnSync(["umount", small]);
      }
    });
  });
});

async function withFile<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  await using file = await openFile(path, "r");
  return await work(file);
}

function flip(path: string, at: number): void {
  const fd = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, at);
  writeSync(fd, Uint8Array.of(byte[0]! ^ 0xff), 0, 1, at);
  closeSync(fd);
}
