import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "#base/digest.ts";
import { type BuiltImage, buildImage, jsonBytes } from "#registry/_testing/registry.ts";
import type { ProgressLine } from "#spec/docker/images.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { copyImage } from "./copy.ts";
import { directoryFiles, LayoutSource } from "./layout-source.ts";
import { LayoutDestination } from "./layout-writer.ts";
import type { CopyDestination, CopySource } from "./types.ts";

const amd64 = await buildImage([["a"], ["b"]]);
const arm64 = await buildImage([["a"], ["arm"]], { platform: { os: "linux", architecture: "arm64" } });
const indexBytes = jsonBytes({
  schemaVersion: 2,
  mediaType: MEDIA_TYPE.ociIndex,
  manifests: [
    { ...amd64.manifest, platform: { os: "linux", architecture: "amd64" } },
    { ...arm64.manifest, platform: { os: "linux", architecture: "arm64" } },
  ],
});
const index: Descriptor = {
  mediaType: MEDIA_TYPE.ociIndex,
  digest: sha256(indexBytes),
  size: indexBytes.byteLength,
};

function sourceOf(root: Descriptor, images: readonly BuiltImage[]): CopySource {
  const blobs = new Map(
    images.flatMap(({ blobs }) => [...blobs].map(([digest, { bytes }]) => [digest, bytes])),
  );
  blobs.set(index.digest, indexBytes);
  const document = async (descriptor: Descriptor) => ({ descriptor, bytes: blobs.get(descriptor.digest)! });
  return {
    root: () => document(root),
    document,
    async *read({ digest }, offset, end) {
      yield blobs.get(digest)!.subarray(offset, end);
    },
    async [Symbol.asyncDispose]() {},
  };
}

function recordingDestination(has: readonly string[] = []) {
  const steps: string[] = [];
  const destination: CopyDestination = {
    missing: async (blobs) => blobs.filter(({ digest }) => !has.includes(digest)),
    put: async ({ blob }) => {
      steps.push(`blob ${blob.digest}`);
      return "Copied";
    },
    putDocument: async ({ descriptor }, isRoot) =>
      void steps.push(`${isRoot ? "root" : "document"} ${descriptor.digest}`),
    finish: async ({ digest }) => void steps.push(`finish ${digest}`),
    async [Symbol.asyncDispose]() {},
  };
  return { steps, destination };
}

const here = { os: "linux", architecture: "amd64" };

test("copyImage() sends blobs that are missing, then what names them, the root last", async () => {
  const { steps, destination } = recordingDestination([amd64.layers[0]!.digest]);
  const lines: ProgressLine[] = [];
  const root = await copyImage({
    source: sourceOf(index, [amd64, arm64]),
    destination,
    platforms: "all",
    emit: (line) => lines.push(line),
  });
  expect(root).toEqual(index);
  expect(steps.filter((step) => step.startsWith("blob")).toSorted()).toEqual(
    [amd64.layers[1]!, arm64.layers[1]!, amd64.config, arm64.config]
      .map(({ digest }) => `blob ${digest}`)
      .toSorted(),
  );
  expect(steps.slice(-4)).toEqual([
    `document ${amd64.manifest.digest}`,
    `document ${arm64.manifest.digest}`,
    `root ${index.digest}`,
    `finish ${index.digest}`,
  ]);
  expect(lines.filter(({ status }) => status === "Already there")).toHaveLength(1);
});

test("copyImage() takes one platform out of an index", async () => {
  const { steps, destination } = recordingDestination();
  const source = sourceOf(index, [amd64, arm64]);
  const root = await copyImage({ source, destination, platforms: here, emit: () => {} });
  expect(root.digest).toBe(amd64.manifest.digest);
  expect(steps).not.toContain(`blob ${arm64.config.digest}`);
});

test("copyImage() names nothing when a blob fails", async () => {
  const { steps, destination } = recordingDestination();
  const failing = { ...destination, put: () => Promise.reject(new Error("no room")) };
  const copying = copyImage({
    source: sourceOf(amd64.manifest, [amd64]),
    destination: failing,
    platforms: here,
    emit: () => {},
  });
  await expect(copying).rejects.toThrow("no room");
  expect(steps).toEqual([]);
});

test("a layout refuses content that is not what its digest says, and keeps nothing of it", async () => {
  const directory = mkdtempSync("/dev/shm/layout-");
  try {
    const honest = sourceOf(amd64.manifest, [amd64]);
    const lying: CopySource = {
      ...honest,
      async *read(blob) {
        yield new Uint8Array(blob.size);
      },
    };
    const destination = new LayoutDestination(directory, {});
    const request = { destination, platforms: here, emit: () => {} } as const;
    await expect(copyImage({ ...request, source: lying })).rejects.toThrow("wrong content for sha256:");
    expect(readdirSync(join(directory, "blobs/sha256"))).toEqual([]);
    const root = await copyImage({ ...request, source: honest });
    const copied = await new LayoutSource(directoryFiles(directory), undefined).root();
    expect(copied.descriptor).toEqual(root);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
