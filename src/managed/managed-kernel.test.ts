/** What managed plugins have on a real file system: found, kept below themselves, and gone when nobody owns it. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#base/clock.ts";
import { silentLog } from "#base/log.ts";
import { DEFAULT_IMAGES_OPTIONS } from "#images/options.ts";
import { createKernel } from "#kernel/linux.ts";
import { openMemoryState } from "#state/memory.ts";
import { createContentStore } from "#storage/content/local.ts";
import { createManagedPlugins, type ManagedDeps } from "./managed.ts";
import { parsePluginConfig } from "./parse-config.ts";
import {
  contentDirectory,
  logsDirectory,
  pathsOf,
  pluginsDirectory,
  runRoot,
  socketsDirectory,
} from "./paths.ts";
import { PluginRecords } from "./records.ts";
import { initialSettings } from "./settings.ts";

const ID = "a".repeat(64);
const STRANGER = "b".repeat(64);
const digest = `sha256:${"0".repeat(64)}` as const;
const config = parsePluginConfig(
  '{"entrypoint":["/p"],"interface":{"socket":"p.sock","types":["docker.volumedriver/1.0"]},"propagatedMount":"/data"}',
);

let root: string;
let deps: ManagedDeps;
let ended: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "wharf-managed-"));
  const state = openMemoryState();
  ended = [];
  const unused = () => {
    throw new Error("not in this test");
  };
  deps = {
    ...{ dataRoot: join(root, "data"), execRoot: join(root, "run"), state, kernel: createKernel() },
    ...{ clock: systemClock, log: silentLog, events: { emit() {} }, version: "test" },
    runtime: {
      ...{ start: unused, recover: unused, defaultName: "crun" },
      cleanUp: async ({ id, runDirectory }) => {
        ended.push(id);
        rmSync(runDirectory, { recursive: true });
      },
    },
    ...{ files: { write: unused, export: unused }, unpacker: { unpack: unused } },
    registries: { open: unused, openForPush: unused },
    trust: { checkName: unused, admit: unused },
    options: () => DEFAULT_IMAGES_OPTIONS,
    platform: { os: "linux", architecture: "amd64" },
    usersOf: () => undefined,
    groupFor: unused,
    specs: {} as never,
  };
  new PluginRecords(state).put({
    ...{ id: ID, name: "mine:latest", reference: "docker.io/library/mine:latest", config },
    settings: initialSettings(config),
    isEnabled: false,
    timeoutSeconds: 0,
    manifest: { mediaType: "m", digest, size: 1 },
    configDigest: digest,
    layers: [],
    rootfs: "rootfs-2",
  });
});
afterEach(() => rmSync(root, { recursive: true }));

describe("recover()", () => {
  test("removes what a crash left and no plugin owns", async () => {
    const plugins = createManagedPlugins(deps);
    const own = pathsOf(deps, ID).directory;
    for (const directory of [
      join(own, "rootfs-2"),
      join(own, "rootfs-1"),
      join(own, "propagated-mount", "kept"),
      join(pathsOf(deps, STRANGER).directory, "rootfs-unpacked", "rootfs"),
      ...[socketsDirectory(deps), logsDirectory(deps), runRoot(deps)].map((one) => join(one, STRANGER)),
      pathsOf(deps, ID).runDirectory, // started, and the engine ended before it was enabled
    ])
      mkdirSync(directory, { recursive: true });
    const content = createContentStore(contentDirectory(deps), systemClock);
    await content.put("nobody's");
    await plugins.recover();
    expect(readdirSync(pluginsDirectory(deps))).toEqual([ID]);
    expect(readdirSync(own).sort()).toEqual(["propagated-mount", "rootfs-2"]);
    expect(existsSync(join(own, "propagated-mount", "kept"))).toBe(true);
    expect(ended.sort()).toEqual([ID, STRANGER]);
    for (const directory of [socketsDirectory(deps), logsDirectory(deps), runRoot(deps)])
      expect(readdirSync(directory)).toEqual([]);
    expect(content.list()).toEqual([]);
  });
});

describe("hostPath()", () => {
  test("stays below what the plugin shows, whatever its links say", () => {
    const plugins = createManagedPlugins(deps);
    const { directory, propagated } = pathsOf(deps, ID);
    const rootfs = join(directory, "rootfs-2");
    for (const one of [
      join(propagated, "volumes/one"),
      join(propagated, "etc"),
      join(rootfs, "srv"),
      join(rootfs, "etc"),
    ])
      mkdirSync(one, { recursive: true });
    symlinkSync("/etc", join(propagated, "absolute"));
    symlinkSync("../../../../../../etc", join(propagated, "upward"));
    symlinkSync("/etc", join(rootfs, "absolute"));
    writeFileSync(join(propagated, "etc", "mark"), "");
    for (const [path, host] of [
      ["/data/volumes/one", join(propagated, "volumes/one")],
      ["/data", propagated],
      ["/data/absolute", join(propagated, "etc")],
      ["/data/upward", join(propagated, "etc")],
      ["/data/../../../../etc", join(propagated, "etc")],
      ["/srv", join(rootfs, "srv")],
      ["/absolute", join(rootfs, "etc")],
      ["/../../../etc", join(rootfs, "etc")],
    ] as const)
      expect([path, plugins.hostPath("mine", path)]).toEqual([path, host]);
    expect(() => plugins.hostPath("mine", "/data/none")).toThrow("where nothing is");
  });
});

describe("find()", () => {
  test("is silent on names of others, and says what is wrong with its own", () => {
    const plugins = createManagedPlugins(deps);
    expect(plugins.find("other", "VolumeDriver")).toBeUndefined();
    expect(plugins.find("../mine", "VolumeDriver")).toBeUndefined();
    expect(() => plugins.find("mine", "VolumeDriver")).toThrow("plugin mine:latest found but disabled");
    const records = new PluginRecords(deps.state);
    records.change(ID, { isEnabled: true, timeoutSeconds: 7 });
    expect(() => plugins.find("mine", "authz")).toThrow('plugin does not provide "authz" capability');
    expect(plugins.find("mine", "VolumeDriver")).toEqual({
      ...{ name: "mine:latest", url: "http://plugin", socket: undefined, timeoutMs: 7000 },
    });
    // A link in the place of its socket would make us talk to somebody else.
    mkdirSync(pathsOf(deps, ID).sockets, { recursive: true });
    symlinkSync("/run/docker.sock", join(pathsOf(deps, ID).sockets, "p.sock"));
    expect(plugins.find("mine", "VolumeDriver")?.socket).toBeUndefined();
  });
});
