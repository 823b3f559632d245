/** A registry for the tests of this folder: holds images in memory and can be told to misbehave. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Digest, sha256 } from "#base/digest.ts";
import { collectBytes } from "#base/streams.ts";
import { writeTar } from "#base/tar-write.ts";
import type { ImageConfig } from "#spec/oci/image.ts";
import type { Descriptor, Platform } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";

export interface Blob {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

export interface BuiltImage {
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly diffIds: readonly Digest[];
  readonly blobs: ReadonlyMap<Digest, Blob>;
}

/** @param files one layer for each list of names; the layer's bytes depend on the names alone */
export async function buildImage(
  files: readonly (readonly string[])[],
  options: {
    readonly platform?: Platform;
    readonly config?: Partial<ImageConfig>;
    readonly sizeBytes?: number;
  } = {},
): Promise<BuiltImage> {
  const blobs = new Map<Digest, Blob>();
  const add = (bytes: Uint8Array, mediaType: string): Descriptor => {
    const digest = sha256(bytes);
    blobs.set(digest, { bytes, mediaType });
    return { mediaType, digest, size: bytes.byteLength };
  };
  const tars = await Promise.all(files.map((names) => tarOf(names, options.sizeBytes)));
  const platform = options.platform ?? { os: "linux", architecture: "amd64" };
  const diffIds = tars.map((tar) => sha256(tar));
  const image: ImageConfig = {
    ...platform,
    created: "2026-01-01T00:00:00Z",
    config: { Cmd: ["/bin/sh"], Labels: { made: "by-test" } },
    history: files.map((names) => ({
      created: "2026-01-01T00:00:00Z",
      created_by: `COPY ${names.join(" ")} /`,
    })),
    ...options.config,
    rootfs: { type: "layers", diff_ids: diffIds },
  };
  const layers = tars.map((tar) => add(gzipSync(tar), MEDIA_TYPE.ociLayerGzip));
  const config = add(jsonBytes(image), MEDIA_TYPE.ociConfig);
  const manifest = add(
    jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config, layers }),
    MEDIA_TYPE.ociManifest,
  );
  return { manifest, config, layers, diffIds, blobs };
}

export function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

export async function tarOf(names: readonly string[], sizeBytes = 64): Promise<Uint8Array> {
  const members = names.map((name) => ({
    header: { name, type: "file" as const, mode: 0o644, sizeBytes },
    body: contentsOf(name, sizeBytes),
  }));
  return await collectBytes(writeTar(members), 1 << 30, "tar");
}

/** What a file of this name has in it: incompressible, so that a layer is about as large as its blob. */
export function contentsOf(name: string, sizeBytes = 64): Uint8Array {
  const pieces = Math.ceil(sizeBytes / 32);
  const hashes = Array.from({ length: pieces }, (_, i) =>
    Buffer.from(sha256(`${name} ${i}`).slice(7), "hex"),
  );
  return Buffer.concat(hashes).subarray(0, sizeBytes);
}

/** The image as an OCI layout, for programs that copy from directories. */
export async function writeLayout(directory: string, image: BuiltImage, tag: string): Promise<void> {
  const write = (name: string, bytes: Uint8Array) => Bun.write(join(directory, name), bytes);
  const annotations = { "org.opencontainers.image.ref.name": tag };
  await write("oci-layout", jsonBytes({ imageLayoutVersion: "1.0.0" }));
  await write("index.json", jsonBytes({ schemaVersion: 2, manifests: [{ ...image.manifest, annotations }] }));
  for (const [digest, { bytes }] of image.blobs) await write(`blobs/${digest.replace(":", "/")}`, bytes);
}

export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

export interface TestRegistry extends AsyncDisposable {
  /** "127.0.0.1:40000" */
  readonly address: string;
  /** "GET /v2/…", in the order they came. */
  readonly requests: string[];
  /** Authorization headers beside `requests`. */
  readonly authorizations: (string | undefined)[];
  readonly blobs: Map<Digest, Blob>;
  /** Tag to digest; of all repositories. */
  readonly tags: Map<string, Digest>;
  /** Asked before anything else; true: it has answered. */
  fault: Fault | undefined;
  add(tag: string, image: BuiltImage): void;
  addIndex(
    tag: string,
    images: readonly { readonly image: BuiltImage; readonly platform: Platform }[],
  ): Descriptor;
}

export async function startTestRegistry(): Promise<TestRegistry> {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const registry: TestRegistry = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    authorizations: [],
    blobs: new Map(),
    tags: new Map(),
    fault: undefined,
    add(tag, image) {
      for (const [digest, blob] of image.blobs) registry.blobs.set(digest, blob);
      registry.tags.set(tag, image.manifest.digest);
    },
    addIndex(tag, images) {
      for (const { image } of images) registry.add(tag, image);
      const manifests = images.map(({ image, platform }) => ({ ...image.manifest, platform }));
      const bytes = jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests });
      const digest = sha256(bytes);
      registry.blobs.set(digest, { bytes, mediaType: MEDIA_TYPE.ociIndex });
      registry.tags.set(tag, digest);
      return { mediaType: MEDIA_TYPE.ociIndex, digest, size: bytes.byteLength };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    registry.requests.push(`${request.method} ${request.url}`);
    registry.authorizations.push(request.headers.authorization);
    if (await registry.fault?.(request, response)) return;
    answer(registry, request, response);
  }
  return registry;
}

function answer(registry: TestRegistry, request: IncomingMessage, response: ServerResponse): void {
  const [, kind, name] = /^\/v2\/.+\/(manifests|blobs|tags)\/([^/?]+)/.exec(request.url ?? "") ?? [];
  const digest = registry.tags.get(name ?? "") ?? name ?? "";
  const blob = registry.blobs.get(digest);
  if (request.url === "/v2/") sendJson(response, 200, {});
  else if (kind === "tags") sendJson(response, 200, { name: "x", tags: [...registry.tags.keys()] });
  else if (blob) sendBlob(request, response, digest, blob);
  else sendJson(response, 404, { errors: [UNKNOWN[kind ?? ""] ?? { code: "UNSUPPORTED" }] });
}

const UNKNOWN: Readonly<Record<string, object>> = {
  blobs: { code: "BLOB_UNKNOWN", message: "blob unknown to registry" },
  manifests: { code: "MANIFEST_UNKNOWN", message: "manifest unknown" },
};

function sendBlob(
  request: IncomingMessage,
  response: ServerResponse,
  digest: Digest,
  { bytes, mediaType }: Blob,
): void {
  const { from, to, isPart } = rangeOf(request, bytes.byteLength);
  response.writeHead(isPart ? 206 : 200, {
    "Content-Type": mediaType,
    "Content-Length": to - from,
    "Docker-Content-Digest": digest,
    ...(isPart ? { "Content-Range": `bytes ${from}-${to - 1}/${bytes.byteLength}` } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : bytes.subarray(from, to));
}

function rangeOf(request: IncomingMessage, sizeBytes: number) {
  const [range, from, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  return { from: Number(from ?? 0), to: last ? Number(last) + 1 : sizeBytes, isPart: range !== undefined };
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
}

/**
 * Announces everything, sends `count` bytes from where the request asks, and hangs up.
 * @param hasCome waited for before hanging up: what the other side has not read yet may be lost with the connection
 */
export function cutAfter(
  count: number,
  blob: Uint8Array,
  hasCome: (bytes: number) => boolean = () => true,
): Fault {
  return (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, {
      "Content-Length": blob.byteLength - from,
      ...(from > 0 ? { "Content-Range": `bytes ${from}-${blob.byteLength - 1}/${blob.byteLength}` } : {}),
    });
    response.write(blob.subarray(from, from + count), async () => {
      do await Bun.sleep(5);
      while (!hasCome(from + count));
      response.socket?.destroy();
    });
    return true;
  };
}
