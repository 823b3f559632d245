/** Stand-ins for the engine in tests of the API: every call is recorded, one that was not prepared fails. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "#base/log.ts";
import type { ContainerView } from "#containers/types.ts";
import type { ImageView } from "#images/types.ts";
import type { EndpointRecord } from "#network/types.ts";
import { createApi } from "./server.ts";
import type { Api, ApiOptions, ApiParts, ApiRequirements } from "./types.ts";

export type PartsInPart = { readonly [P in keyof ApiParts]?: Partial<ApiParts[P]> };

export interface RecordedCall {
  /** "containers.start" */
  readonly method: string;
  readonly args: readonly unknown[];
}

export interface TestApi extends AsyncDisposable {
  readonly api: Api;
  readonly socket: string;
  readonly directory: string;
  readonly calls: RecordedCall[];
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** POST with a JSON body. */
  post(path: string, body?: unknown): Promise<Response>;
}

const TEST_OPTIONS: ApiOptions = {
  serverName: "wharf/test (linux)",
  minVersion: "1.24",
  experimental: false,
  builderVersion: "1",
  cgroupVersion: 2,
};

export const NOW = Date.parse("2026-11-21T03:40:00Z");

export function startApi(parts: PartsInPart, requirements: Partial<ApiRequirements> = {}): TestApi {
  const directory = mkdtempSync(join(tmpdir(), "wharf-api-"));
  const socket = join(directory, "api.sock");
  const calls: RecordedCall[] = [];
  const names = ["containers", "images", "networks", "volumes", "plugins", "events", "system"] as const;
  const recorded = Object.fromEntries(names.map((name) => [name, recording(name, parts[name] ?? {}, calls)]));
  const api = createApi({
    ...(recorded as unknown as ApiParts),
    log: silentLog,
    options: TEST_OPTIONS,
    ready: Promise.resolve(),
    now: () => NOW,
    ...requirements,
  });
  api.listen({ unix: socket });
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`http://wharf${path}`, { ...init, unix: socket });
  return {
    api,
    socket,
    directory,
    calls,
    fetch: ask,
    post: (path, body) =>
      ask(path, {
        method: "POST",
        ...(body === undefined
          ? {}
          : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
      }),
    async [Symbol.asyncDispose]() {
      await api.close(0);
      rmSync(directory, { recursive: true });
    },
  };
}

function recording(part: string, methods: object, calls: RecordedCall[]): object {
  return new Proxy(methods, {
    get(target, name: string) {
      const method = Reflect.get(target, name);
      if (method !== undefined && typeof method !== "function") return method;
      return (...args: unknown[]) => {
        calls.push({ method: `${part}.${name}`, args });
        if (!method) throw new Error(`unexpected call of ${part}.${name}`);
        return method.apply(target, args);
      };
    },
  });
}

const ID = "718484c56b4fce4c503009e264032e9eabec2f02e4fa5c7c7a5dad77d57b78ab";
const IMAGE_ID = "sha256:051fde933ee6f57c4e52b273187d057a55c082a5d6aea5c77ddc1cc82aae7e1c";
const NETWORK_ID = "56e32bf683a5297f9e21644c7b975784be1c1ef9f60acd354c4c68313872a741";

export const bridgeEndpoint: EndpointRecord = {
  id: "0169e106c0e5b10dae8d2823f706b5aa7a7f57928d95ca3f6e63b80fa0b97ee0",
  networkId: NETWORK_ID,
  networkName: "bridge",
  containerId: ID,
  containerName: "web",
  interfaceName: "eth0",
  hostInterfaceName: "vw1",
  mac: "02:42:ac:11:00:02",
  ipv4: { address: "172.17.0.2", prefixLength: 16, gateway: "172.17.0.1" },
  ipv6: undefined,
  aliases: [],
  settings: {},
};

/** A running container like the one the fixtures in test/fixtures/docker/ were taken from. */
export const webContainer: ContainerView = {
  id: ID,
  name: "web",
  linkNames: [],
  created: "2026-11-21T03:32:32.043776748Z",
  imageName: "bb:1",
  imageId: IMAGE_ID,
  platform: "linux/amd64",
  config: {
    Hostname: "hosty",
    ExposedPorts: { "70/tcp": {}, "80/tcp": {}, "90/udp": {} },
    Env: ["A=B", "PATH=/bin"],
    Cmd: ["sleep", "1000"],
    Image: "bb:1",
    Labels: { a: "b", l: "1" },
  },
  hostConfig: {
    Binds: ["/tmp:/t:ro", "vol1:/data"],
    LogConfig: { Type: "json-file", Config: {} },
    NetworkMode: "default",
    PortBindings: {
      "80/tcp": [{ HostIp: "", HostPort: "8080" }],
      "90/udp": [{ HostIp: "127.0.0.1", HostPort: "9090" }],
    },
    CgroupnsMode: "host",
    IpcMode: "private",
    Tmpfs: { "/tf": "" },
    ShmSize: 67108864,
    Runtime: "runc",
    MaskedPaths: ["/proc/asound"],
    ReadonlyPaths: ["/proc/bus"],
  },
  endpoints: { bridge: {} },
  mounts: [
    {
      ...mountDefaults(),
      type: "bind",
      destination: "/t",
      source: "/tmp",
      readOnly: true,
      mode: "ro",
      propagation: "rprivate",
    },
    {
      ...mountDefaults(),
      type: "volume",
      destination: "/data",
      source: "vol1",
      volume: "vol1",
      driver: "local",
      mode: "z",
    },
    { ...mountDefaults(), type: "tmpfs", destination: "/tf" },
  ],
  state: {
    status: "running",
    pid: 141,
    exitCode: 0,
    oomKilled: false,
    error: "",
    startedAt: "2026-11-21T03:32:32.36239351Z",
    finishedAt: "0001-01-01T00:00:00Z",
    health: undefined,
    isStarting: false,
  },
  restartCount: 0,
  stoppedByUser: false,
  sandbox: {
    containerId: ID,
    containerName: "web",
    netnsPath: "/run/wharf/netns/718484c56b4f",
    endpoints: [bridgeEndpoint],
    ports: [
      { protocol: "tcp", containerPort: 80, hostAddress: "::", hostPort: 8080 },
      { protocol: "tcp", containerPort: 80, hostAddress: "0.0.0.0", hostPort: 8080 },
      { protocol: "udp", containerPort: 90, hostAddress: "127.0.0.1", hostPort: 9090 },
    ],
  },
  networks: [bridgeEndpoint],
  execIds: [],
  paths: { hosts: "/d/hosts", hostname: "/d/hostname", resolvConf: "/d/resolv.conf", log: "/d/json.log" },
  driver: "overlay2",
  driverData: { UpperDir: "/d/diff" },
  sizes: undefined,
};

function mountDefaults() {
  return {
    volume: undefined,
    driver: undefined,
    readOnly: false,
    propagation: "",
    mode: "",
    copyUp: false,
    recursive: true,
    subpath: undefined,
    createSource: false,
    tmpfsOptions: [],
    anonymous: false,
    spec: undefined,
    source: "",
  };
}

export const busyboxImage: ImageView = {
  id: IMAGE_ID,
  config: {
    created: "2026-11-21T03:32:31.943903291Z",
    architecture: "amd64",
    os: "linux",
    config: { Env: ["PATH=/bin"], Cmd: ["sh"], Labels: { a: "b" } },
    rootfs: {
      type: "layers",
      diff_ids: ["sha256:45b89081a3210e0653f438da3d44c36d184c3681393c8a3f2c5635d1be84897b"],
    },
    history: [{ created: "2026-11-21T03:32:31.943903291Z", comment: "Imported from -" }],
    docker_version: "20.10.24+dfsg1",
  },
  chainId: "sha256:45b89081a3210e0653f438da3d44c36d184c3681393c8a3f2c5635d1be84897b",
  layers: [],
  manifest: { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: IMAGE_ID, size: 400 },
  sizeBytes: 1982298,
  lastTagTime: "2026-11-21T03:32:31.944747107Z",
  parent: undefined,
  repoTags: ["bb:1"],
  repoDigests: [],
};
