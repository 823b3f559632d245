import { describe, expect, test } from "bun:test";
import type { RuntimeMount, RuntimeSpec } from "#spec/oci/runtime.ts";
import { exampleInput } from "./_example.ts";
import fixture from "./_fixtures/dockerd-20.10.json";
import { buildRuntimeSpec } from "./build.ts";
import { OPEN_FILES_SOFT } from "./defaults.ts";
import type { SpecMount } from "./types.ts";

/** Masked since Docker 20.10. */
const NEWER_MASKS = ["/proc/interrupts", "/sys/devices/virtual/powercap"];

type Loose = Record<string, never> & RuntimeSpec;

/** What both say, in a form that differs only where they mean different things. */
function comparable(spec: RuntimeSpec): object {
  const { process, mounts, linux } = structuredClone(spec) as Loose;
  const { resources, sysctl, seccomp: _tooLong, ...rest } = linux;
  return {
    process: {
      ...process,
      env: process.env.filter((entry) => !entry.startsWith("HOME=")),
      user: uniqueGroups(process.user),
      rlimits: process.rlimits?.filter(({ soft }) => soft !== OPEN_FILES_SOFT) ?? [],
    },
    hostname: spec.hostname,
    root: spec.root,
    mounts: mounts.map(withoutDefaultPropagation),
    linux: {
      ...rest,
      namespaces: rest.namespaces.sort((a, b) => (a.type < b.type ? -1 : 1)),
      ...(rest.maskedPaths
        ? { maskedPaths: rest.maskedPaths.filter((path) => !NEWER_MASKS.includes(path)).sort() }
        : {}),
      sysctl: sysctl ?? {},
      resources: {
        devices: resources!
          .devices!.filter(({ major, minor }) => !(major === 10 && minor === 229))
          .map(plainRule),
        limits: Object.fromEntries(
          ["memory", "cpu", "pids", "blockIO"].map((name) => [name, meaningful(resources as never, name)]),
        ),
      },
    },
  };
}

function uniqueGroups<T extends { additionalGids?: number[] }>(user: T): T {
  return { ...user, additionalGids: [...new Set(user.additionalGids)] };
}

/** Docker leaves it out for volumes, where it is what happens anyway. */
function withoutDefaultPropagation(mount: RuntimeMount): RuntimeMount {
  return { ...mount, options: mount.options?.filter((option) => option !== "rprivate") };
}

/** Docker writes "all" as -1. */
function plainRule(rule: Record<string, unknown> | object): object {
  return Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== -1));
}

/** Docker writes zeros and false where nothing was asked. */
function meaningful(resources: Record<string, object>, name: string): object {
  return Object.fromEntries(Object.entries(resources[name] ?? {}).filter(([, value]) => value));
}

function volume(source: string, destination: string, more: Partial<SpecMount> = {}): SpecMount {
  return { type: "bind", source, destination, readOnly: false, propagation: "", ...more };
}

const FUSE = {
  type: "c",
  path: "/dev/fuse",
  major: 10,
  minor: 229,
  fileMode: 0o600,
  uid: 0,
  gid: 0,
} as const;
const ZERO = { type: "c", path: "/dev/z", major: 1, minor: 5, fileMode: 0o666, uid: 0, gid: 0 } as const;

/** The inputs to the samples of the fixture, which were made with `docker run`. */
const INPUTS = {
  base: exampleInput(),
  host: exampleInput(
    {},
    { IpcMode: "host", PidMode: "host", UTSMode: "host" },
    {
      namespaces: { network: "private", ipc: "host", pid: "host", uts: "host", cgroup: "host", user: "host" },
    },
  ),
  share: exampleInput(
    {},
    {
      ...{ CpuShares: 512, CpuPeriod: 50000, CpuQuota: 25000, BlkioWeight: 300 },
      ...{ MemorySwappiness: 10, OomKillDisable: true, Memory: 50 << 20, IpcMode: "shareable" },
    },
    { shmPath: "/data-root/containers/ID/mounts/shm" },
  ),
  opts: exampleInput(
    { User: "web", Domainname: "ex.org", WorkingDir: "/work", Env: ["A=b", "PATH=/x"] },
    {
      GroupAdd: ["3000", "extra"],
      CapAdd: ["NET_ADMIN"],
      CapDrop: ["MKNOD"],
      ReadonlyRootfs: true,
      DeviceCgroupRules: ["c 1:* rwm"],
      Ulimits: [{ Name: "nofile", Soft: 100, Hard: 200 }],
      ...{ Memory: 64 << 20, MemorySwap: 128 << 20, MemoryReservation: 32 << 20 },
      ...{ NanoCpus: 5e8, CpusetCpus: "0", PidsLimit: 50, ShmSize: 32 << 20 },
      Sysctls: { "net.ipv4.ip_forward": "1" },
      SecurityOpt: ["no-new-privileges"],
      OomScoreAdj: 100,
      Init: true,
    },
    {
      initPath: "/usr/bin/docker-init",
      devices: {
        asked: [
          { device: FUSE, access: "rwm" },
          { device: ZERO, access: "r" },
        ],
        host: [],
        block: new Map(),
      },
      mounts: [
        volume("/data-root/volumes/vol/_data", "/data"),
        volume("/etc/hostname", "/hn", { readOnly: true, writableBelow: true }),
        { ...volume("", "/t"), type: "tmpfs", tmpfsOptions: ["size=10m", "mode=700"] },
        { ...volume("", "/u"), type: "tmpfs" },
      ],
    },
  ),
};

describe("buildRuntimeSpec() says what dockerd 20.10 says", () => {
  test.each(Object.keys(INPUTS) as (keyof typeof INPUTS)[])("for the sample %s", (name) => {
    const expected = comparable(fixture.specs[name] as unknown as RuntimeSpec);
    const ours = comparable(buildRuntimeSpec(INPUTS[name]).spec);
    expect(ours).toEqual(expected);
  });
});

test("buildRuntimeSpec() of a privileged container hides, filters and forbids nothing", () => {
  const { spec } = buildRuntimeSpec(
    exampleInput({}, { Privileged: true }, { devices: { asked: [], host: [FUSE], block: new Map() } }),
  );
  expect(spec.linux).toMatchObject({
    devices: [FUSE],
    resources: { devices: [{ allow: true, access: "rwm" }] },
  });
  expect(spec.linux).not.toContainAnyKeys(["maskedPaths", "readonlyPaths", "seccomp"]);
  const options = Object.fromEntries(spec.mounts.map((mount) => [mount.destination, mount.options]));
  expect(options["/sys"]).not.toContain("ro");
  expect(options["/sys/fs/cgroup"]).not.toContain("ro");
  expect(spec.process.capabilities!.effective).toEqual(exampleInput().host.capabilities as string[]);
});

test("buildRuntimeSpec() takes a user's list of masked paths, an empty one too", () => {
  const { spec } = buildRuntimeSpec(exampleInput({}, { MaskedPaths: [], ReadonlyPaths: ["/proc/sys"] }));
  expect(spec.linux).toMatchObject({ maskedPaths: [], readonlyPaths: ["/proc/sys"] });
});

test("buildRuntimeSpec() collects the warnings of all parts", () => {
  const { warnings } = buildRuntimeSpec(
    exampleInput(
      {},
      { BlkioWeight: 300, OomScoreAdj: -5, Ulimits: [{ Name: "nofile", Soft: 1, Hard: 1e6 }] },
    ),
  );
  expect(warnings).toEqual([
    "ulimit nofile of 1000000 is lowered to 20000: the engine has no right to raise limits",
    "OomScoreAdj -5 is raised to 0: the engine has no right to lower it",
    "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.",
  ]);
});

test("buildRuntimeSpec() passes annotations on and joins namespaces by path", () => {
  const namespaces = {
    ...exampleInput().namespaces,
    network: { path: "/run/netns/x" },
    pid: { path: "/proc/7/ns/pid" },
  };
  const { spec } = buildRuntimeSpec(exampleInput({}, { Annotations: { a: "b" } }, { namespaces }));
  expect(spec.annotations).toEqual({ a: "b" });
  expect(spec.linux.namespaces).toContainEqual({ type: "network", path: "/run/netns/x" });
  expect(spec.linux.namespaces).toContainEqual({ type: "pid", path: "/proc/7/ns/pid" });
});
