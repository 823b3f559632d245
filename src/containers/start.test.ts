import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { NotModified } from "#base/errors.ts";
import { StartFailed } from "#runtime/start-failed.ts";
import { anonymousVolume, ContainersLab, stagedMounts } from "../../test/fakes/containers-lab.ts";

let lab: ContainersLab;
beforeEach(() => {
  lab = new ContainersLab();
  lab.mounts = [anonymousVolume("data")];
});
afterEach(() => lab[Symbol.dispose]());

describe("start()", () => {
  test("takes the steps in their order and records what runs", async () => {
    const id = await lab.create("web", { HostConfig: { Dns: ["9.9.9.9"] } });
    lab.calls.length = 0;
    await lab.containers.start("web");
    expect(lab.calls).toEqual([
      "state.put",
      "mounts.root",
      "volumes.mount",
      "volumes.copyUp",
      "networks.openSandbox",
      "networks.settled",
      "runtime.start",
      "state.put",
    ]);
    const { state, paths, sandbox } = lab.containers.get(id);
    expect(state).toMatchObject({ status: "running", isStarting: false, pid: lab.process(id).pid });
    expect(sandbox?.netnsPath).toBe(`/netns/${id}`);
    expect(readFileSync(paths.hostname, "utf8")).toBe(`${id.slice(0, 12)}\n`);
    expect(readFileSync(paths.resolvConf, "utf8")).toBe("nameserver 9.9.9.9\n");
    expect(lab.actions()).toEqual(["create", "start"]);
  });

  test("says that a running container runs", async () => {
    const id = await lab.create("web");
    await lab.containers.start(id);
    await expect(lab.containers.start(id)).rejects.toBeInstanceOf(NotModified);
  });

  for (const call of [
    "mounts.root",
    "volumes.mount",
    "volumes.copyUp",
    "mounts.image",
    "mounts.below",
    "mounts.exchangingIds",
    "networks.openSandbox",
    "networks.settled",
    "runtime.start",
  ])
    test(`undoes everything when ${call} fails`, async () => {
      lab.mounts = [...lab.mounts, ...stagedMounts(lab.directory)];
      const id = await lab.create("web");
      lab.failAt(call);
      await expect(lab.containers.start(id)).rejects.toThrow(`${call} failed`);
      expect(await lab.leaks()).toEqual([]);
      expect(lab.containers.get(id).state).toMatchObject({
        status: "created",
        isStarting: false,
        exitCode: 128,
        error: expect.stringContaining(`${call} failed`),
      });
    });

  test("goes on undoing when one part of it fails", async () => {
    const id = await lab.create("web");
    lab.failAt("runtime.start");
    lab.failAt("networks.closeSandbox");
    await expect(lab.containers.start(id)).rejects.toThrow("runtime.start failed");
    expect(await lab.leaks()).toEqual([`sandbox ${id}`]);
    await lab.nextDaemon().recover();
    expect(await lab.leaks()).toEqual([]);
  });

  test("records the code a shell would give for a program that is not there", async () => {
    const id = await lab.create("web");
    lab.failAt("runtime.start", new StartFailed('exec: "nope": executable file not found in $PATH', 127));
    await expect(lab.containers.start(id)).rejects.toThrow("executable file not found");
    await lab.settle();
    expect(lab.containers.get(id).state.exitCode).toBe(127);
  });

  test("removes a container with --rm that cannot start, and tells who waits", async () => {
    const id = await lab.create("web", { HostConfig: { AutoRemove: true } });
    const { result } = await lab.containers.wait(id, "removed");
    lab.failAt("runtime.start", new StartFailed("permission denied", 126));
    await expect(lab.containers.start(id)).rejects.toThrow("permission denied");
    expect(await result).toEqual({ exitCode: 126, error: undefined });
    expect(await lab.leaks()).toEqual([]);
    expect(lab.world.volumes.size).toBe(0);
  });

  test("joins another container's network and uses its files", async () => {
    lab.mounts = [];
    const web = await lab.create("web");
    const side = await lab.create("side", { HostConfig: { NetworkMode: "container:web" } });
    await expect(lab.containers.start(side)).rejects.toThrow(
      `cannot join network of a non running container: ${web}`,
    );
    await lab.containers.start(web);
    await lab.containers.start(side);
    expect(lab.world.sandboxes.has(side)).toBe(false);
    expect(lab.containers.get(side).paths.hosts).toBe(lab.containers.get(web).paths.hosts);
    expect(lab.containers.get(side).config.Hostname).toBe(lab.containers.get(web).config.Hostname);
  });
});
