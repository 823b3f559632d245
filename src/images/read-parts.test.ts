import { afterAll, beforeEach, expect, test } from "bun:test";
import { systemClock } from "#base/clock.ts";
import { DigestMeter, sha256 } from "#base/digest.ts";
import { type Fault, startTestRegistry } from "#registry/_testing/registry.ts";
import { Registries } from "#registry/registries.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { parseReference } from "#spec/reference.ts";
import { PART_BYTES, readParts, Slots } from "./read-parts.ts";

const registry = await startTestRegistry();
const mirror = await startTestRegistry();
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await mirror[Symbol.asyncDispose]();
});
const clock = {
  now: () => Date.now(),
  sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(1, signal),
};
const bytes = new Uint8Array(5 * PART_BYTES + 1000).map((_, i) => (i * 7 + (i >> 12)) & 255);
const descriptor = { mediaType: MEDIA_TYPE.ociLayer, digest: sha256(bytes), size: bytes.byteLength };
const url = `/v2/app/blobs/${descriptor.digest}`;

beforeEach(() => {
  for (const each of [registry, mirror]) {
    each.blobs.set(descriptor.digest, { bytes, mediaType: MEDIA_TYPE.ociLayer });
    each.fault = undefined;
    each.requests.length = 0;
  }
});

async function readAll(
  options: {
    from?: number;
    slots?: number;
    mirrored?: boolean;
    signal?: AbortSignal;
    patienceMs?: number;
  } = {},
) {
  const registries = new Registries(clock, () => ({
    insecureRegistries: [],
    certsDir: "/nonexistent",
    lookup: async () => [],
    userAgent: "test",
    stallTimeoutMs: 20_000,
    maxAttempts: 3,
    registries: options.mirrored
      ? { [registry.address]: { mirrors: [`http://${mirror.address}/`], fallback: true } }
      : {},
  }));
  const repository = registries.open(parseReference(`${registry.address}/app`), { kind: "anonymous" });
  const extraConnections = new Slots(options.slots ?? 4);
  const deps = { repository, clock, maxAttempts: 3, extraConnections, patienceMs: options.patienceMs ?? 0 };
  const { from = 0, signal } = options;
  const meter = new DigestMeter();
  for await (const chunk of readParts(deps, { descriptor, what: "app:1", from, signal })) meter.update(chunk);
  const left = Array.from({ length: 5 }, () => extraConnections.tryTake()).filter(Boolean).length;
  return { digest: meter.digest(), bytes: meter.bytes, left };
}

test("readParts() reads a large blob in several parts at once, in order, and gives its connections back", async () => {
  const open = new Set<unknown>();
  let most = 0;
  registry.fault = async (request, response) => {
    if (!request.headers.range) return false;
    open.add(request);
    most = Math.max(most, open.size);
    response.on("close", () => open.delete(request));
    await Bun.sleep(20);
    return false;
  };
  expect(await readAll()).toEqual({ digest: descriptor.digest, bytes: bytes.byteLength, left: 4 });
  expect(registry.requests).toHaveLength(6);
  expect(most).toBeGreaterThan(1);
});

test("readParts() is content with one connection that is fast", async () => {
  const open = new Set<unknown>();
  let most = 0;
  registry.fault = (request, response) => {
    open.add(request);
    most = Math.max(most, open.size);
    response.on("close", () => open.delete(request));
    return false;
  };
  expect((await readAll({ patienceMs: 50_000 })).digest).toBe(descriptor.digest);
  expect(most).toBeLessThanOrEqual(2); // the last byte of one may be here before the registry sees its end
});

test("readParts() reads one part after the other when no connection is free", async () => {
  expect((await readAll({ slots: 0 })).digest).toBe(descriptor.digest);
  expect(registry.requests).toHaveLength(6);
});

test("readParts() goes on where it was left, with as many parts as are missing", async () => {
  const from = 2 * PART_BYTES - 5;
  expect((await readAll({ from: bytes.byteLength - 4 * PART_BYTES })).bytes).toBe(4 * PART_BYTES);
  expect((await readAll({ from })).digest).toBe(sha256(bytes.subarray(from)));
});

test("readParts() reads all at once from a registry that knows no ranges", async () => {
  const whole: Fault = (_request, response) => {
    response.writeHead(200, { "Content-Length": bytes.byteLength }).end(bytes);
    return true;
  };
  registry.fault = whole;
  expect((await readAll()).digest).toBe(descriptor.digest);
  expect(registry.requests).toEqual([`GET ${url}`]);
});

test("readParts() repairs a part that was cut, and leaves the others alone", async () => {
  let isCut = false;
  registry.fault = (request, response) => {
    if (isCut || !request.headers.range?.startsWith(`bytes=${2 * PART_BYTES}-`)) return false;
    isCut = true;
    response.writeHead(206, {
      "Content-Length": PART_BYTES,
      "Content-Range": `bytes ${2 * PART_BYTES}-${3 * PART_BYTES - 1}/${bytes.byteLength}`,
    });
    response.write(bytes.subarray(2 * PART_BYTES, 2 * PART_BYTES + 100_000), () =>
      setTimeout(() => response.socket?.destroy(), 5),
    );
    return true;
  };
  expect((await readAll()).digest).toBe(descriptor.digest);
  expect(registry.requests).toHaveLength(7);
});

test("readParts() takes what a mirror cannot give from the registry", async () => {
  mirror.fault = (request, response) => {
    if (request.headers.range?.startsWith("bytes=0-")) return false;
    response.writeHead(206, { "Content-Range": `bytes 5-9/${bytes.byteLength}` }).end("wrong");
    return true;
  };
  expect((await readAll({ mirrored: true })).digest).toBe(descriptor.digest);
  expect(registry.requests.length).toBeGreaterThan(0);
});

test("readParts() refuses a blob of another size and more bytes than were asked for", async () => {
  registry.fault = (_request, response) => {
    response.writeHead(206, { "Content-Range": `bytes 0-${PART_BYTES - 1}/${bytes.byteLength + 1}` }).end();
    return true;
  };
  await expect(readAll()).rejects.toThrow(`has ${bytes.byteLength + 1} bytes for ${descriptor.digest}`);
  registry.fault = (_request, response) => {
    response.writeHead(206, { "Content-Range": `bytes 0-${PART_BYTES - 1}/${bytes.byteLength}` }).end(bytes);
    return true;
  };
  await expect(readAll()).rejects.toThrow("sent more");
});

test("readParts() ends when it is cancelled, with all its parts", async () => {
  const abort = new AbortController();
  registry.fault = (request) => {
    if (request.headers.range?.startsWith("bytes=0-")) return false;
    abort.abort();
    return true; // never answers
  };
  await expect(readAll({ signal: abort.signal })).rejects.toMatchObject({ kind: "cancelled" });
});
