/** Each route decodes, calls one method and encodes: what it asked of the engine, and what it answered. */
import { describe, expect, test } from "bun:test";
import { bridgeEndpoint, busyboxImage, type PartsInPart, startApi, webContainer } from "../_fakes.ts";

interface Row {
  /** "POST /v1.43/containers/web/stop?t=5" */
  readonly ask: string;
  readonly body?: unknown;
  /** What the engine was asked, "method" and arguments; undefined: nothing. */
  readonly call?: readonly [method: string, ...args: unknown[]];
  readonly status: number;
  readonly answer?: unknown;
}

const network = {
  id: "n1",
  name: "front",
  driver: "bridge",
  created: "2026-11-21T03:32:31Z",
  internal: false,
  attachable: false,
  enableIPv4: true,
  enableIPv6: false,
  ipam: { driver: "default", options: {}, config: [] },
  options: {},
  labels: {},
};

const volume = {
  name: "v",
  driver: "local",
  mountpoint: "/m",
  createdAt: "2026-11-21T03:32:31Z",
  labels: {},
  options: {},
  anonymous: false,
};

const done = async () => {};
const pathStat = { name: "x", size: 1, mode: 0o644, mtime: "2026-11-21T03:32:31Z", linkTarget: "" };
async function* noBytes(): AsyncGenerator<Uint8Array> {}

const parts: PartsInPart = {
  plugins: {
    list: () => [],
    get: (name) => ({ Name: name }) as never,
    async set() {},
    async enable() {},
  },
  containers: {
    list: async () => [],
    create: async () => ({ id: "c1", warnings: ["w"] }),
    start: done,
    stop: done,
    restart: done,
    kill: done,
    pause: done,
    unpause: done,
    rename: done,
    resize: done,
    remove: done,
    connect: done,
    disconnect: done,
    execResize: done,
    update: async () => ({ warnings: [] }),
    top: async () => ({ Titles: ["PID"], Processes: [["1"]] }),
    changes: async () => [{ Path: "/a", Kind: 1 }],
    export: async () => noBytes(),
    commit: async () => "sha256:1",
    statPath: async () => pathStat,
    copyFrom: async () => ({ stat: pathStat, archive: noBytes() }),
    prune: async () => ({ removed: [], spaceReclaimed: 0 }),
    execCreate: async () => "e1",
    execInspect: () => ({ ID: "e1" }) as never,
    imageUsers: { usersOf: () => [], countFor: () => 3 },
  },
  images: {
    inspectDistribution: async () => ({
      descriptor: { mediaType: "m", digest: "sha256:d", size: 3 },
      platforms: [{ os: "linux", architecture: "arm64", variant: "v8" }],
    }),
    list: async () => [busyboxImage],
    history: () => [],
    tag: () => {},
    remove: async () => [{ Untagged: "a:1" }],
    prune: async () => ({ ImagesDeleted: null, SpaceReclaimed: 0 }),
    login: async () => ({ status: "Login Succeeded", identityToken: undefined }),
  },
  networks: {
    gone: () => Promise.resolve(),
    list: () => [network],
    get: () => network,
    endpointsOf: () => [bridgeEndpoint],
    addressUse: () => [],
    create: () => ({ record: network, warning: "" }),
    remove: () => {},
    prune: () => ["front"],
  },
  volumes: {
    list: () => [volume],
    listAll: async () => ({ volumes: [volume], warnings: [] }),
    find: () => undefined,
    get: () => volume,
    inspect: async () => volume,
    create: async () => volume,
    rename: async () => volume,
    clone: async () => volume,
    snapshot: async () => volume,
    remove: done,
    prune: async () => ({ removed: ["v"], spaceReclaimed: 5 }),
  },
  system: {
    diskUsage: async () => ({ volumes: [{ volume, sizeBytes: 5, users: 1 }], buildCache: [] }),
  },
};

const settings = { Aliases: ["a"] };
const rows: Row[] = [
  {
    ask: 'GET /v1.43/containers/json?all=1&limit=2&size=true&filters={"status":["exited"]}',
    call: ["containers.list", { all: true, limit: 2, size: true, filters: { status: ["exited"] } }],
    status: 200,
    answer: [],
  },
  { ask: "GET /containers/json?limit=two", status: 400 },
  { ask: "GET /containers/json?filters=abc", status: 400 },
  {
    ask: "POST /v1.43/containers/create?name=web&platform=linux/arm64",
    body: { Image: "bb:1", cmd: "true" },
    call: [
      "containers.create",
      { name: "web", platform: "linux/arm64", body: { Image: "bb:1", Cmd: ["true"], HostConfig: {} } },
    ],
    status: 201,
    answer: { Id: "c1", Warnings: ["w"] },
  },
  {
    ask: "POST /containers/create",
    body: {},
    status: 400,
    answer: { message: "config cannot be empty in order to create a container" },
  },
  {
    ask: "POST /containers/a/start?detachKeys=ctrl-a",
    call: ["containers.start", "a", {}],
    status: 204,
  },
  { ask: "POST /containers/a/start", body: { HostConfig: {} }, status: 400 },
  { ask: "POST /containers/a/start?checkpoint=x", status: 501 },
  {
    ask: "POST /v1.42/containers/a/stop?t=5&signal=INT",
    call: ["containers.stop", "a", { timeoutSeconds: 5, signal: "INT" }],
    status: 204,
  },
  {
    ask: "POST /v1.41/containers/a/stop?signal=INT",
    call: ["containers.stop", "a", { timeoutSeconds: undefined, signal: undefined }],
    status: 204,
  },
  {
    ask: "POST /containers/a/restart?t=-1",
    call: ["containers.restart", "a", { timeoutSeconds: -1, signal: undefined }],
    status: 204,
  },
  { ask: "POST /containers/a/kill?signal=HUP", call: ["containers.kill", "a", "HUP"], status: 204 },
  { ask: "POST /containers/a/pause", call: ["containers.pause", "a"], status: 204 },
  { ask: "POST /containers/a/unpause", call: ["containers.unpause", "a"], status: 204 },
  { ask: "POST /containers/a/rename?name=b", call: ["containers.rename", "a", "b"], status: 204 },
  { ask: "POST /containers/a/resize?h=24&w=80", call: ["containers.resize", "a", 24, 80], status: 200 },
  { ask: "POST /containers/a/resize?h=x&w=80", status: 400 },
  {
    ask: "DELETE /containers/a?v=1&force=1",
    call: ["containers.remove", "a", { force: true, volumes: true, link: false }],
    status: 204,
  },
  {
    ask: "POST /v1.39/containers/a/update",
    body: { Memory: 6, PidsLimit: 5, BlkioDeviceReadBps: [] },
    call: ["containers.update", "a", { Memory: 6 }],
    status: 200,
    answer: { Warnings: null },
  },
  {
    ask: "GET /containers/a/top",
    call: ["containers.top", "a", "-ef"],
    status: 200,
    answer: { Titles: ["PID"], Processes: [["1"]] },
  },
  {
    ask: "GET /containers/a/changes",
    call: ["containers.changes", "a"],
    status: 200,
    answer: [{ Path: "/a", Kind: 1 }],
  },
  {
    ask: "POST /containers/prune",
    call: ["containers.prune", {}],
    status: 200,
    answer: { ContainersDeleted: null, SpaceReclaimed: 0 },
  },
  {
    ask: "POST /v1.41/containers/a/exec",
    body: { Cmd: ["ls"], ConsoleSize: [1, 2] },
    call: ["containers.execCreate", "a", { Cmd: ["ls"] }],
    status: 201,
    answer: { Id: "e1" },
  },
  {
    ask: "POST /containers/a/exec",
    body: { Cmd: [] },
    status: 400,
    answer: { message: "No exec command specified" },
  },
  { ask: "GET /exec/e1/json", call: ["containers.execInspect", "e1"], status: 200, answer: { ID: "e1" } },
  { ask: "POST /exec/e1/resize?h=1&w=2", call: ["containers.execResize", "e1", 1, 2], status: 200 },
  { ask: "GET /containers/a/export", call: ["containers.export", "a", expect.anything()], status: 200 },
  {
    ask: "POST /commit?container=a&repo=r&tag=t&comment=c&author=w&pause=0&changes=ENV+a%3Db",
    call: [
      "containers.commit",
      "a",
      {
        ...{ repo: "r", tag: "t", comment: "c", author: "w", pause: false, changes: ["ENV a=b"] },
        signal: expect.anything(),
      },
    ],
    status: 201,
    answer: { Id: "sha256:1" },
  },
  { ask: "POST /commit", status: 400 },
  { ask: "GET /containers/a/archive", status: 400 },
  {
    ask: "HEAD /containers/a/archive?path=/x",
    call: ["containers.statPath", "a", "/x", expect.anything()],
    status: 200,
  },
  {
    ask: "GET /containers/a/archive?path=/x",
    call: ["containers.copyFrom", "a", "/x", expect.anything()],
    status: 200,
  },
  {
    ask: "GET /v1.48/images/bb/history?platform=%7B%22os%22%3A%22linux%22%2C%22architecture%22%3A%22arm64%22%7D",
    call: ["images.history", "bb", "linux/arm64"],
    status: 200,
  },
  { ask: "GET /v1.50/images/bb/json?platform=%7B%22os%22%3A1%7D", status: 400 },
  { ask: "GET /v1.50/images/get?names=a&platform=x&platform=y", status: 400 },
  {
    ask: "DELETE /v1.41/images/a/b:1?force=1&noprune=1",
    call: ["images.remove", "a/b:1", { force: true, prune: false, platforms: [] }],
    status: 200,
  },
  { ask: "POST /images/bb:1/tag?repo=r/x", call: ["images.tag", "bb:1", "r/x", "latest"], status: 201 },
  {
    ask: "GET /v1.24/images/json?filter=bb",
    call: ["images.list", { all: false, filters: { reference: ["bb"] } }],
    status: 200,
  },
  {
    ask: "POST /auth",
    body: { username: "me", password: "x" },
    call: ["images.login", { username: "me", password: "x" }, expect.anything()],
    status: 200,
    answer: { Status: "Login Succeeded", IdentityToken: "" },
  },
  {
    ask: "POST /v1.47/networks/create",
    body: { Name: "front", EnableIPv4: false, Labels: null },
    call: ["networks.create", { Name: "front" }],
    status: 201,
    answer: { Id: "n1", Warning: "" },
  },
  {
    ask: "POST /networks/create",
    body: {},
    status: 400,
    answer: { message: "invalid JSON: Name is missing" },
  },
  {
    ask: "POST /v1.53/networks/front/connect",
    body: { Container: "web", EndpointConfig: { ...settings, MacAddress: "02:00:00:00:00:01" } },
    call: ["containers.connect", "web", "front", settings],
    status: 200,
  },
  {
    ask: "POST /networks/front/disconnect",
    body: { Container: "web", Force: true },
    call: ["containers.disconnect", "web", "front", true],
    status: 200,
  },
  { ask: "DELETE /networks/front", call: ["networks.remove", "front"], status: 204 },
  {
    ask: "POST /networks/prune",
    call: ["networks.prune", {}],
    status: 200,
    answer: { NetworksDeleted: ["front"] },
  },
  {
    ask: "POST /volumes/create",
    body: { Name: "v", DriverOpts: { a: "b" } },
    call: ["volumes.create", { Name: "v", DriverOpts: { a: "b" } }],
    status: 201,
  },
  { ask: "DELETE /volumes/v?force=1", call: ["volumes.remove", "v", { force: true }], status: 204 },
  {
    ask: "POST /v1.41/volumes/prune",
    call: ["volumes.prune", { all: ["true"] }],
    status: 200,
    answer: { VolumesDeleted: ["v"], SpaceReclaimed: 5 },
  },
  { ask: "POST /v1.42/volumes/prune", call: ["volumes.prune", {}], status: 200 },
  {
    ask: "GET /v1.43/system/df?type=volume",
    call: ["system.diskUsage", new Set(["volume"])],
    status: 200,
    answer: expect.objectContaining({
      LayersSize: 0,
      Images: null,
      Volumes: [expect.objectContaining({ Name: "v", UsageData: { Size: 5, RefCount: 1 } })],
    }),
  },
  {
    ask: "GET /v1.52/system/df?verbose=1",
    call: ["system.diskUsage", new Set(["container", "image", "volume", "build-cache"])],
    status: 200,
    answer: {
      VolumeUsage: {
        ActiveCount: 1,
        TotalCount: 1,
        Reclaimable: 0,
        TotalSize: 5,
        Items: [expect.objectContaining({ Name: "v" })],
      },
      BuildCacheUsage: { ActiveCount: 0, TotalCount: 0, Reclaimable: 0, TotalSize: 0 },
    },
  },
  { ask: "GET /system/df?type=x", status: 400, answer: { message: "unknown object type: x" } },
  { ask: "GET /plugins", call: ["plugins.list", {}], status: 200, answer: [] },
  {
    ask: "GET /plugins/a/b:1/json",
    call: ["plugins.get", "a/b:1"],
    status: 200,
    answer: { Name: "a/b:1" },
  },
  { ask: "POST /plugins/a/b/set", body: ["A=1"], call: ["plugins.set", "a/b", ["A=1"]], status: 204 },
  { ask: "POST /plugins/a/b/enable?timeout=3", call: ["plugins.enable", "a/b", 3], status: 200 },
  {
    ask: "GET /services",
    status: 503,
    answer: {
      message:
        'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
    },
  },
  { ask: "POST /swarm/leave", status: 503, answer: { message: "This node is not part of a swarm" } },
  { ask: "POST /v1.29/configs/create", body: {}, status: 400 },
  {
    ask: "POST /build",
    status: 501,
    answer: { message: "building images is not implemented by this version of wharf" },
  },
  { ask: "POST /build/prune", status: 200, answer: { CachesDeleted: null, SpaceReclaimed: 0 } },
  { ask: "POST /session", status: 501 },
  {
    ask: "GET /distribution/a/b/json",
    status: 200,
    answer: {
      Descriptor: { mediaType: "m", digest: "sha256:d", size: 3 },
      Platforms: [{ architecture: "arm64", os: "linux", variant: "v8" }],
    },
  },
];

describe("a route", () => {
  for (const { ask, body, call, status, answer } of rows)
    test(`${ask}${body === undefined ? "" : ` ${JSON.stringify(body)}`} is answered with ${status}`, async () => {
      await using api = startApi(parts);
      const [method, path] = ask.split(/ (.*)/s) as [string, string];
      const headers: Record<string, string> =
        body === undefined ? {} : { "Content-Type": "application/json" };
      const response = await api.fetch(path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      expect([response.status, status >= 400 || answer ? text : ""]).toEqual([status, expect.any(String)]);
      if (answer !== undefined) expect(JSON.parse(text)).toEqual(answer);
      const [first] = api.calls;
      if (call) expect([first?.method, ...(first?.args ?? [])]).toEqual([...call]);
      else if (status >= 400) expect(api.calls).toEqual([]);
    });
});

describe("a JSON body", () => {
  const create = "/containers/create";
  const refused: { what: string; init: RequestInit; status: number; message: string }[] = [
    { what: "cut off", init: { body: '{"Image":' }, status: 400, message: "invalid JSON: unexpected EOF" },
    {
      what: "blank",
      init: { body: "  " },
      status: 400,
      message: "invalid JSON: got EOF while reading request body",
    },
    {
      what: "followed by more",
      init: { body: '{"Image":"a"} x' },
      status: 400,
      message: "unexpected content after JSON",
    },
    { what: "no JSON at all", init: { body: "Image: a" }, status: 400, message: "invalid JSON: " },
    {
      what: "of a wrong type",
      init: { body: '{"HostConfig":{"Memory":"x"}}' },
      status: 400,
      message: "invalid JSON: HostConfig.Memory must be a whole number, not a text",
    },
    {
      what: "said to be text",
      init: { body: "{}", headers: { "Content-Type": "text/plain" } },
      status: 400,
      message: "unsupported Content-Type header (text/plain): must be 'application/json'",
    },
    {
      what: "of no type",
      init: { body: new TextEncoder().encode("{}"), headers: { "Content-Type": "" } },
      status: 400,
      message: "malformed Content-Type header (): no media type",
    },
    {
      what: "too large",
      init: { body: `{"Image":"${"x".repeat(33 << 20)}"}` },
      status: 413,
      message: "request body is larger than 33554432 bytes",
    },
  ];
  for (const { what, init, status, message } of refused)
    test(`${what} is refused with ${status}`, async () => {
      await using api = startApi(parts);
      const headers = { "Content-Type": "application/json", ...(init.headers as object) };
      const response = await api.fetch(create, { method: "POST", ...init, headers });
      expect(response.status).toBe(status);
      expect(((await response.json()) as { message: string }).message).toStartWith(message);
      expect(api.calls).toEqual([]);
    });

  test("may have a charset and any case in its type", async () => {
    await using api = startApi(parts);
    const headers = { "Content-Type": "Application/JSON; charset=utf-8" };
    const response = await api.fetch(create, { method: "POST", headers, body: '{"Image":"a"}' });
    expect(response.status).toBe(201);
  });
});

test("GET /images/json counts containers for clients that ask since 1.51", async () => {
  await using api = startApi(parts);
  const counts = async (version: string) =>
    ((await (await api.fetch(`/v${version}/images/json`)).json()) as [{ Containers: number }])[0].Containers;
  expect([await counts("1.50"), await counts("1.51")]).toEqual([-1, 3]);
});

test("GET /networks lists containers only for clients before 1.28, inspect for all", async () => {
  await using api = startApi(parts);
  const containers = async (path: string) => {
    const answer = (await (await api.fetch(path)).json()) as
      | { Containers: object }
      | [{ Containers: object }];
    return Object.keys((Array.isArray(answer) ? answer[0] : answer).Containers);
  };
  expect(await containers("/v1.27/networks")).toEqual([webContainer.id]);
  expect(await containers("/v1.28/networks")).toEqual([]);
  expect(await containers("/v1.41/networks/")).toEqual([]);
  expect(await containers("/networks/front")).toEqual([webContainer.id]);
});
