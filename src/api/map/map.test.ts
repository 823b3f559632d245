/** Our answers beside those a real dockerd gave for the same objects (test/fixtures/docker/README.md). */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerView } from "#containers/types.ts";
import type { NetworkRecord } from "#network/types.ts";
import type { VolumeRecord } from "#volumes/types.ts";
import { bridgeEndpoint, busyboxImage, webContainer } from "../_fakes.ts";
import { containerInspect } from "./container.ts";
import { containerSummary } from "./container-summary.ts";
import { imageInspect, imageSummary } from "./image.ts";
import { networkView } from "./network.ts";
import { volumeView } from "./volume.ts";

const volume: VolumeRecord = {
  name: "vol1",
  driver: "local",
  mountpoint: "/var/lib/docker/volumes/vol1/_data",
  createdAt: "2026-11-21T03:32:32Z",
  labels: { v: "1" },
  options: {},
  anonymous: false,
};

type Json = Record<string, unknown>;

function fixture<T = Json>(name: string): T {
  return JSON.parse(
    readFileSync(join(import.meta.dir, "../../../test/fixtures/docker", `${name}.json`), "utf8"),
  );
}

const findVolume = (name: string): VolumeRecord => ({
  ...volume,
  name,
  mountpoint: `/var/lib/docker/volumes/${name}/_data`,
});
const nowMs = Date.parse("2026-11-21T03:32:34.5Z");

/** Fails unless both list the same fields in the same order; `extra` are those newer than the fixture. */
function expectSameFields(ours: object, theirs: object, extra: readonly string[]): void {
  const newer = (name: string) => extra.includes(name) && !(name in theirs);
  expect(Object.keys(ours).filter((name) => !newer(name))).toEqual(Object.keys(theirs));
}

/** Fields of endpoints that API 1.41 did not have; today's order puts two others elsewhere too. */
function asOldEndpoint(settings: Json): Json {
  const { GwPriority, DNSNames, ...old } = settings;
  return old;
}

/** Lists that Docker shows as they were sent. */
const UNSENT = [
  ...["BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps"],
  ...["BlkioDeviceWriteIOps", "Devices", "Dns", "DnsOptions", "DnsSearch", "Ulimits"],
];

describe("containerInspect()", () => {
  const theirs = fixture("container-inspect-1.41");
  const ours = containerInspect(webContainer, { version: "1.41", findVolume }) as unknown as Json;

  test("has dockerd's fields in dockerd's order", () => {
    expectSameFields(ours, theirs, []);
    for (const part of ["State", "Config", "NetworkSettings", "GraphDriver"])
      expectSameFields(ours[part] as Json, theirs[part] as Json, ["MacAddress"]);
    const hostConfig = Object.keys(theirs.HostConfig as Json);
    expect(Object.keys(ours.HostConfig as Json).toSorted()).toEqual(hostConfig.toSorted());
  });

  test("has dockerd's values where the containers are alike", () => {
    const {
      HostConfig: theirHost,
      NetworkSettings: theirNetwork,
      Config: theirConfig,
      ...theirRest
    } = theirs;
    const { HostConfig, NetworkSettings, Config, ...rest } = ours;
    const ofHost = ["ResolvConfPath", "HostnamePath", "HostsPath", "LogPath", "GraphDriver"];
    const without = (value: Json) =>
      Object.fromEntries(Object.entries(value).filter(([name]) => !ofHost.includes(name)));
    expect(without(rest)).toEqual(without(theirRest));
    // That container's client sent empty lists; ours sent nothing.
    const unsent = Object.fromEntries(UNSENT.map((name) => [name, null]));
    const masked = { MaskedPaths: ["/proc/asound"], ReadonlyPaths: ["/proc/bus"] };
    expect(HostConfig).toEqual({ ...(theirHost as Json), ...masked, ...unsent });
    expect(Config).toEqual({ ...(theirConfig as Json), MacAddress: "02:42:ac:11:00:02" });
    const { Networks: theirNetworks, ...theirSandbox } = theirNetwork as Json;
    const { Networks, ...sandbox } = NetworkSettings as Json;
    const sandboxNames = { SandboxID: webContainer.id, SandboxKey: "/run/wharf/netns/718484c56b4f" };
    expect(sandbox).toEqual({ ...theirSandbox, ...sandboxNames });
    expect(asOldEndpoint((Networks as Record<string, Json>).bridge!)).toEqual(
      (theirNetworks as Record<string, Json>).bridge!,
    );
  });

  test("leaves out from 1.52 on what only old clients read", () => {
    const answer = containerInspect(webContainer, { version: "1.52", findVolume }) as unknown as Json;
    expect(Object.keys(answer.NetworkSettings as Json)).toEqual([
      "SandboxID",
      "SandboxKey",
      "Ports",
      "Networks",
    ]);
    expect(answer.GraphDriver).toBeUndefined();
    expect(answer.Storage).toEqual({ RootFS: { Snapshot: { Name: "overlay2" } } });
    expect((answer.Config as Json).MacAddress).toBeUndefined();
    expect((answer.HostConfig as Json).KernelMemory).toBeUndefined();
  });

  test("adds a container's own names to its aliases before 1.45, on networks of users only", () => {
    const view: ContainerView = {
      ...webContainer,
      networks: [bridgeEndpoint, { ...bridgeEndpoint, networkName: "front", settings: { Aliases: ["w"] } }],
    };
    const aliases = (version: string) => {
      const { Networks } = containerInspect(view, { version, findVolume }).NetworkSettings;
      return [Networks.bridge!.Aliases, Networks.front!.Aliases];
    };
    expect(aliases("1.44")).toEqual([null, ["w", "718484c56b4f", "hosty"]]);
    expect(aliases("1.45")).toEqual([null, ["w"]]);
  });
});

describe("containerSummary()", () => {
  const [done, web] = fixture<[Json, Json]>("container-list-1.41");

  test("is dockerd's for a running container", () => {
    const ours = containerSummary(webContainer, {
      version: "1.41",
      nowMs,
      findVolume,
    }) as unknown as Json;
    expectSameFields(ours, web, []);
    const { NetworkSettings, Mounts, ...rest } = ours;
    const { NetworkSettings: theirNetworks, Mounts: theirMounts, ...theirRest } = web;
    expect(rest).toEqual(theirRest);
    expect((Mounts as Json[]).toReversed()).toEqual(theirMounts as Json[]);
    expect(asOldEndpoint((NetworkSettings as { Networks: { bridge: Json } }).Networks.bridge)).toEqual(
      (theirNetworks as { Networks: { bridge: Json } }).Networks.bridge,
    );
  });

  test("is dockerd's for one that ended", () => {
    const view: ContainerView = {
      ...webContainer,
      id: done.Id as string,
      name: "done",
      created: "2026-11-21T03:32:32.836337716Z",
      config: { Cmd: ["sh", "-c", "exit 3"], Labels: { a: "b" } },
      mounts: [],
      networks: [],
      sandbox: undefined,
      endpoints: { bridge: { NetworkID: bridgeEndpoint.networkId } },
      state: {
        ...webContainer.state,
        status: "exited",
        exitCode: 3,
        finishedAt: "2026-11-21T03:32:33.124129897Z",
      },
    };
    const ours = containerSummary(view, { version: "1.41", nowMs, findVolume }) as unknown as Json;
    const { NetworkSettings, ...rest } = ours;
    const { NetworkSettings: theirNetworks, ...theirRest } = done;
    expect(rest).toEqual(theirRest);
    expect(asOldEndpoint((NetworkSettings as { Networks: { bridge: Json } }).Networks.bridge)).toEqual(
      (theirNetworks as { Networks: { bridge: Json } }).Networks.bridge,
    );
  });

  test("tells health and annotations to clients that know them", () => {
    const view = { ...webContainer, hostConfig: { Annotations: { a: "b" } } };
    const summary = (version: string) => containerSummary(view, { version, nowMs, findVolume });
    expect(summary("1.45").HostConfig.Annotations).toBeUndefined();
    expect(summary("1.46").HostConfig.Annotations).toEqual({ a: "b" });
    expect(summary("1.51").Health).toBeUndefined();
    expect(summary("1.52").Health).toEqual({ Status: "none", FailingStreak: 0 });
  });
});

describe("imageSummary()", () => {
  test("is dockerd's, but with a list where it sent null", () => {
    const [theirs] = fixture<[Json]>("image-list-1.41");
    const ours = imageSummary(busyboxImage, { containers: -1, sharedSize: -1 }, "1.41");
    expect(ours as unknown as Json).toEqual({ ...theirs, RepoDigests: [] });
    expectSameFields(ours, theirs, []);
  });

  test("shows an image without names as old clients know it", () => {
    const nameless = { ...busyboxImage, repoTags: [] };
    const names = (version: string) => {
      const { RepoTags, RepoDigests } = imageSummary(nameless, { containers: 0, sharedSize: 0 }, version);
      return [RepoTags, RepoDigests];
    };
    expect(names("1.42")).toEqual([["<none>:<none>"], ["<none>@<none>"]]);
    expect(names("1.43")).toEqual([[], []]);
  });
});

describe("imageInspect()", () => {
  const storage = { name: "overlay2", data: { UpperDir: "/d/diff" } };

  test("is dockerd's", () => {
    const theirs = fixture("image-inspect-1.41");
    const ours = imageInspect(busyboxImage, storage, "1.41") as unknown as Json;
    expectSameFields(ours, theirs, []);
    const { ContainerConfig, GraphDriver, ...rest } = ours;
    const { ContainerConfig: theirConfig, GraphDriver: theirDriver, ...theirRest } = theirs;
    expect(rest).toEqual(theirRest);
    expect(ContainerConfig).toEqual(theirConfig);
  });

  test("shrinks with newer versions", () => {
    const config = (version: string) => Object.keys(imageInspect(busyboxImage, storage, version).Config!);
    expect(config("1.50")).not.toContain("Hostname");
    expect(config("1.50")).toContain("OnBuild");
    expect(config("1.52")).toEqual(["Env", "Cmd", "Labels"]);
    expect(Object.keys(imageInspect(busyboxImage, storage, "1.52"))).toEqual([
      "Id",
      "RepoTags",
      "RepoDigests",
      "Comment",
      "Created",
      "DockerVersion",
      "Config",
      "Architecture",
      "Os",
      "Size",
      "RootFS",
      "Metadata",
      "Descriptor",
    ]);
  });
});

test("networkView() is dockerd's, with the newer word on IPv4", () => {
  const theirs = fixture("network-inspect-1.41");
  const record: NetworkRecord = {
    id: theirs.Id as string,
    name: "mynet",
    driver: "bridge",
    created: theirs.Created as string,
    internal: false,
    attachable: false,
    enableIPv4: true,
    enableIPv6: false,
    ipam: { driver: "default", options: null, config: [{ Subnet: "10.55.0.0/24" }] },
    options: {},
    labels: { x: "y" },
  };
  const [[containerId, container]] = Object.entries(theirs.Containers as Record<string, Json>) as [
    [string, Json],
  ];
  const endpoint = {
    ...bridgeEndpoint,
    containerId,
    containerName: "net2",
    id: container.EndpointID as string,
    mac: "02:42:0a:37:00:02",
    ipv4: { address: "10.55.0.2", prefixLength: 24, gateway: "10.55.0.1" },
  };
  const { EnableIPv4, ...ours } = networkView(record, [endpoint]);
  expect(EnableIPv4).toBe(true);
  expect(ours as unknown as Json).toEqual({ ...theirs, IPAM: { ...(theirs.IPAM as Json), Options: null } });
  expectSameFields(ours, theirs, []);
});

test("volumeView() is dockerd's", () => {
  const theirs = fixture("volume-inspect-1.41");
  const ours = volumeView(volume);
  expect(JSON.stringify(ours)).toBe(JSON.stringify(theirs));
});
