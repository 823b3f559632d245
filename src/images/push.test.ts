import { expect, test } from "bun:test";
import type { IncomingMessage } from "node:http";
import { sha256 } from "#base/digest.ts";
import { writeTar } from "#base/tar-write.ts";
import {
  type BuiltImage,
  buildImage,
  jsonBytes,
  sendJson,
  startTestRegistry,
  tarOf,
} from "#registry/_testing/registry.ts";
import { makeWritable } from "#registry/_testing/writable.ts";
import type { ProgressLine } from "#spec/docker/images.ts";
import { createTestImages, linesOf, type TestImages, textOf } from "./_testing/store.ts";
import type { ImagesOptions } from "./options.ts";

const image = await buildImage([["a"], ["b"]]);
const amd64 = image;
const arm64 = await buildImage([["a"], ["arm"]], { platform: { os: "linux", architecture: "arm64" } });
const ids = image.diffIds.map((diffId) => diffId.slice(7, 19));

/** An engine that pulled `image` as "app:1", and a registry to push to. */
async function setUp(options: Partial<ImagesOptions> = {}) {
  const here = createTestImages({ options });
  const from = await startTestRegistry();
  const to = await startTestRegistry();
  const writable = makeWritable(to);
  from.add("1", image);
  await linesOf(here.images.pull({ reference: `${from.address}/app:1` }));
  const tag = (name: string) => here.images.tag(`${from.address}/app:1`, `${to.address}/${name}`, "");
  return {
    ...here,
    from,
    to,
    writable,
    tag,
    push: (name: string, options: object = {}) =>
      here.images.push({ reference: `${to.address}/${name}`, ...options }),
    async [Symbol.asyncDispose]() {
      await here[Symbol.asyncDispose]();
      await from[Symbol.asyncDispose]();
      await to[Symbol.asyncDispose]();
    },
  };
}

/** The line that says what was pushed, or why it was not. */
async function outcomeOf(stream: AsyncIterable<ProgressLine>): Promise<string> {
  const lines = (await linesOf(stream)).filter(({ status, error }) => status ?? error);
  return lines.at(-1)?.error ?? lines.at(-1)?.status ?? "";
}

function sent(requests: readonly string[], method: string): string[] {
  return requests.filter((request) => request.startsWith(`${method} `));
}

test("push() sends what was pulled under the same digest, in dockerd's words, uppermost layer first", async () => {
  await using here = await setUp();
  here.tag("team/app:v1");
  const lines = await linesOf(here.push("team/app:v1"));
  expect(here.to.tags.get("v1")).toBe(image.manifest.digest);
  for (const { digest } of [...image.layers, image.config])
    expect(sha256(here.to.blobs.get(digest)!.bytes)).toBe(digest);
  expect(lines.slice(0, 3)).toEqual([
    { status: `The push refers to repository [${here.to.address}/team/app]` },
    { status: "Preparing", progressDetail: {}, id: ids[1] },
    { status: "Preparing", progressDetail: {}, id: ids[0] },
  ]);
  const pushed = lines.filter(({ status }) => status === "Pushed").map(({ id }) => id!);
  expect(pushed.toSorted()).toEqual(ids.toSorted());
  const { digest, size } = image.manifest;
  expect(lines.slice(-2)).toEqual([
    { status: `v1: digest: ${digest} size: ${size}` },
    { progressDetail: {}, aux: { Tag: "v1", Digest: digest, Size: size } },
  ]);
  expect(here.images.get(`${here.to.address}/team/app:v1`).repoDigests).toContain(
    `${here.to.address}/team/app@${digest}`,
  );
  expect(here.emitted.at(-1)).toMatchObject({
    action: "push",
    id: `${here.to.address}/team/app:v1`,
    attributes: { name: `${here.to.address}/team/app` },
  });
});

test("push() of what is there already sends only the manifest", async () => {
  await using here = await setUp();
  here.tag("app:1");
  await linesOf(here.push("app:1"));
  here.to.requests.length = 0;
  expect(await textOf(here.push("app:1"))).toContain(`${ids[0]}: Layer already exists`);
  expect(sent(here.to.requests, "POST")).toEqual([]);
  expect(sent(here.to.requests, "PUT")).toEqual(["PUT /v2/app/manifests/1"]);
});

test("push() lets the registry take layers from the repository they were pushed to before", async () => {
  await using here = await setUp();
  for (const name of ["team/app", "team/other"]) here.writable.repositories.set(name, new Set());
  here.tag("team/app:1");
  here.tag("team/other:1");
  await linesOf(here.push("team/app:1"));
  here.to.requests.length = 0;
  const text = await textOf(here.push("team/other:1"));
  expect(text).toContain(`${ids[0]}: Mounted from team/app`);
  expect(text).toContain(`${ids[1]}: Mounted from team/app`);
  expect(sent(here.to.requests, "PATCH")).toHaveLength(1); // the configuration, small as it is
});

test("push() sends the bytes where a mount is refused or only begins an upload", async () => {
  await using here = await setUp();
  for (const name of ["app", "other"]) here.writable.repositories.set(name, new Set());
  here.tag("app:1");
  here.tag("other:1");
  await linesOf(here.push("app:1"));
  here.writable.repositories.set("app", new Set()); // the registry forgot: it answers a mount with an upload
  expect(await textOf(here.push("other:1"))).toContain(`${ids[0]}: Pushed`);
  here.writable.repositories.set("other", new Set());
  here.writable.fault = (request, response) => {
    if (!request.url!.includes("mount=")) return false;
    sendJson(response, 403, { errors: [{ code: "DENIED" }] });
    return true;
  };
  expect(await textOf(here.push("other:1"))).toContain(`${ids[0]}: Pushed`);
});

test("push() of a name without tag sends all its tags", async () => {
  await using here = await setUp();
  here.tag("app:1");
  here.tag("app:2");
  const lines = await linesOf(here.push("app"));
  expect(lines.filter(({ aux }) => aux).map(({ aux }) => (aux as { Tag: string }).Tag)).toEqual(["1", "2"]);
  expect([...here.to.tags.keys()]).toEqual(["1", "2"]);
  expect(here.emitted.filter(({ action }) => action === "push")).toMatchObject([
    { id: `${here.to.address}/app` },
  ]);
});

test.each([
  ["nosuch:1", "An image does not exist locally with the tag: ADDRESS/nosuch"],
  ["app:none", "tag does not exist: ADDRESS/app:none"],
  [`app@sha256:${"a".repeat(64)}`, "cannot push a digest reference"],
])("push() of %s says what dockerd says", async (name, message) => {
  await using here = await setUp();
  here.tag("app:1");
  const lines = await linesOf(here.push(name));
  const expected = message.replace("ADDRESS", here.to.address);
  expect(lines.at(-1)).toEqual({ errorDetail: { message: expected }, error: expected });
  expect(here.to.requests).toEqual([]);
});

test("push() goes on from the byte the registry has after a cut", async () => {
  const large = await buildImage([["large"]], { sizeBytes: 1 << 20 });
  await using here = await setUp();
  here.from.add("1", large);
  await linesOf(here.images.pull({ reference: `${here.from.address}/app:1` }));
  here.tag("app:1");
  let cuts = 0;
  const ranges: (string | undefined)[] = [];
  here.writable.fault = async (request) => {
    if (request.method !== "PATCH" || Number(request.headers["content-length"]) < 100_000) return false;
    ranges.push(request.headers["content-range"]);
    if (cuts++ > 0) return false;
    return await takeAndCut(request, here.writable.uploads, 1 << 19);
  };
  expect(await outcomeOf(here.push("app:1"))).toContain(large.manifest.digest);
  const [first, second] = ranges;
  expect(first).toBeUndefined();
  expect(Number(second!.split("-")[0])).toBeGreaterThanOrEqual(1 << 19);
  expect(sha256(here.to.blobs.get(large.layers[0]!.digest)!.bytes)).toBe(large.layers[0]!.digest);
});

async function takeAndCut(request: IncomingMessage, uploads: Map<string, Buffer>, count: number) {
  const id = request.url!.split("/").at(-1)!;
  const { socket } = request;
  let have = uploads.get(id)!;
  for await (const piece of request) {
    have = Buffer.concat([have, piece as Buffer]);
    uploads.set(id, have);
    if (have.byteLength >= count) break;
  }
  socket.destroy();
  return true;
}

test("push() begins anew when the registry has forgotten the upload", async () => {
  await using here = await setUp();
  here.tag("app:1");
  let lost = 0;
  here.writable.fault = (request, response) => {
    if (request.method !== "PATCH" || lost++ > 0) return false;
    here.writable.uploads.clear();
    sendJson(response, 404, { errors: [{ code: "BLOB_UPLOAD_UNKNOWN" }] });
    return true;
  };
  expect(await outcomeOf(here.push("app:1"))).toContain("digest: sha256:");
});

test("push() sends pieces to a registry that refuses a whole layer", async () => {
  const large = await buildImage([["large"]], { sizeBytes: 2 << 20 });
  await using here = await setUp();
  here.from.add("1", large);
  await linesOf(here.images.pull({ reference: `${here.from.address}/app:1` }));
  here.tag("app:1");
  const ranges: string[] = [];
  here.writable.fault = (request, response) => {
    if (request.method !== "PATCH") return false;
    if (Number(request.headers["content-length"]) > 3 << 19) {
      request.resume();
      request.on("end", () => response.writeHead(413).end());
      return true;
    }
    if (request.headers["content-range"]) ranges.push(request.headers["content-range"]);
    return false;
  };
  expect(await outcomeOf(here.push("app:1"))).toContain(large.manifest.digest);
  expect(ranges.length).toBeGreaterThan(1);
  expect(sha256(here.to.blobs.get(large.layers[0]!.digest)!.bytes)).toBe(large.layers[0]!.digest);
});

test("push() that was cancelled leaves an upload the next one goes on with", async () => {
  const large = await buildImage([["large"]], { sizeBytes: 2 << 20 });
  await using here = await setUp();
  here.from.add("1", large);
  await linesOf(here.images.pull({ reference: `${here.from.address}/app:1` }));
  here.tag("app:1");
  const abort = new AbortController();
  const isLayer = (request: IncomingMessage) =>
    request.method === "PATCH" && Number(request.headers["content-length"]) > 100_000;
  here.writable.fault = async (request) => {
    if (!isLayer(request)) return false;
    const id = request.url!.split("/").at(-1)!;
    try {
      for await (const piece of request) {
        if (abort.signal.aborted) continue; // all of it may come before the client stops: the registry keeps a part
        here.writable.uploads.set(id, Buffer.concat([here.writable.uploads.get(id)!, piece as Buffer]));
        abort.abort(new Error("the client has gone"));
      }
    } catch {
      // the rest does not come
    }
    return true;
  };
  const lines = await linesOf(here.push("app:1", { signal: abort.signal }));
  expect(lines.at(-1)?.error).toContain("context canceled");
  const ranges: (string | undefined)[] = [];
  here.writable.fault = (request) => {
    if (isLayer(request)) ranges.push(request.headers["content-range"]);
    return false;
  };
  expect(await outcomeOf(here.push("app:1"))).toContain(large.manifest.digest);
  expect(ranges).toHaveLength(1);
  expect(Number(ranges[0]!.split("-")[0])).toBeGreaterThan(0);
});

test("push() waits for a busy registry", async () => {
  await using here = await setUp();
  here.tag("app:1");
  const refused = new Set<string>();
  here.writable.fault = (request, response) => {
    const key = `${request.method} ${request.url}`;
    if (refused.has(key) || request.method === "GET") return false;
    refused.add(key);
    request.resume();
    request.on("end", () => sendJson(response, 429, { errors: [{ code: "TOOMANYREQUESTS" }] }));
    return true;
  };
  expect(await outcomeOf(here.push("app:1"))).toContain("digest: sha256:");
});

test("push() asks what became of a layer whose last answer was lost", async () => {
  await using here = await setUp();
  here.tag("app:1");
  let lost = 0;
  here.writable.fault = async (request, response) => {
    if (request.method !== "PUT" || !request.url!.includes("uploads") || lost++ > 0) return false;
    const digest = new URL(request.url!, "http://x").searchParams.get("digest")!;
    const id = /uploads\/(\d+)/.exec(request.url!)![1]!;
    here.to.blobs.set(digest, { bytes: here.writable.uploads.get(id)!, mediaType: "" });
    here.writable.uploads.delete(id);
    sendJson(response, 502, {});
    return true;
  };
  expect(await outcomeOf(here.push("app:1"))).toContain("digest: sha256:");
  expect(sent(here.to.requests, "PATCH")).toHaveLength(3); // none was sent twice
});

test("push() is as patient as the registry asks, but not more than that", async () => {
  await using here = await setUp();
  here.tag("app:1");
  let busy = 0;
  let retryAfter = "1";
  here.writable.fault = (request, response) => {
    if (request.method !== "PATCH" || busy++ >= 1) return false;
    request.resume();
    request.on("end", () => response.writeHead(429, { "Retry-After": retryAfter }).end());
    return true;
  };
  expect(await outcomeOf(here.push("app:1"))).toContain("digest: sha256:");
  retryAfter = "86400";
  busy = 0;
  here.to.blobs.clear();
  expect(await outcomeOf(here.push("app:1"))).toContain("the registry asks to try again after 86400");
});

test("push() gives up a registry that never answers", async () => {
  let stallTimeoutMs = 20_000;
  const options = {
    get stallTimeoutMs() {
      return stallTimeoutMs;
    },
  };
  await using here = await setUp(options);
  here.tag("app:1");
  here.writable.fault = (request) => request.method === "PATCH";
  stallTimeoutMs = 100;
  expect(await outcomeOf(here.push("app:1"))).toContain("no answer in time: i/o timeout");
});

test("push() tells what a registry that refuses says", async () => {
  await using here = await setUp();
  here.tag("app:1");
  here.writable.fault = (request, response) => {
    if (request.method !== "POST") return false;
    sendJson(response, 403, {
      errors: [{ code: "DENIED", message: "requested access to the resource is denied" }],
    });
    return true;
  };
  expect((await linesOf(here.push("app:1"))).at(-1)?.error).toBe(
    "denied: requested access to the resource is denied",
  );
});

test("push() fails when the registry says that it stored something else", async () => {
  await using here = await setUp();
  here.tag("app:1");
  here.writable.fault = (request, response) => {
    if (request.method !== "PUT" || !request.url!.includes("manifests")) return false;
    response.writeHead(201, { "Docker-Content-Digest": `sha256:${"b".repeat(64)}` }).end();
    return true;
  };
  expect((await linesOf(here.push("app:1"))).at(-1)?.error).toContain(
    `stored sha256:${"b".repeat(64)} instead`,
  );
});

test("push() shows credentials to the registry and to no other host it names for the upload", async () => {
  await using here = await setUp();
  await using storage = await startTestRegistry();
  makeWritable(storage);
  here.tag("app:1");
  here.writable.fault = (request, response) => {
    if (request.headers.authorization) return false;
    response.writeHead(401, { "WWW-Authenticate": 'Basic realm="x"' }).end();
    return true;
  };
  const stores = makeWritable(storage);
  here.writable.locationBase = `http://${storage.address}`;
  stores.fault = () => {
    for (const [id, bytes] of here.writable.uploads)
      if (!stores.uploads.has(id)) stores.uploads.set(id, bytes);
    return false;
  };
  const auth = { username: "ann", password: "secret" };
  expect(await outcomeOf(here.push("app:1", { auth }))).toContain("digest: sha256:");
  expect(storage.requests.length).toBeGreaterThan(0);
  expect(storage.authorizations.filter((sent) => sent !== undefined)).toEqual([]);
  expect(here.to.authorizations.filter((sent) => sent?.startsWith("Basic "))).not.toEqual([]);
});

async function pullIndex(here: Awaited<ReturnType<typeof setUp>>, images: Record<string, BuiltImage>) {
  const parts = Object.entries(images).map(([architecture, one]) => ({
    image: one,
    platform: { os: "linux", architecture },
  }));
  const target = here.from.addIndex("multi", parts);
  await linesOf(here.images.pull({ reference: `${here.from.address}/multi:multi` }));
  return target;
}

test("push() of an index sends the platform that is here, and says so to docker", async () => {
  await using here = await setUp();
  const target = await pullIndex(here, { amd64, arm64 });
  here.images.tag(`${here.from.address}/multi:multi`, `${here.to.address}/multi`, "1");
  const lines = await linesOf(here.push("multi:1"));
  expect(here.to.tags.get("1")).toBe(amd64.manifest.digest);
  expect(lines.find(({ aux }) => (aux as { originalIndex?: unknown })?.originalIndex)?.aux).toMatchObject({
    manifestPushedInsteadOfIndex: true,
    originalIndex: { digest: target.digest },
    selectedManifest: { digest: amd64.manifest.digest },
  });
});

test("push() of an index sends it whole to a repository that has the other platforms", async () => {
  await using here = await setUp();
  const target = await pullIndex(here, { amd64, arm64 });
  here.to.add("arm", arm64);
  here.images.tag(`${here.from.address}/multi:multi`, `${here.to.address}/multi`, "1");
  const lines = await linesOf(here.push("multi:1"));
  expect(here.to.tags.get("1")).toBe(target.digest);
  expect(lines.some(({ aux }) => (aux as { originalIndex?: unknown })?.originalIndex)).toBe(false);
  expect(here.to.requests).not.toContain(`PUT /v2/multi/manifests/${arm64.manifest.digest}`);
});

test("push() of an index that is here whole sends all of it, in its order; platform picks one", async () => {
  await using here = await setUp();
  const target = await pullIndex(here, { amd64, arm64 });
  for (const { bytes } of arm64.blobs.values()) await here.content.put(bytes);
  here.images.tag(`${here.from.address}/multi:multi`, `${here.to.address}/multi`, "1");
  await linesOf(here.push("multi:1"));
  expect(here.to.tags.get("1")).toBe(target.digest);
  for (const { digest } of [...amd64.layers, ...arm64.layers, amd64.config, arm64.config])
    expect(here.to.blobs.has(digest)).toBe(true);
  expect(sent(here.to.requests, "PUT").filter((request) => request.includes("manifests"))).toEqual([
    `PUT /v2/multi/manifests/${amd64.manifest.digest}`,
    `PUT /v2/multi/manifests/${arm64.manifest.digest}`,
    "PUT /v2/multi/manifests/1",
  ]);
  await linesOf(here.push("multi:1", { platform: { os: "linux", architecture: "arm64" } }));
  expect(here.to.tags.get("1")).toBe(arm64.manifest.digest);
  const refused = await linesOf(here.push("multi:1", { platform: { os: "linux", architecture: "s390x" } }));
  expect(refused.at(-1)?.error).toContain("does not provide the specified platform (linux/s390x)");
});

/** An image as `docker save` of old writes it: layers that were never compressed. */
async function loadPlain(here: TestImages): Promise<void> {
  const tars = [await tarOf(["one"], 100_000), await tarOf(["two"], 1_500_000)];
  const config = jsonBytes({
    os: "linux",
    architecture: "amd64",
    rootfs: { type: "layers", diff_ids: tars.map((tar) => sha256(tar)) },
  });
  const manifest = jsonBytes([
    { Config: "config.json", RepoTags: ["plain:1"], Layers: ["0/layer.tar", "1/layer.tar"] },
  ]);
  const file = (name: string, body: Uint8Array) => ({
    header: { name, type: "file" as const, mode: 0o644, sizeBytes: body.byteLength },
    body,
  });
  const archive = writeTar([
    file("config.json", config),
    ...tars.map((tar, index) => file(`${index}/layer.tar`, tar)),
    file("manifest.json", manifest),
  ]);
  await linesOf(here.images.load(archive, {}));
}

const layersAt = (registry: { blobs: ReadonlyMap<string, { bytes: Uint8Array }> }, digest: string) =>
  JSON.parse(Buffer.from(registry.blobs.get(digest)!.bytes).toString()).layers as {
    mediaType: string;
    digest: string;
  }[];

test.each(["gzip", "zstd"] as const)(
  "push() compresses layers that never were, with %s, and only once",
  async (compression) => {
    await using here = await setUp();
    await loadPlain(here);
    here.images.tag("plain:1", `${here.to.address}/plain`, "1");
    await linesOf(here.push("plain:1", { compression }));
    const digest = here.to.tags.get("1")!;
    const layers = layersAt(here.to, digest);
    expect(layers.map(({ mediaType }) => mediaType)).toEqual([
      `application/vnd.oci.image.layer.v1.tar+${compression}`,
      `application/vnd.oci.image.layer.v1.tar+${compression}`,
    ]);
    expect(here.images.get("plain:1").repoDigests).toEqual([`${here.to.address}/plain@${digest}`]);
    expect(here.images.get("plain:1").manifest.digest).toBe(digest);
    const second = await linesOf(here.push("plain:1", { compression }));
    expect(second.some(({ status }) => status === "Compressing")).toBe(false);
    expect(here.to.tags.get("1")).toBe(digest);
    await using other = createTestImages();
    await linesOf(other.images.pull({ reference: `${here.to.address}/plain:1` }));
    expect(other.images.get(`${here.to.address}/plain:1`).id).toBe(here.images.get("plain:1").id);
  },
);

test("push() gives the same layers on another engine", async () => {
  await using here = await setUp();
  await loadPlain(here);
  here.images.tag("plain:1", `${here.to.address}/plain`, "1");
  await linesOf(here.push("plain:1"));
  const digest = here.to.tags.get("1");
  await using other = createTestImages();
  await loadPlain(other);
  other.images.tag("plain:1", `${here.to.address}/plain`, "1");
  here.to.requests.length = 0;
  const lines: ProgressLine[] = await linesOf(other.images.push({ reference: `${here.to.address}/plain:1` }));
  expect(lines.filter(({ status }) => status === "Layer already exists")).toHaveLength(2);
  expect(here.to.tags.get("1")).toBe(digest);
});
