import { expect, test } from "bun:test";
import type { HostConfig } from "#spec/docker/containers.ts";
import type { RuntimeMount } from "#spec/oci/runtime.ts";
import { exampleInput } from "./_example.ts";
import { mountsOf, rootPropagation } from "./mounts.ts";
import type { SpecInput, SpecMount } from "./types.ts";

const READ_ONLY_CGROUPS = { writableCgroups: false };

function mountsFor(hostConfig: HostConfig, more: Partial<SpecInput> = {}): Map<string, RuntimeMount> {
  const mounts = mountsOf(exampleInput({}, hostConfig, more), READ_ONLY_CGROUPS);
  return new Map(mounts.map((mount) => [mount.destination, mount]));
}

function bind(destination: string, more: Partial<SpecMount> = {}): SpecMount {
  return { type: "bind", source: "/source", destination, readOnly: false, propagation: "", ...more };
}

test("mountsOf() lets a user's mount replace a default one and everything below it", () => {
  const mounts = mountsFor({}, { mounts: [bind("/dev/"), bind("/sys"), bind("/etc/hosts")] });
  expect(mounts.get("/dev")!.source).toBe("/source");
  expect(mounts.get("/sys")!.source).toBe("/source");
  expect(mounts.get("/etc/hosts")!.source).toBe("/source");
  expect([...mounts.keys()]).not.toContain("/dev/pts");
  expect([...mounts.keys()]).toContain("/sys/fs/cgroup");
});

test("mountsOf() puts deeper places after those they lie in", () => {
  const input = exampleInput({}, {}, { mounts: [bind("/a/b/c"), bind("/x"), bind("/a")], files: {} });
  const own = mountsOf(input, READ_ONLY_CGROUPS).slice(-3);
  expect(own.map(({ destination }) => destination)).toEqual(["/x", "/a", "/a/b/c"]);
});

test.each<{ mount: Partial<SpecMount>; options: string[] }>([
  { mount: {}, options: ["rbind", "rprivate"] },
  { mount: { readOnly: true }, options: ["rbind", "rro", "rprivate"] },
  { mount: { readOnly: true, writableBelow: true }, options: ["rbind", "ro", "rprivate"] },
  { mount: { readOnly: true, recursive: false }, options: ["bind", "ro", "rprivate"] },
  { mount: { propagation: "rshared" }, options: ["rbind", "rshared"] },
])("mountsOf() binds $mount with $options", ({ mount, options }) => {
  expect(mountsFor({}, { mounts: [bind("/m", mount)] }).get("/m")!.options).toEqual(options);
});

test.each<{ asked: string[]; options: string[] }>([
  { asked: [], options: ["noexec", "nosuid", "nodev", "rprivate"] },
  { asked: ["exec", "size=1m", "size=2m"], options: ["nosuid", "nodev", "rprivate", "exec", "size=2m"] },
  { asked: ["suid", "nosuid", "mode=1770"], options: ["noexec", "nodev", "rprivate", "nosuid", "mode=1770"] },
])("mountsOf() makes a tmpfs asked for with $asked", ({ asked, options }) => {
  const mount: SpecMount = { ...bind("/t"), type: "tmpfs", tmpfsOptions: asked };
  expect(mountsFor({}, { mounts: [mount] }).get("/t")).toMatchObject({ type: "tmpfs", options });
});

test("mountsOf() gives shared memory of its own, the host's, somebody else's, or none", () => {
  const own = mountsFor({ ShmSize: 1 << 20 }).get("/dev/shm")!;
  expect(own).toMatchObject({
    type: "tmpfs",
    options: expect.arrayContaining(["mode=1777", "size=1048576"]),
  });
  const { namespaces } = exampleInput();
  const host = mountsFor({ IpcMode: "host" }, { namespaces: { ...namespaces, ipc: "host" } }).get(
    "/dev/shm",
  )!;
  expect(host).toMatchObject({ type: "bind", source: "/dev/shm" });
  const joined = { namespaces: { ...namespaces, ipc: { path: "/proc/7/ns/ipc" } }, shmPath: "/shm" };
  expect(mountsFor({}, joined).get("/dev/shm")).toMatchObject({ type: "bind", source: "/shm" });
  expect(mountsFor({ IpcMode: "none" }).has("/dev/shm")).toBe(false);
});

test("rootPropagation() goes as far as the most open mount", () => {
  const of = (...kinds: string[]) => rootPropagation(kinds.map((propagation) => bind("/m", { propagation })));
  expect(of()).toBeUndefined();
  expect(of("", "rprivate")).toBeUndefined();
  expect(of("rslave", "")).toBe("rslave");
  expect(of("slave", "rshared")).toBe("shared");
});

test.each<{ mount: SpecMount; message: string }>([
  { mount: bind("/"), message: "invalid mount path: '/' destination can't be '/'" },
  { mount: bind("/a/.."), message: "destination can't be '/'" },
  { mount: bind("relative"), message: "mount path must be absolute" },
  { mount: bind("/m", { propagation: "sideways" }), message: "invalid propagation mode: sideways" },
])("mountsOf() refuses: $message", ({ mount, message }) => {
  expect(() => mountsFor({}, { mounts: [mount] })).toThrow(message);
});
