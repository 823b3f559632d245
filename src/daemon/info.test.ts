import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "./config.ts";
import { createSystem, type SystemDeps } from "./info.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "wharf-info-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function deps(features: Partial<SystemDeps["kernel"]["features"]> = {}): SystemDeps {
  const { config } = loadConfig({ "data-root": directory }, { readFile: () => undefined, env: {} });
  return {
    config: () => ({ ...config, labels: ["a=b"] }),
    kernel: {
      features: {
        cgroup: "v2",
        controllers: new Set(["memory", "cpu", "cpuset", "pids"]),
        swapLimit: true,
        seccomp: true,
        kernelRelease: "6.1",
        ...features,
      } as never,
      sysctl: { get: () => "1\n", set: () => true },
    },
    networks: { warnings: () => [] },
    runtime: {
      runtimes: new Map([["crun", { name: "crun", path: "/usr/bin/crun", version: "crun version 1.8.1" }]]),
      defaultName: "crun",
    },
    storage: {
      snapshotter: {
        name: "overlay2",
        status: [["Supports d_type", "true"]],
        layer: (chainId) => (chainId === "known" ? ({} as never) : undefined),
        layerData: () => ({ UpperDir: "/u" }),
      },
      usage: async () => ({
        layers: new Map([["l", 4]]),
        blobs: new Map([["b", 2]]),
        writables: new Map(),
        unfinishedBytes: 1,
      }),
      measure: async (directories) => directories.map(() => 5),
    },
    containers: {
      counts: () => ({ total: 3, running: 1, paused: 1, stopped: 1 }),
      list: async () => [],
      imageUsers: { usersOf: () => [], countFor: () => 0 },
    },
    images: { count: () => 2, list: async () => [], targetsOf: () => [] },
    volumes: {
      list: () => [{ name: "v", driver: "local" }] as never,
      usersOf: () => ["c1", "c2"],
      driverNames: () => ["local"],
    },
    events: { listeners: () => 4 },
    collectGarbage: () => Promise.reject(new Error("not asked for")),
  };
}

describe("createSystem()", () => {
  test("keeps its id for the life of the data root", () => {
    const first = createSystem(deps()).id;
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(createSystem(deps()).id).toBe(first);
  });

  test("tells what the engine has and what the host can do", async () => {
    expect(await createSystem(deps()).info()).toMatchObject({
      Containers: 3,
      ContainersRunning: 1,
      Images: 2,
      Driver: "overlay2",
      DriverStatus: [["Supports d_type", "true"]],
      MemoryLimit: true,
      OomKillDisable: false,
      IPv4Forwarding: true,
      CgroupVersion: "2",
      NEventsListener: 4,
      Labels: ["a=b"],
      Runtimes: { crun: { path: "/usr/bin/crun" } },
      DefaultRuntime: "crun",
      RuncCommit: { ID: "crun 1.8.1" },
      SecurityOptions: ["name=seccomp,profile=builtin", "name=cgroupns"],
      Warnings: null,
    });
  });

  test("warns of limits the host has not", async () => {
    const info = await createSystem(
      deps({ controllers: new Set(["memory", "cpu"]), swapLimit: false }),
    ).info();
    expect(info.Warnings).toEqual([
      "WARNING: No cpuset limit support",
      "WARNING: No pids limit support",
      "WARNING: No swap limit support",
    ]);
  });

  test("warns of a default runtime that others can lead astray", async () => {
    const version = "runc version 1.1.5+ds1";
    const runtimes = new Map([["runc", { name: "runc", path: "/usr/sbin/runc", version }]]);
    const info = await createSystem({ ...deps(), runtime: { runtimes, defaultName: "runc" } }).info();
    expect(info.Warnings).toEqual([
      "WARNING: runc 1.1.5 follows links of other containers (CVE-2024-45310): use runc 1.1.14 or newer, or crun",
    ]);
  });

  test("measures only what was asked", async () => {
    const system = createSystem(deps());
    expect(await system.diskUsage(new Set(["volume"]))).toEqual({
      volumes: [{ volume: { name: "v", driver: "local" } as never, sizeBytes: 5, users: 2 }],
    });
    expect(await system.diskUsage(new Set(["image", "container"]))).toEqual({
      images: { layersSize: 7, reclaimable: 7, items: [] },
      containers: [],
    });
  });

  test("knows where an image's layers are, if it has any", () => {
    const { imageStorage } = createSystem(deps());
    expect(imageStorage({ chainId: "known" } as never)).toEqual({
      name: "overlay2",
      data: { UpperDir: "/u" },
    });
    expect(imageStorage({ chainId: undefined } as never)).toBeUndefined();
    expect(imageStorage({ chainId: "gone" } as never)).toBeUndefined();
  });

  test("gives Docker's client the details it prints", () => {
    const { Components, MinAPIVersion } = createSystem(deps()).version();
    expect(MinAPIVersion).toBe("1.24");
    expect(Components[0]!.Details).toMatchObject({ MinAPIVersion: "1.24", ApiVersion: "1.55", Os: "linux" });
    expect(Components.at(-1)).toEqual({ Name: "crun", Version: "1.8.1", Details: { Path: "/usr/bin/crun" } });
  });
});
