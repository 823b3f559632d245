/** A registry's mirrors: order, fallback, and what none of them gets to see. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#base/clock.ts";
import { parseReference } from "#spec/reference.ts";
import { buildImage, sendJson, startTestRegistry } from "./_testing/registry.ts";
import type { Credentials } from "./credentials.ts";
import type { HostsOptions } from "./hosts.ts";
import { Registries } from "./registries.ts";

const image = await buildImage([["a"]]);
const certsDir = mkdtempSync(join(tmpdir(), "hosts-"));
afterAll(() => rmSync(certsDir, { recursive: true }));
const clock = {
  now: () => Date.now(),
  sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(1, signal),
};
const anonymous: Credentials = { kind: "anonymous" };

function open(domain: string, registries: HostsOptions["registries"], credentials: Credentials = anonymous) {
  const options = {
    insecureRegistries: [],
    registries,
    certsDir,
    lookup: async () => [],
    userAgent: "test",
    stallTimeoutMs: 2000,
    maxAttempts: 3,
  };
  return new Registries(clock, () => options).open(parseReference(`${domain}/team/app`), credentials);
}

function mirrored(origin: { address: string }, mirrors: readonly { address: string }[], fallback = true) {
  return {
    [origin.address]: { mirrors: mirrors.map(({ address }) => `http://${address}/`), fallback },
  };
}

test("a mirror that has it is asked, and told whose it is; the registry is left alone", async () => {
  await using origin = await startTestRegistry();
  await using mirror = await startTestRegistry();
  mirror.add("1", image);
  const repository = open(origin.address, mirrored(origin, [mirror]));
  expect((await repository.resolve("1"))?.digest).toBe(image.manifest.digest);
  expect((await repository.manifest("1")).descriptor.digest).toBe(image.manifest.digest);
  using blob = await repository.blob(image.config.digest, 0);
  expect(blob.status).toBe(200);
  expect(origin.requests).toEqual([]);
  const ns = `?ns=${encodeURIComponent(origin.address)}`;
  expect(mirror.requests[0]).toBe(`HEAD /v2/team/app/manifests/1${ns}`);
});

test("mirrors are asked in order, then the registry; one that is down is not asked twice", async () => {
  await using origin = await startTestRegistry();
  await using empty = await startTestRegistry();
  const down = { address: "127.0.0.1:1" };
  origin.add("1", image);
  const repository = open(origin.address, mirrored(origin, [down, empty]));
  expect((await repository.manifest("1")).descriptor.digest).toBe(image.manifest.digest);
  expect(empty.requests).toHaveLength(1);
  expect(origin.requests).toHaveLength(1);
  await repository.manifest("1");
  expect(empty.requests).toHaveLength(2);
});

test("a busy mirror is given up for the registry, which then comes first", async () => {
  await using origin = await startTestRegistry();
  await using busy = await startTestRegistry();
  origin.add("1", image);
  busy.fault = (_request, response) => {
    sendJson(response, 503, {});
    return true;
  };
  const repository = open(origin.address, mirrored(origin, [busy]));
  await repository.manifest("1");
  const asked = busy.requests.length;
  await repository.manifest("1");
  expect(busy.requests).toHaveLength(asked);
});

test("a mirror that lies about a digest is passed over", async () => {
  await using origin = await startTestRegistry();
  await using liar = await startTestRegistry();
  origin.add("1", image);
  const other = await buildImage([["b"]]);
  liar.blobs.set(image.manifest.digest, other.blobs.get(other.manifest.digest)!);
  const repository = open(origin.address, mirrored(origin, [liar]));
  const { bytes } = await repository.manifest(image.manifest.digest);
  expect(bytes).toEqual(image.blobs.get(image.manifest.digest)!.bytes);
});

test("without fallback the registry is never asked, and the mirror's word stands", async () => {
  await using origin = await startTestRegistry();
  await using mirror = await startTestRegistry();
  origin.add("1", image);
  const repository = open(origin.address, mirrored(origin, [mirror], false));
  await expect(repository.manifest("1")).rejects.toThrow("manifest unknown");
  expect(origin.requests).toEqual([]);
});

test("the user's credentials go to the registry and to no mirror", async () => {
  await using origin = await startTestRegistry();
  await using mirror = await startTestRegistry();
  origin.add("1", image);
  const challenge: typeof origin.fault = (request, response) => {
    if (request.headers.authorization !== undefined) return false;
    sendJson(response, 401, {}, { "WWW-Authenticate": 'Basic realm="x"' });
    return true;
  };
  origin.fault = challenge;
  mirror.fault = challenge;
  const credentials: Credentials = { kind: "password", username: "ann", password: "secret" };
  const repository = open(origin.address, mirrored(origin, [mirror]), credentials);
  await repository.manifest("1");
  expect(mirror.authorizations).toEqual([undefined]);
  expect(origin.authorizations.filter(Boolean)).toHaveLength(1);
});

test("hosts.toml names mirrors with a path, headers and capabilities; headers stay with their host", async () => {
  await using origin = await startTestRegistry();
  await using mirror = await startTestRegistry();
  await using storage = await startTestRegistry();
  origin.add("1", image);
  storage.add("1", image);
  const seen: (string | undefined)[] = [];
  mirror.fault = (request, response) => {
    seen.push(request.headers["x-key"] as string | undefined);
    response
      .writeHead(307, { Location: `http://${storage.address}${request.url!.replace("/prefix", "")}` })
      .end();
    return true;
  };
  let leaked: unknown;
  storage.fault = (request) => {
    leaked ??= request.headers["x-key"];
    return false;
  };
  writeHosts(
    origin.address,
    `server = "http://${origin.address}"
[host."http://${mirror.address}/prefix"]
capabilities = ["pull"]
[host."http://${mirror.address}/prefix".header]
x-key = "secret"`,
  );
  const repository = open(origin.address, undefined);
  expect((await repository.resolve("1"))?.digest).toBe(image.manifest.digest);
  expect(mirror.requests).toEqual([]); // it may not resolve
  await repository.manifest(image.manifest.digest);
  expect(mirror.requests[0]).toStartWith(`GET /prefix/v2/team/app/manifests/${image.manifest.digest}?ns=`);
  expect(seen).toEqual(["secret"]);
  expect(leaked).toBeUndefined();
  expect(storage.requests).toHaveLength(1);
});

test.each([
  ["nonsense = [", "it is no TOML"],
  ['[host."ftp://m.example"]', "is no HTTP address"],
  ['[host."https://m.example"]\nskip = true', 'skip of "https://m.example" is not supported'],
  ['[host."https://m.example"]\ncapabilities = ["fly"]', "must be a list of pull, resolve, push"],
  ['[host."https://ann:secret@m.example"]', "must be an address alone"],
  ['[host."https://m.example".header]\nx = "a\\r\\nb"', '"x" is no header'],
  ['[host."https://m.example"]\nclient = [["a","b"],["c","d"]]', "must be a path or one pair of paths"],
  ["skip_verify = true", "skip_verify is said of no server"],
])("the hosts.toml %j is refused by name", async (text, message) => {
  writeHosts("broken.example", text);
  const reason = await open("broken.example", undefined)
    .manifest("1")
    .catch((error: Error) => error.message);
  expect(reason).toContain(join(certsDir, "broken.example", "hosts.toml"));
  expect(reason).toContain(message);
  expect(reason).not.toContain("secret");
});

function writeHosts(domain: string, text: string): void {
  mkdirSync(join(certsDir, domain), { recursive: true });
  writeFileSync(join(certsDir, domain, "hosts.toml"), text);
}
