/** Pulls from registries that break, lie, or are in the wrong hands; the stock client asks. */
import { beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildImage, contentsOf, writeLayout } from "#registry/_testing/registry.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { type FaultProxy, startFaultProxy } from "../helpers/fault-proxy.ts";
import { type Registry, startRegistry } from "../helpers/registry.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const LAYER_BYTES = 3_000_000;
const small = await buildImage([["small"]]);
const large = await buildImage([["first"], ["second"]], { sizeBytes: LAYER_BYTES });
const [firstLayer, secondLayer] = large.layers.map(({ digest }) => digest) as [string, string];
let registry: Registry;
let proxy: FaultProxy;

beforeAll(async () => {
  registry = await startRegistry(daemon().machine);
  proxy = await startFaultProxy(daemon().machine, 6000, registry.address);
  await push(small, "app:small");
  await push(large, "app:large");
});

const outside = (path: string) => daemon().machine.outside(join(daemon().machine.directory, path));

async function push(image: typeof small, name: string): Promise<void> {
  const directory = name.replace(":", "-");
  mkdirSync(outside(directory), { recursive: true });
  await writeLayout(outside(directory), image, "it");
  await daemon().machine.text([
    ...["skopeo", "--insecure-policy", "copy", "-q", "--dest-tls-verify=false"],
    `oci:${join(daemon().machine.directory, directory)}:it`,
    `docker://${registry.address}/${name}`,
  ]);
}

const reference = (tag: string) => `${proxy.address}/app:${tag}`;
const pull = (tag: string) => daemon().docker("pull", reference(tag));

/** What a failed pull must not leave: an image, an unfinished layer, bytes that were wrong. They go in the background. */
async function expectNothing(tag: string): Promise<void> {
  expect(await docker("images", "-q", reference(tag))).toBe("");
  const find = ["find", `${daemon().dataRoot}/content/ingest`, "-type", "f", "-size", "+0"];
  await until(
    "gone",
    async () => (await daemon().machine.run(find)).stdout,
    (files) => files === "",
  );
}

async function blobRequests(digest: string) {
  return (await proxy.requests()).filter(({ line }) => line.includes(`/blobs/${digest}`));
}

async function removeAll(...tags: string[]): Promise<void> {
  await docker("rmi", ...tags.map(reference));
}

/** Waits until so many bytes of the unfinished first layer are in the store. */
async function untilBytesCome(bytes: number): Promise<void> {
  const files = `${daemon().dataRoot}/content/ingest/*${firstLayer.slice("sha256:".length)}`;
  for (let tries = 0; tries < 2000; tries++) {
    const script = `cat ${files} 2>/dev/null | wc -c`;
    if (Number((await daemon().machine.run(["sh", "-c", script])).stdout) >= bytes) return;
    await Bun.sleep(20);
  }
  throw new Error("the download does not begin");
}

test("a pull whose connections are cut goes on from the bytes it has", async () => {
  await proxy.set(
    { match: firstLayer, cutAfter: 1_500_000, times: 2 },
    { match: secondLayer, cutAfter: 10, times: 1 },
  );
  expect((await pull("large")).stdout).toContain("Status: Downloaded newer image");
  const ranges = (await blobRequests(firstLayer)).map(({ range }) => range);
  expect(ranges[0]).toBeUndefined();
  expect(ranges.length).toBeGreaterThan(1);
  expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d+-$/.test(range ?? ""))).toBe(true);
  const { Data } = JSON.parse(
    await docker("image", "inspect", "-f", "{{json .GraphDriver}}", reference("large")),
  );
  const file = readFileSync(daemon().machine.outside(join(Data.UpperDir, "second")));
  expect(file.equals(contentsOf("second", LAYER_BYTES))).toBe(true);
  await removeAll("large");
});

test("a pull goes on after its client has gone, and after the daemon was killed", async () => {
  const { machine } = daemon();
  for (const stop of ["client", "daemon"] as const) {
    await proxy.set({ match: firstLayer, bytesPerSecond: 1_000_000 });
    const script = `docker -H unix://${daemon().socket} pull ${reference("large")} >/dev/null 2>&1 & echo $!`;
    const client = (await machine.text(["sh", "-c", script])).trim();
    await untilBytesCome(500_000);
    if (stop === "daemon") await daemon().kill();
    await machine.run(["kill", "-9", client]);
    if (stop === "daemon") await daemon().start();
    // A pull that comes while the daemon has not seen yet that the client is gone would join the old fetch.
    await until("the fetch has ended", proxy.open, (count) => count === 0);
    await proxy.set();
    expect((await pull("large")).stdout).toContain("Status: Downloaded newer image");
    const [request] = await blobRequests(firstLayer);
    expect(request?.range).toMatch(/^bytes=[1-9]\d+-$/);
    await removeAll("large");
  }
});

test("two clients that pull the same image share one fetch, and both see bars", async () => {
  await proxy.set({ match: firstLayer, bytesPerSecond: 1_500_000 });
  const stream = async () => {
    const { text } = await daemon().api(
      "POST",
      `/images/create?fromImage=${encodeURIComponent(`${proxy.address}/app`)}&tag=large`,
    );
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };
  const first = stream();
  await until(
    "asked for",
    () => blobRequests(firstLayer),
    (asked) => asked.length > 0,
  );
  const both = await Promise.all([first, stream()]);
  expect(await blobRequests(firstLayer)).toHaveLength(1);
  for (const lines of both) {
    const bars = lines.filter(({ status }) => status === "Downloading");
    expect(bars.length).toBeGreaterThan(0);
    expect(bars[0].progressDetail.total).toBe(large.layers[0]!.size);
    expect(lines.at(-1).status).toStartWith("Status: ");
  }
  await removeAll("large");
});

test.each([
  [
    "a layer with a wrong byte",
    { match: firstLayer, corruptAt: 2_000_000 },
    "the registry sent wrong content for",
  ],
  [
    "a layer with a wrong first byte",
    { match: firstLayer, corruptAt: 0 },
    "the registry sent wrong content for",
  ],
  [
    "a configuration with a wrong byte",
    { match: large.config.digest, corruptAt: 5 },
    "the registry sent wrong content for",
  ],
  ["a truncated layer", { match: firstLayer, cutAfter: 1000 }, "unexpected EOF"],
  ["a layer of another size", { match: firstLayer, status: 200, body: "short" }, "announced 5 bytes for"],
])("%s is refused", async (_name, fault, message) => {
  await proxy.set(fault);
  const { exitCode, stderr } = await pull("large");
  expect(exitCode).toBe(1);
  expect(stderr).toContain(message);
  expect(stderr).toContain(fault.match.slice(0, 19));
  expect(await docker("images", "-q", reference("large"))).toBe("");
  await proxy.set();
  expect((await pull("large")).stdout).toContain("Status: Downloaded newer image");
  await removeAll("large");
});

const index = (manifests: unknown[]) =>
  JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests });
const loop = `sha256:${"ab".repeat(32)}`;
const manifestOf = (layers: unknown[]) =>
  JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config: small.config, layers });
const layer = (mediaType: string) => ({ ...small.layers[0]!, mediaType });

test.each([
  ["a manifest of 100 MB", MEDIA_TYPE.ociManifest, "{", 100_000_000, "at most 8388608 are read"],
  [
    "100,000 layers",
    MEDIA_TYPE.ociManifest,
    manifestOf(Array(100_000).fill({})),
    0,
    "layers has 100000 entries, at most 10000 are read",
  ],
  [
    "an index that contains itself",
    MEDIA_TYPE.ociIndex,
    index([
      {
        mediaType: MEDIA_TYPE.ociIndex,
        digest: loop,
        size: 5,
        platform: { os: "linux", architecture: "amd64" },
      },
    ]),
    0,
    "the registry sent a wrong manifest",
  ],
  [
    "an image for other platforms",
    MEDIA_TYPE.ociIndex,
    index([{ ...small.manifest, platform: { os: "plan9", architecture: "mips" } }]),
    0,
    "no matching manifest for linux/",
  ],
  [
    "layers to be fetched elsewhere",
    MEDIA_TYPE.ociManifest,
    manifestOf([layer("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")]),
    0,
    "must be fetched from elsewhere",
  ],
  [
    "a Helm chart",
    MEDIA_TYPE.ociManifest,
    JSON.stringify({
      schemaVersion: 2,
      config: { ...small.config, mediaType: "application/vnd.cncf.helm.config.v1+json" },
      layers: [],
    }),
    0,
    "is no image for containers",
  ],
  ["a page of HTML", "text/html", "<html>", 0, "is no JSON"],
])("%s: refused with its reason", async (_name, mediaType, body, padding, message) => {
  const answer = { status: 200, headers: { "Content-Type": mediaType }, body, padding };
  await proxy.set({ match: "/manifests/bad", ...answer }, { match: `/manifests/${loop}`, ...answer });
  const { exitCode, stderr } = await pull("bad");
  expect(exitCode).toBe(1);
  expect(stderr).toContain(message);
  await expectNothing("bad");
});

test("credentials follow no redirect and no realm of a stranger", async () => {
  const { machine } = daemon();
  await using secure = await startRegistry(machine, { user: "ann", password: "secret" });
  await using front = await startFaultProxy(machine, 6001, secure.address);
  // a name that only resolves to loopback is another host
  await machine.text([
    "sh",
    "-c",
    `cp /etc/hosts /run/hosts; echo 127.0.0.1 stranger.test >>/run/hosts; mount --bind /run/hosts /etc/hosts`,
  ]);
  await using stranger = await startFaultProxy(machine, 6002, registry.address);
  const name = `${front.address}/app:small`;
  await docker("login", "-u", "ann", "-p", "secret", front.address);
  await stranger.set();
  const location = (path: string) => ({ Location: `http://stranger.test:6002${path}` });
  await front.set({ match: "/manifests/", status: 307, headers: location("/v2/app/manifests/small") });
  await daemon().docker("pull", name);
  expect((await stranger.requests()).length).toBeGreaterThan(0);
  await front.set({
    match: "/v2/",
    status: 401,
    headers: { "WWW-Authenticate": 'Bearer realm="http://stranger.test:6002/token",service="x"' },
  });
  expect((await daemon().docker("pull", name)).exitCode).toBe(1);
  expect((await stranger.requests()).some(({ line }) => line.includes("/token"))).toBe(true);
  for (const { authorization, line } of await stranger.requests()) {
    expect(authorization).toBeUndefined();
    expect(line).not.toContain("ann");
  }
  await docker("logout", front.address);
});

test("a busy registry is asked again after as long as it says", async () => {
  await proxy.set(
    { match: "/manifests/small", status: 429, headers: { "Retry-After": "1" }, times: 2 },
    { match: "/blobs/", status: 503, times: 1 },
  );
  expect((await pull("small")).stdout).toContain("Status: Downloaded newer image");
  await removeAll("small");
  await proxy.set({ match: "/manifests/small", status: 429, headers: { "Retry-After": "86400" } });
  expect((await pull("small")).stderr).toContain("try again after 86400");
});

test("clients that pull and remove the same image at once leave it whole or gone", async () => {
  await proxy.set();
  const pulls = async () => {
    for (let round = 0; round < 4; round++) await pull("large");
  };
  const removals = async () => {
    for (let round = 0; round < 12; round++) await daemon().docker("rmi", "-f", reference("large"));
  };
  await Promise.all([pulls(), pulls(), removals(), removals()]);
  expect((await pull("large")).exitCode).toBe(0);
  const { Data } = JSON.parse(
    await docker("image", "inspect", "-f", "{{json .GraphDriver}}", reference("large")),
  );
  for (const [directory, name] of [
    [Data.UpperDir, "second"],
    [Data.LowerDir, "first"],
  ] as const) {
    const file = readFileSync(daemon().machine.outside(join(directory, name)));
    expect(file.equals(contentsOf(name, LAYER_BYTES))).toBe(true);
  }
  await removeAll("large");
});

test("a full disk at any stage of a pull is an error, and nothing is left", async () => {
  const { machine } = daemon();
  await proxy.set();
  const used = async () =>
    Number((await machine.text(["df", "-k", "--output=used", machine.directory])).split("\n")[1]);
  const resize = (kib: number) => machine.text(["mount", "-o", `remount,size=${kib}k`, machine.directory]);
  // layers of the tests before may still be on their way out: they would count as room later
  const doomed = ["find", `${daemon().dataRoot}/overlay2/trash`, "-mindepth", "1", "-maxdepth", "1"];
  await until(
    "what was removed has gone",
    async () => (await machine.run(doomed)).stdout,
    (directories) => directories === "",
  );
  const before = await used();
  for (const room of [200, 2500, 4500, 6500, 8500, 10_500]) {
    await resize(before + room);
    const { exitCode, stderr } = await pull("large");
    expect([room, exitCode]).toEqual([room, 1]);
    expect(stderr).toMatch(/no space left on device|disk is full/i);
    await expectNothing("large");
    await until("space is free again", used, (now) => now < before + 200);
  }
  await resize(1 << 20);
  expect((await pull("large")).stdout).toContain("Status: Downloaded newer image");
  await removeAll("large");
});

test("what a name points at in its registry can be asked without pulling", async () => {
  await proxy.set();
  const { status, json } = await daemon().api("GET", `/distribution/${proxy.address}/app:small/json`);
  const { mediaType, digest, size } = small.manifest;
  expect([status, json]).toEqual([
    200,
    { Descriptor: { mediaType, digest, size }, Platforms: [{ architecture: "amd64", os: "linux" }] },
  ]);
  const none = await daemon().api("GET", `/distribution/${proxy.address}/app:none/json`);
  expect([none.status, none.text]).toEqual([404, expect.stringContaining("manifest unknown")]);
});

testNothingIsLeft(daemon);
