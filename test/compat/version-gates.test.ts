/** What the container endpoints answer and take by the version of the API: one row for each field or meaning that changed. */
import { beforeAll, expect, test } from "bun:test";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const OLDEST = "1.24";
const NEWEST = "1.55";

// biome-ignore lint/suspicious/noExplicitAny: answers of all versions
type Json = Record<string, any>;

const get = async (version: string, path: string) =>
  (await daemon().api("GET", `/v${version}${path}`)).json as Json;
const inspect = (version: string) => get(version, "/containers/shown/json");
const listed = async (version: string) =>
  ((await get(version, `/containers/json?all=1&filters={"name":["shown"]}`)) as unknown as Json[])[0]!;

/** Creates a container, answers with what `inspect` shows of it in the newest version, and removes it. */
async function made(version: string, body: Json, inspectedIn = NEWEST): Promise<Json> {
  const created = await daemon().api("POST", `/v${version}/containers/create?name=made`, {
    Image: "busybox",
    ...body,
  });
  if (created.status !== 201) return { status: created.status };
  const shown = await get(inspectedIn, "/containers/made/json");
  await daemon().api("DELETE", `/v${version}/containers/made`);
  return { ...shown, ...(created.json as Json), status: 201 };
}

interface Gate {
  readonly what: string;
  /** The first version of the new behaviour. */
  readonly since: string;
  readonly ask: (version: string) => Promise<unknown>;
  readonly before: unknown;
  readonly after: unknown;
}

const has = (ask: (version: string) => Promise<Json>, field: string) => async (version: string) =>
  field in (await ask(version));
const settings = async (version: string) => (await inspect(version)).NetworkSettings as Json;
const config = async (version: string) => (await inspect(version)).Config as Json;
const host = async (version: string) => (await inspect(version)).HostConfig as Json;
const isThere = { before: false, after: true };
const isGone = { before: true, after: false };
const bind = (options: Json) => ({
  HostConfig: { Mounts: [{ Type: "bind", Source: "/tmp", Target: "/x", ReadOnly: true, ...options }] },
});

const GATES: readonly Gate[] = [
  {
    what: "list: annotations",
    since: "1.46",
    ask: async (v) => "Annotations" in (await listed(v)).HostConfig,
    ...isThere,
  },
  { what: "list: Health", since: "1.52", ask: has(listed, "Health"), ...isThere },
  { what: "inspect: GraphDriver", since: "1.52", ask: has(inspect, "GraphDriver"), ...isGone },
  { what: "inspect: Storage", since: "1.52", ask: has(inspect, "Storage"), ...isThere },
  { what: "inspect: Config.MacAddress", since: "1.52", ask: has(config, "MacAddress"), ...isGone },
  { what: "inspect: KernelMemory", since: "1.42", ask: has(host, "KernelMemory"), ...isGone },
  ...[
    "EndpointID",
    "Gateway",
    "IPAddress",
    "IPPrefixLen",
    "MacAddress",
    "GlobalIPv6Address",
    "IPv6Gateway",
  ].map((field) => ({
    what: `inspect: ${field} of the bridge`,
    since: "1.52",
    ask: has(settings, field),
    ...isGone,
  })),
  {
    what: "inspect: the short id among the aliases",
    since: "1.45",
    ask: async (v) =>
      ((await settings(v)).Networks.gates.Aliases ?? []).some((name: string) => /^[0-9a-f]{12}$/.test(name)),
    ...isGone,
  },
  {
    what: "create: private is the default of IPC",
    since: "1.40",
    ask: async (v) => (await made(v, {})).HostConfig.IpcMode,
    before: "shareable",
    after: "private",
  },
  {
    what: "create: ConsoleSize",
    since: "1.42",
    ask: async (v) => (await made(v, { HostConfig: { ConsoleSize: [24, 80] } })).HostConfig.ConsoleSize,
    before: [0, 0],
    after: [24, 80],
  },
  {
    what: "create: options of another type of mount",
    since: "1.42",
    ask: async (v) => (await made(v, bind({ VolumeOptions: { NoCopy: true } }))).status,
    before: 201,
    after: 400,
  },
  {
    what: "create: annotations",
    since: "1.43",
    ask: async (v) => (await made(v, { HostConfig: { Annotations: { a: "b" } } })).HostConfig.Annotations,
    before: undefined,
    after: { a: "b" },
  },
  {
    what: "create: StartInterval",
    since: "1.44",
    ask: async (v) =>
      (await made(v, { Healthcheck: { Test: ["CMD", "true"], StartInterval: 1e9 } })).Config.Healthcheck
        .StartInterval,
    before: undefined,
    after: 1e9,
  },
  {
    what: "create: read-only binds are read-only all the way down",
    since: "1.44",
    ask: async (v) => (await made(v, bind({}))).HostConfig.Mounts[0].BindOptions?.ReadOnlyNonRecursive,
    before: true,
    after: undefined,
  },
  {
    what: "create: ReadOnlyForceRecursive",
    since: "1.44",
    ask: async (v) =>
      (
        await made(
          v,
          bind({ BindOptions: { ReadOnlyForceRecursive: true, Propagation: "rprivate" }, Source: "/etc" }),
        )
      ).status,
    before: 400,
    after: 201,
  },
  {
    what: "create: several networks",
    since: "1.44",
    ask: async (v) =>
      (await made(v, { NetworkingConfig: { EndpointsConfig: { gates: {}, bridge: {} } } })).status,
    before: 400,
    after: 201,
  },
  {
    what: "create: the address of an endpoint",
    since: "1.44",
    ask: async (v) =>
      (
        await made(v, {
          HostConfig: { NetworkMode: "gates" },
          NetworkingConfig: { EndpointsConfig: { gates: { MacAddress: "02:00:00:00:00:11" } } },
        })
      ).NetworkSettings.Networks.gates.MacAddress,
    before: "",
    after: "02:00:00:00:00:11",
  },
  {
    what: "create: a warning for a container-wide address",
    since: "1.44",
    ask: async (v) => v >= "1.52" || (await made(v, { MacAddress: "02:00:00:00:00:11" })).Warnings.length > 0,
    before: false,
    after: true,
  },
  {
    what: "create: a part of a volume",
    since: "1.45",
    ask: async (v) =>
      (
        await made(v, {
          HostConfig: {
            Mounts: [{ Type: "volume", Source: "gates", Target: "/x", VolumeOptions: { Subpath: "part" } }],
          },
        })
      ).status,
    before: 400,
    after: 201,
  },
  {
    what: "create: settings of an interface among the container's",
    since: "1.48",
    ask: async (v) => {
      const HostConfig = { NetworkMode: "gates", Sysctls: { "net.ipv4.conf.eth0.log_martians": "1" } };
      const { status, Warnings, NetworkSettings } = await made(v, { HostConfig });
      return [status, Warnings?.length, NetworkSettings?.Networks.gates.DriverOpts];
    },
    before: [201, 1, { "com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.log_martians=1" }],
    after: [400, undefined, undefined],
  },
  {
    what: "create: which network is the way out",
    since: "1.48",
    ask: async (v) =>
      (
        await made(v, {
          HostConfig: { NetworkMode: "gates" },
          NetworkingConfig: { EndpointsConfig: { gates: { GwPriority: 5 } } },
        })
      ).NetworkSettings.Networks.gates.GwPriority,
    before: 0,
    after: 5,
  },
];

const earlier = (version: string) => `1.${Number(version.slice(2)) - 1}`;

beforeAll(async () => {
  await daemon().dockerText("network", "create", "gates");
  await daemon().dockerText("volume", "create", "gates");
  const flags = ["--network", "gates", "--annotation", "a=b", "--health-cmd", "true"];
  await daemon().dockerText("run", "-d", "--name", "shown", ...flags, "busybox", "sleep", "1000");
});

test.each(GATES.map((gate) => [`${gate.since} ${gate.what}`, gate] as const))(
  "%s",
  async (_name, { since, ask, before, after }) => {
    for (const version of new Set([OLDEST, earlier(since)]))
      expect([version, await ask(version)]).toEqual([version, before]);
    for (const version of new Set([since, NEWEST]))
      expect([version, await ask(version)]).toEqual([version, after]);
  },
);

test("remove what was shown", async () => {
  await daemon().dockerText("rm", "-f", "shown");
  await daemon().dockerText("network", "rm", "gates");
  await daemon().dockerText("volume", "rm", "gates");
});

testNothingIsLeft(daemon);
