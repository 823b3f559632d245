/** A storage of small parts for the tests of this folder: a real content store, layers that are only remembered. */
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#base/clock.ts";
import { decompress } from "#base/compress.ts";
import { type Digest, DigestMeter } from "#base/digest.ts";
import { Conflict, InvalidArgument } from "#base/errors.ts";
import { silentLog } from "#base/log.ts";
import { readTar } from "#base/tar-read.ts";
import type { NewEvent } from "#events/types.ts";
import type { ProgressLine } from "#spec/docker/images.ts";
import { openMemoryState } from "#state/memory.ts";
import { HELPER_COMMAND } from "#storage/_testing/helper.ts";
import { createContentStore } from "#storage/content/local.ts";
import { createLeases, openLeaseRecords } from "#storage/gc/leases.ts";
import { collectGarbage as collectFrom, planGarbage as planFrom } from "#storage/gc/sweep.ts";
import { createLayerCompressor } from "#storage/layer/compressor.ts";
import type { Storage } from "#storage/storage.ts";
import type { GrowingBlob, LayerInfo, LayerUnpacker, PreparedLayer, Snapshotter } from "#storage/types.ts";
import { createImages } from "../images.ts";
import type { ImagesOptions } from "../options.ts";
import type { ImageUsers } from "../types.ts";

export interface TestImagesOptions {
  readonly options?: Partial<ImagesOptions>;
  readonly users?: ImageUsers;
  readonly unpacker?: LayerUnpacker;
  readonly host?: { readonly os: string; readonly architecture: string; readonly variant?: string };
}

export type TestImages = ReturnType<typeof createTestImages>;

/** Images over a store in memory and a directory of its own; dispose it at the end of the test. */
export function createTestImages(overrides: TestImagesOptions = {}) {
  const directory = mkdtempSync(join("/dev/shm", "images-"));
  const content = createContentStore(directory, systemClock);
  const snapshotter = createFakeSnapshotter();
  const state = openMemoryState();
  const leases = createLeases(openLeaseRecords(state), systemClock);
  const emitted: NewEvent[] = [];
  const collectGarbage: Storage["collectGarbage"] = (roots) =>
    collectFrom({ content, snapshotter, leases }, roots);
  const planGarbage: Storage["planGarbage"] = (roots) => planFrom({ content, snapshotter, leases }, roots);
  const deps = {
    state,
    storage: {
      content,
      snapshotter,
      unpacker: overrides.unpacker ?? fakeUnpacker,
      compressor: createLayerCompressor({ helperCommand: HELPER_COMMAND }),
      leases,
      collectGarbage,
      planGarbage,
    },
    events: { emit: (event: NewEvent) => void emitted.push(event) },
    users: overrides.users ?? { usersOf: () => [], countFor: () => 0 },
    clock: {
      now: () => Date.now(),
      sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(1, signal),
    },
    log: silentLog,
    host: overrides.host ?? { os: "linux", architecture: "amd64" },
    options: withGetters({ certsDir: "/nonexistent", stallTimeoutMs: 20_000 }, overrides.options),
  };
  const images = createImages(deps);
  const close = async () => {
    await images.close();
    rmSync(directory, { recursive: true });
  };
  return {
    images,
    content,
    snapshotter,
    leases,
    emitted,
    directory,
    restart: () => createImages(deps),
    [Symbol.asyncDispose]: close,
  };
}

/** Options may be getters, as the daemon gives them. */
function withGetters(defaults: Partial<ImagesOptions>, own: Partial<ImagesOptions> = {}) {
  return Object.defineProperties(defaults, Object.getOwnPropertyDescriptors(own)) as Partial<ImagesOptions>;
}

function createFakeSnapshotter() {
  const layers = new Map<Digest, LayerInfo>();
  const prepared = new Set<string>();
  let next = 0;
  const fake = {
    name: "fake",
    status: [],
    independentLayers: true,
    prepared,
    async prepareLayer(): Promise<PreparedLayer> {
      const key = `prepared-${next++}`;
      prepared.add(key);
      return { key, directory: `/nowhere/${key}`, whiteouts: "overlay" };
    },
    async commitLayer(layer: PreparedLayer, info: Omit<LayerInfo, "createdAtMs">): Promise<LayerInfo> {
      if (info.parent && !layers.has(info.parent)) throw new Error(`parent ${info.parent} is not committed`);
      prepared.delete(layer.key);
      layers.set(info.chainId, { ...info, createdAtMs: 0 });
      return layers.get(info.chainId)!;
    },
    async discardLayer(layer: PreparedLayer): Promise<void> {
      prepared.delete(layer.key);
    },
    layer: (chainId: Digest) => layers.get(chainId),
    layers: () => [...layers.values()],
    writableParents: () => [],
    async removeLayer(chainId: Digest): Promise<void> {
      if (fake.layers().some(({ parent }) => parent === chainId)) throw new Conflict("a layer stands on it");
      layers.delete(chainId);
    },
  };
  return fake as unknown as Snapshotter & Pick<typeof fake, "prepared">;
}

function isWhole(growing: GrowingBlob, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    growing.follow((_bytes, isComplete) => isComplete && resolve());
  });
}

/** Reads the whole layer and checks its digest, but writes no files. */
export const fakeUnpacker: LayerUnpacker = {
  async unpack({ source, growing, expectedDiffId, progress, signal }) {
    if (growing) await isWhole(growing, signal);
    const blob = new DigestMeter();
    const plain = new DigestMeter();
    async function* plainBytes() {
      async function* blobBytes() {
        for await (const chunk of createReadStream(source)) {
          blob.update(chunk as Uint8Array);
          progress?.({ currentBytes: blob.bytes });
          yield chunk as Uint8Array;
        }
      }
      for await (const chunk of decompress(blobBytes())) {
        plain.update(chunk);
        yield chunk;
      }
    }
    let sizeBytes = 0;
    let entries = 0;
    const bytes = plainBytes();
    for await (const { entry } of readTar(bytes)) {
      sizeBytes += entry.sizeBytes;
      entries += 1;
    }
    for await (const _rest of bytes); // what follows the end mark belongs to the digest
    const diffId = plain.digest();
    if (expectedDiffId && expectedDiffId !== diffId)
      throw new InvalidArgument(`layer has the diffID ${diffId} instead of ${expectedDiffId}`);
    return { diffId, sizeBytes, entries };
  },
};

export async function linesOf(stream: AsyncIterable<ProgressLine>): Promise<ProgressLine[]> {
  return await Array.fromAsync(stream);
}

/** The same stream, shown to `see` as it goes by. */
export async function* tapped(
  stream: AsyncIterable<ProgressLine>,
  see: (line: ProgressLine) => void,
): AsyncGenerator<ProgressLine> {
  for await (const line of stream) {
    see(line);
    yield line;
  }
}

/** Lines as `docker` shows them without a terminal: "id: status" or the stream's text. */
export async function textOf(stream: AsyncIterable<ProgressLine>): Promise<string[]> {
  const lines = await linesOf(stream);
  return lines
    .filter(({ progress }) => progress === undefined)
    .map(
      ({ id, status, stream: text, error }) =>
        error ?? text?.trimEnd() ?? (id ? `${id}: ${status}` : status!),
    );
}
