import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#base/clock.ts";
import { sha256 } from "#base/digest.ts";
import { cutAfter, type Fault, startTestRegistry } from "#registry/_testing/registry.ts";
import { Registries } from "#registry/registries.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { parseReference } from "#spec/reference.ts";
import { createContentStore } from "#storage/content/local.ts";
import { fetchBlob } from "./fetch-blob.ts";
import { Slots } from "./read-parts.ts";

const registry = await startTestRegistry();
const directory = mkdtempSync(join("/dev/shm", "blobs-"));
const content = createContentStore(directory, systemClock);
const clock = {
  now: () => Date.now(),
  sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(1, signal),
};
let stallTimeoutMs = 20_000;
const registries = new Registries(clock, () => ({
  insecureRegistries: [],
  certsDir: "/nonexistent",
  lookup: async () => [],
  userAgent: "test",
  stallTimeoutMs,
  maxAttempts: 3,
}));
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

const bytes = Buffer.alloc(300_000, "0123456789abcdef");
const descriptor = { mediaType: MEDIA_TYPE.ociLayer, digest: sha256(bytes), size: bytes.byteLength };

beforeEach(() => {
  content.delete(descriptor.digest);
  content.discardIngest(descriptor.digest);
  registry.blobs.set(descriptor.digest, { bytes, mediaType: MEDIA_TYPE.ociLayer });
  registry.fault = undefined;
  registry.requests.length = 0;
  stallTimeoutMs = 20_000;
});

function fetchIt(
  options: { signal?: AbortSignal; onProgress?: (bytes: number) => void } = {},
): Promise<void> {
  const repository = registries.open(parseReference(`${registry.address}/app`), { kind: "anonymous" });
  const deps = { repository, content, clock, maxAttempts: 3, extraConnections: new Slots(4) };
  return fetchBlob(deps, { descriptor, what: "app:1", ...options });
}

/** One fault for each request, in order; then none. */
function faults(...list: (Fault | undefined)[]): void {
  registry.fault = (request, response) => list.shift()?.(request, response) ?? false;
}

function watchedProgress() {
  let come = 0;
  const onProgress = (current: number) => {
    come = current;
  };
  return { onProgress, hasCome: (bytes: number) => come >= bytes };
}

const blobRequests = () => registry.requests.filter((line) => line.includes("/blobs/")).length;

test("fetchBlob() brings a blob and tells how far it is", async () => {
  const seen: number[] = [];
  await fetchIt({ onProgress: (current) => seen.push(current) });
  expect(content.info(descriptor.digest)?.sizeBytes).toBe(bytes.byteLength);
  expect(seen.at(-1)).toBe(bytes.byteLength);
});

test("fetchBlob() goes on where a connection was cut", async () => {
  const ranges: (string | undefined)[] = [];
  const { onProgress, hasCome } = watchedProgress();
  faults(cutAfter(100_000, bytes, hasCome), cutAfter(50_000, bytes, hasCome), (request) => {
    ranges.push(request.headers.range);
    return false;
  });
  await fetchIt({ onProgress });
  expect(ranges).toEqual(["bytes=150000-"]);
  expect(content.info(descriptor.digest)).toBeDefined();
});

test("fetchBlob() goes on after a registry fell silent", async () => {
  stallTimeoutMs = 200;
  faults((_request, response) => {
    response.writeHead(200, { "Content-Length": bytes.byteLength }).write(bytes.subarray(0, 1000));
    return true;
  });
  await fetchIt();
  expect(content.info(descriptor.digest)).toBeDefined();
});

test("fetchBlob() gives up after some tries that bring nothing, and keeps what came before", async () => {
  const hangUp: Fault = (request) => request.socket.destroy() && true;
  const { onProgress, hasCome } = watchedProgress();
  faults(cutAfter(100_000, bytes, hasCome), ...Array<Fault>(20).fill(hangUp));
  await expect(fetchIt({ onProgress })).rejects.toThrow("unexpected EOF");
  expect(content.abandonedIngests()).toMatchObject([{ key: descriptor.digest, sizeBytes: 100_000 }]);
});

test("fetchBlob() keeps the bytes of a cancelled download, and the next goes on from there", async () => {
  const abort = new AbortController();
  faults((_request, response) => {
    response.writeHead(200, { "Content-Length": bytes.byteLength }).write(bytes.subarray(0, 70_000));
    return true;
  });
  const onProgress = (current: number) => current === 70_000 && abort.abort();
  await expect(fetchIt({ signal: abort.signal, onProgress })).rejects.toMatchObject({ kind: "cancelled" });
  expect(content.abandonedIngests()).toMatchObject([{ sizeBytes: 70_000 }]);
  const ranges: (string | undefined)[] = [];
  faults((request) => ranges.push(request.headers.range) < 0);
  await fetchIt();
  expect(ranges).toEqual(["bytes=70000-"]);
});

test("fetchBlob() starts anew at a registry that does not know ranges", async () => {
  faults(cutAfter(1000, bytes), (_request, response) => {
    response.writeHead(200, { "Content-Length": bytes.byteLength }).end(bytes);
    return true;
  });
  await fetchIt();
  expect(content.info(descriptor.digest)).toBeDefined();
});

test("fetchBlob() names reference, expected and got when the content is wrong", async () => {
  const wrong = Buffer.alloc(bytes.byteLength, "x");
  registry.blobs.set(descriptor.digest, { bytes: wrong, mediaType: MEDIA_TYPE.ociLayer });
  const error: Error = await fetchIt().then(
    () => expect.unreachable(),
    (reason) => reason,
  );
  expect(error.message).toContain("app:1");
  expect(error.message).toContain(descriptor.digest);
  expect(error.message).toContain(sha256(wrong));
  expect(blobRequests()).toBe(1);
  expect(content.info(descriptor.digest)).toBeUndefined();
  expect(content.abandonedIngests()).toEqual([]);
});

test("fetchBlob() does not let another registry's wrong bytes spoil an honest download", async () => {
  {
    await using ingest = await content.ingest(descriptor.digest);
    await ingest.write(Buffer.alloc(5000, "poison"));
  }
  await fetchIt();
  expect(content.info(descriptor.digest)).toBeDefined();
});

test("fetchBlob() refuses a length that is not the manifest's, and more bytes than that", async () => {
  faults((_request, response) => response.writeHead(200, { "Content-Length": 5 }).end("short") && true);
  await expect(fetchIt()).rejects.toThrow(`announced 5 bytes for ${descriptor.digest}, expected 300000`);
  faults((_request, response) => response.writeHead(200).end(Buffer.concat([bytes, bytes])) && true);
  await expect(fetchIt()).rejects.toThrow("sent more");
});

test("fetchBlob() treats a proper but early end as a cut", async () => {
  faults((_request, response) => response.writeHead(200).end(bytes.subarray(0, 10)) && true);
  await fetchIt();
  expect(blobRequests()).toBe(2);
});
