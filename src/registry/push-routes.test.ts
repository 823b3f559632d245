/** Where a push goes when a registry has a hosts.toml, and what that place is shown. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#base/clock.ts";
import { parseReference } from "#spec/reference.ts";
import { buildImage, startTestRegistry, type TestRegistry } from "./_testing/registry.ts";
import { makeWritable } from "./_testing/writable.ts";
import type { Credentials } from "./credentials.ts";
import type { PushRepository } from "./push-repository.ts";
import { Registries } from "./registries.ts";
import { uploadBlob } from "./upload-blob.ts";

const image = await buildImage([["a"]]);
const certsDir = mkdtempSync(join(tmpdir(), "hosts-"));
afterAll(() => rmSync(certsDir, { recursive: true }));
const ann: Credentials = { kind: "password", username: "ann", password: "secret" };

function writeHosts({ address }: TestRegistry, text: string): void {
  mkdirSync(join(certsDir, address), { recursive: true });
  writeFileSync(join(certsDir, address, "hosts.toml"), text);
}

function openForPush({ address }: TestRegistry, mirrors: readonly string[] = []): PushRepository {
  const options = {
    insecureRegistries: [],
    registries: { [address]: { mirrors, fallback: false } },
    certsDir,
    lookup: async () => [],
    userAgent: "test",
    stallTimeoutMs: 2000,
    maxAttempts: 3,
  };
  const registries = new Registries(systemClock, () => options);
  return registries.openForPush(parseReference(`${address}/team/app`), ann);
}

async function pushAll(repository: PushRepository): Promise<void> {
  await repository.check();
  for (const { digest, size } of [...image.layers, image.config]) {
    const { bytes } = image.blobs.get(digest)!;
    async function* open(offset: number, end: number) {
      yield bytes.subarray(offset, end);
    }
    await uploadBlob({ repository, clock: systemClock, maxAttempts: 2 }, { digest, sizeBytes: size, open });
  }
  const { bytes } = image.blobs.get(image.manifest.digest)!;
  await repository.putManifest("1", image.manifest, bytes);
}

test("a push goes to the first host of hosts.toml that takes pushes, below its path, without the user's credentials", async () => {
  await using origin = await startTestRegistry();
  await using readOnly = await startTestRegistry();
  await using writable = await startTestRegistry();
  const asked = makeWritable(writable);
  const seen: (string | undefined)[] = [];
  asked.fault = (request) => {
    expect(request.headers.authorization).toBeUndefined();
    seen.push(request.headers["x-key"] as string | undefined);
    expect(request.url).toStartWith("/prefix/");
    request.url = request.url!.slice("/prefix".length);
    return false;
  };
  asked.locationBase = `http://${writable.address}/prefix`;
  writeHosts(
    origin,
    `server = "http://${origin.address}"
[host."http://${readOnly.address}"]
capabilities = ["pull", "resolve"]
[host."http://${writable.address}/prefix"]
[host."http://${writable.address}/prefix".header]
x-key = "k"`,
  );
  await pushAll(openForPush(origin, [`http://${readOnly.address}`]));
  expect(writable.tags.get("1")).toBe(image.manifest.digest);
  expect(new Set(seen)).toEqual(new Set(["k"]));
  expect([...origin.requests, ...readOnly.requests]).toEqual([]);
});

test("a push goes to the registry itself, with the user's credentials, when no mirror takes pushes", async () => {
  await using origin = await startTestRegistry();
  await using mirror = await startTestRegistry();
  makeWritable(origin).fault = (request, response) => {
    if (request.headers.authorization) return false;
    request.resume();
    response.writeHead(401, { "WWW-Authenticate": 'Basic realm="r"' }).end();
    return true;
  };
  writeHosts(origin, `[host."http://${mirror.address}"]\ncapabilities = ["pull"]`);
  await pushAll(openForPush(origin, [`http://${mirror.address}`]));
  expect(origin.tags.get("1")).toBe(image.manifest.digest);
  expect(mirror.requests).toEqual([]);
});

test("a push is refused by name when hosts.toml lets nobody take it", async () => {
  await using origin = await startTestRegistry();
  writeHosts(origin, `server = "http://${origin.address}"\ncapabilities = ["pull", "resolve"]`);
  await expect(openForPush(origin).check()).rejects.toThrow(
    `cannot push to ${origin.address}: no host in ${join(certsDir, origin.address)}/hosts.toml takes pushes`,
  );
  expect(origin.requests).toEqual([]);
});
