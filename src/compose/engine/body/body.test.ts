import { expect, test } from "bun:test";
import type { Project, Service } from "../../model/types.ts";
import { project } from "../_testing/projects.ts";
import { planBody } from "./body.ts";
import { planMounts } from "./mounts.ts";

const OPTIONS = {
  containerName: "shop-web-1",
  image: "bb",
  labels: { a: "b" },
  links: [],
  useAliases: true,
  proxyEnvironment: {},
  seccompProfiles: {},
};

const body = (service: Partial<Service>, rest: Partial<Project> = {}, options: object = {}) => {
  const shop = project({ web: service }, rest);
  return planBody(shop, shop.services.web!, { ...OPTIONS, ...options });
};

test("planBody() says nothing that the service does not say", () => {
  expect(body({})).toEqual({
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    Image: "bb",
    Labels: { a: "b" },
    Env: [],
    HostConfig: { NetworkMode: "shop_default" },
    NetworkingConfig: { EndpointsConfig: { shop_default: { Aliases: ["shop-web-1", "web"] } } },
  });
});

test("planBody() puts networks in order of their priority, with addresses and names", () => {
  const networks = {
    low: null,
    high: { priority: 9, aliases: ["www"], ipv4_address: "10.0.0.9", interface_name: "lan0" },
  };
  const names = { low: { name: "shop_low", extensions: {} }, high: { name: "shop_high", extensions: {} } };
  const { HostConfig, NetworkingConfig } = body(
    { networks, mac_address: "02:00:00:00:00:01" },
    { networks: names },
  );
  expect(HostConfig?.NetworkMode).toBe("shop_high");
  expect(NetworkingConfig?.EndpointsConfig).toEqual({
    shop_high: {
      Aliases: ["shop-web-1", "web", "www"],
      IPAMConfig: { IPv4Address: "10.0.0.9" },
      MacAddress: "02:00:00:00:00:01",
      DriverOpts: { "com.docker.network.endpoint.ifname": "lan0" },
    },
    shop_low: { Aliases: ["shop-web-1", "web"] },
  });
});

test("planBody() lets the variables of the service win over proxies, and unsets those without a value", () => {
  const { Env } = body(
    { environment: { HTTP_PROXY: "own", GONE: null, EMPTY: "" } },
    {},
    { proxyEnvironment: { HTTP_PROXY: "client", NO_PROXY: "x" } },
  );
  expect(Env).toEqual(["EMPTY=", "GONE", "HTTP_PROXY=own", "NO_PROXY=x"]);
});

test("planBody() writes ports, ranges of expose, restarts and limits as the engine has them", () => {
  const { ExposedPorts, HostConfig } = body({
    ports: [
      { target: 80, published: "8080", host_ip: "127.0.0.1" },
      { target: 53, protocol: "udp" },
    ],
    expose: ["90-91/udp", "7"],
    restart: "on-failure:3",
    cpus: 1.5,
    mem_limit: 1,
    pids_limit: 0,
    deploy: { resources: { limits: { memory: 2, pids: 5 } } },
    gpus: [{ count: -1 }],
    devices: [{ source: "vendor.com/gpu=0" }, { source: "/dev/null", target: "/dev/x", permissions: "r" }],
    cap_add: ["net_admin", "CAP_CHOWN"],
    ulimits: { nofile: { soft: 1, hard: 2 }, nproc: { single: 3 } },
  });
  expect(Object.keys(ExposedPorts!).sort()).toEqual(["53/udp", "7/tcp", "80/tcp", "90/udp", "91/udp"]);
  expect(HostConfig).toMatchObject({
    PortBindings: {
      "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }],
      "53/udp": [{ HostIp: "", HostPort: "" }],
    },
    RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 },
    NanoCpus: 1_500_000_000,
    Memory: 2,
    PidsLimit: 5,
    DeviceRequests: [
      { Capabilities: [["gpu"]], Count: -1 },
      { Driver: "cdi", DeviceIDs: ["vendor.com/gpu=0"] },
    ],
    Devices: [{ PathOnHost: "/dev/null", PathInContainer: "/dev/x", CgroupPermissions: "r" }],
    CapAdd: ["CAP_CHOWN", "CAP_NET_ADMIN"],
    Ulimits: [
      { Name: "nofile", Soft: 1, Hard: 2 },
      { Name: "nproc", Soft: 3, Hard: 3 },
    ],
  });
});

test("planMounts() uses the short form where it can, and takes over anonymous volumes", () => {
  const shop = project(
    {
      web: {
        volumes: [
          { type: "volume", source: "data", target: "/data", read_only: true },
          { type: "bind", source: "/src", target: "/made", bind: { create_host_path: true } },
          { type: "bind", source: "/src", target: "/there", bind: { create_host_path: false } },
          { type: "volume", target: "/anonymous" },
        ],
        secrets: [{ source: "token" }],
        configs: [{ source: "conf", target: "/etc/conf" }, { source: "inline" }],
      },
    },
    {
      volumes: { data: { name: "shop_data", extensions: {} } },
      secrets: { token: { name: "t", file: "/t", extensions: {} } },
      configs: {
        conf: { name: "c", file: "/c", extensions: {} },
        inline: { name: "i", content: "x", extensions: {} },
      },
    },
  );
  const point = (Name: string, Destination: string) =>
    ({ Type: "volume", Name, Destination, Source: "", Mode: "", RW: true, Propagation: "" }) as const;
  const inherited = {
    mounts: [point("old", "/anonymous"), point("image", "/image"), point("other", "/elsewhere")],
    imageVolumes: new Set(["/image"]),
  };
  expect(planMounts(shop, shop.services.web!, inherited)).toEqual({
    binds: ["shop_data:/data:ro", "/src:/made:rw"],
    mounts: [
      { Type: "volume", Source: "old", Target: "/anonymous", ReadOnly: false },
      { Type: "bind", Source: "/c", Target: "/etc/conf", ReadOnly: true },
      { Type: "volume", Source: "image", Target: "/image", ReadOnly: false },
      { Type: "bind", Source: "/t", Target: "/run/secrets/token", ReadOnly: true, BindOptions: {} },
      { Type: "bind", Source: "/src", Target: "/there", BindOptions: {} },
    ],
  });
});

test("planMounts() asks for other ids of a bind in both forms", () => {
  const bind = (create_host_path: boolean) => ({ create_host_path, extensions: { "x-idmap": "owner" } });
  const shop = project({
    web: {
      volumes: [
        { type: "bind", source: "/a", target: "/a", bind: bind(true) },
        { type: "bind", source: "/b", target: "/b", bind: bind(false) },
      ],
    },
  });
  expect(planMounts(shop, shop.services.web!)).toEqual({
    binds: ["/a:/a:rw,idmap=owner"],
    mounts: [{ Type: "bind", Source: "/b", Target: "/b", BindOptions: { IDMap: "owner" } }],
  });
});

const MISSING: [title: string, secrets: Project["secrets"], says: string][] = [
  ["is not defined", {}, `service "web": secret "token" is not defined`],
  ["is external", { token: { name: "t", external: true, extensions: {} } }, `secret "token" is external`],
  [
    "has a driver",
    { token: { name: "t", file: "/t", driver: "vault", extensions: {} } },
    `secret "token" has 'driver'`,
  ],
];

for (const [title, secrets, says] of MISSING)
  test(`planMounts() refuses a secret that ${title}`, () => {
    const shop = project({ web: { secrets: [{ source: "token" }] } }, { secrets });
    expect(() => planMounts(shop, shop.services.web!)).toThrow(says);
  });
