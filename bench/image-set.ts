/** The image the benchmarks pull: five layers made of this machine's own files, so that they compress as real ones do. */
import { createReadStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DigestMeter, sha256 } from "../src/base/digest.ts";
import { runOrThrow } from "../src/base/spawn.ts";
import { MEDIA_TYPE } from "../src/spec/oci/media-types.ts";

export interface ImageSet {
  readonly blobs: readonly BenchBlob[];
  readonly manifest: Uint8Array;
  readonly files: number;
  readonly compressedBytes: number;
  readonly unpackedBytes: number;
}

export interface BenchBlob {
  readonly digest: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/** Shares of the whole for each layer, a large base first as most images have it. */
const SHARES = [0.4, 0.28, 0.17, 0.1, 0.05];
const FILES = 18_000;
const BYTES = 600e6;
const LARGEST_FILE = 40 << 20;
const SOURCES = ["/usr/lib", "/usr/share", "/usr/bin", "/usr/include", "/usr/local"];

/** @param directory where the blobs are kept */
export async function makeImageSet(directory: string): Promise<ImageSet> {
  const chosen = await chooseFiles();
  let at = 0;
  const lists = SHARES.map((share, index) => {
    const end = index === SHARES.length - 1 ? chosen.length : at + Math.round(chosen.length * share);
    const list = chosen.slice(at, end);
    at = end;
    return list;
  });
  const layers = await Promise.all(lists.map((list, index) => makeLayer(directory, index, list)));
  return { ...(await describe(directory, layers)), files: chosen.length };
}

/** One layer of a single file that does not compress: how memory behaves under a large blob. */
export async function makeLargeImage(directory: string, bytes: number): Promise<ImageSet> {
  const files = join(directory, "large");
  mkdirSync(files, { recursive: true });
  await runOrThrow(["sh", "-c", `head -c ${bytes} /dev/urandom >"$0/blob"`, files]);
  const layer = await makeLayer(directory, "large", [join(files, "blob")], 1);
  await runOrThrow(["rm", "-r", files]);
  return { ...(await describe(directory, [layer])), files: 1 };
}

/** A whole system as one layer. @param rootfs tar of its root, as debootstrap makes it */
export async function makeRootfsImage(directory: string, rootfs: string): Promise<ImageSet> {
  mkdirSync(directory, { recursive: true });
  const tar = join(directory, "rootfs.tar");
  await runOrThrow(["cp", rootfs, tar]);
  const { stdout } = await runOrThrow(["sh", "-c", 'tar -tf "$0" | wc -l', tar]);
  return { ...(await describe(directory, [await compressed(tar, 6)])), files: Number(stdout) };
}

/** Spread evenly over the sources, until there are enough files or bytes. */
async function chooseFiles(): Promise<string[]> {
  const all = await listFiles();
  const step = Math.max(1, all.length / FILES);
  const chosen: string[] = [];
  let bytes = 0;
  for (let index = 0; index < all.length && chosen.length < FILES; index += step) {
    const file = all[Math.floor(index)]!;
    if (bytes + file.sizeBytes > BYTES) continue;
    bytes += file.sizeBytes;
    chosen.push(file.path);
  }
  return chosen;
}

async function listFiles(): Promise<{ path: string; sizeBytes: number }[]> {
  const { stdout } = await runOrThrow(["find", ...SOURCES, "-xdev", "-type", "f", "-printf", "%s %p\\n"]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ path: line.slice(line.indexOf(" ") + 1), sizeBytes: Number.parseInt(line, 10) }))
    .filter(({ sizeBytes }) => sizeBytes <= LARGEST_FILE)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Layer extends BenchBlob {
  readonly diffId: string;
  readonly tarBytes: number;
}

async function makeLayer(
  directory: string,
  name: string | number,
  files: readonly string[],
  level = 6,
): Promise<Layer> {
  mkdirSync(directory, { recursive: true });
  const tar = join(directory, `layer-${name}.tar`);
  await runOrThrow(["tar", "--no-recursion", "-P", "-cf", tar, "-T", "-"], { input: files.join("\n") });
  return await compressed(tar, level);
}

async function compressed(tar: string, level: number): Promise<Layer> {
  const { digest: diffId, bytes: tarBytes } = await digestOfFile(tar);
  await runOrThrow(["gzip", `-${level}`, "-n", tar]);
  const { digest, bytes: sizeBytes } = await digestOfFile(`${tar}.gz`);
  return { digest, path: `${tar}.gz`, sizeBytes, diffId, tarBytes };
}

async function describe(directory: string, layers: readonly Layer[]): Promise<Omit<ImageSet, "files">> {
  const config = JSON.stringify({
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    created: "2026-01-01T00:00:00Z",
    config: { Cmd: ["/bin/true"] },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const path = join(directory, `config-${layers[0]!.digest.slice(7, 19)}.json`);
  await Bun.write(path, config);
  const configBlob = { digest: sha256(config), path, sizeBytes: Buffer.byteLength(config) };
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.dockerManifest,
    config: { mediaType: MEDIA_TYPE.dockerConfig, digest: configBlob.digest, size: configBlob.sizeBytes },
    layers: layers.map(({ digest, sizeBytes }) => ({
      mediaType: MEDIA_TYPE.dockerLayerGzip,
      digest,
      size: sizeBytes,
    })),
  };
  return {
    blobs: [...layers, configBlob],
    manifest: Buffer.from(JSON.stringify(manifest)),
    compressedBytes: layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    unpackedBytes: layers.reduce((sum, { tarBytes }) => sum + tarBytes, 0),
  };
}

async function digestOfFile(path: string): Promise<{ digest: string; bytes: number }> {
  const meter = new DigestMeter();
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) meter.update(chunk);
  return { digest: meter.digest(), bytes: meter.bytes };
}

/** Puts an image into a registry, as any client would. */
export async function uploadImageSet(registry: string, name: string, set: ImageSet): Promise<void> {
  for (const { digest, path } of set.blobs) {
    const begun = await fetch(`${registry}/v2/${name}/blobs/uploads/`, { method: "POST" });
    const location = new URL(begun.headers.get("location")!, registry);
    location.searchParams.set("digest", digest);
    const put = await fetch(location, {
      method: "PUT",
      headers: { "Content-Type": "application/octet-stream" },
      body: Bun.file(path),
    });
    if (put.status !== 201) throw new Error(`upload of ${digest}: ${put.status} ${await put.text()}`);
  }
  const put = await fetch(`${registry}/v2/${name}/manifests/latest`, {
    method: "PUT",
    headers: { "Content-Type": MEDIA_TYPE.dockerManifest },
    body: set.manifest,
  });
  if (put.status !== 201) throw new Error(`upload of the manifest: ${put.status} ${await put.text()}`);
}
