import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { anonymousVolume, ContainersLab } from "../../test/fakes/containers-lab.ts";

let lab: ContainersLab;
beforeEach(() => {
  lab = new ContainersLab();
});
afterEach(() => lab[Symbol.dispose]());

async function running(name: string, hostConfig = {}): Promise<string> {
  const id = await lab.create(name, { HostConfig: hostConfig });
  await lab.containers.start(id);
  return id;
}

describe("recover()", () => {
  test("goes on with containers that run, and sees their end", async () => {
    const id = await running("web");
    const process = lab.process(id);
    await lab.nextDaemon().recover();
    expect(lab.containers.get(id).state).toMatchObject({ status: "running", pid: process.pid });
    process.exit(7);
    await lab.settle();
    expect(lab.containers.get(id).state).toMatchObject({ status: "exited", exitCode: 7 });
    expect(await lab.leaks()).toEqual([]);
  });

  test("keeps a paused container paused", async () => {
    const id = await running("web");
    await lab.containers.pause(id);
    lab.world.frozen.clear();
    await lab.nextDaemon().recover();
    expect(lab.containers.get(id).state.status).toBe("paused");
    expect([...lab.world.frozen]).toEqual([`/lab/${id}`]);
  });

  test("records and tells the end of those that ended meanwhile", async () => {
    const id = await running("web");
    const removed = await running("once", { AutoRemove: true });
    lab.nextDaemon();
    lab.process(id).exit(9);
    lab.process(removed).exit(0);
    lab.events.length = 0;
    await lab.containers.recover();
    expect(lab.containers.get(id).state).toMatchObject({ status: "exited", exitCode: 9 });
    expect(lab.containers.counts().total).toBe(1);
    expect(lab.actions().sort()).toEqual(["destroy", "die", "die"]);
    expect(await lab.leaks()).toEqual([]);
  });

  test("gives 137 to who lost its supervisor and 255 to who went down with the machine", async () => {
    const id = await running("web");
    lab.nextDaemon();
    lab.world.supervisors.delete(id);
    await lab.containers.recover();
    expect(lab.containers.get(id).state.exitCode).toBe(137);
    await lab.containers.start(id);
    await lab.reboot().recover();
    expect(lab.containers.get(id).state.exitCode).toBe(255);
    expect(await lab.leaks()).toEqual([]);
  });

  test("starts again what policies ask for, those that join others last", async () => {
    const policies = { always: "always", unless: "unless-stopped", stopped: "unless-stopped", no: "no" };
    const ids: Record<string, string> = {};
    ids.joins = await lab.create("joins", {
      HostConfig: { NetworkMode: "container:always", RestartPolicy: { Name: "always" } },
    });
    for (const [name, policy] of Object.entries(policies))
      ids[name] = await running(name, { RestartPolicy: { Name: policy } });
    await lab.containers.start("joins");
    await lab.containers.stop("stopped", {});
    await lab.reboot().recover();
    const isUp = () => lab.containers.get("joins").state.status === "running";
    for (let turns = 0; !isUp() && turns < 500; turns++) await lab.settle();
    const statuses = Object.keys(ids).map((name) => [name, lab.containers.get(name).state.status]);
    expect(Object.fromEntries(statuses)).toEqual({
      joins: "running",
      always: "running",
      unless: "running",
      stopped: "exited",
      no: "exited",
    });
    expect(await lab.leaks()).toEqual([]);
  });

  test("removes what no record owns", async () => {
    const stranger = "5".repeat(64);
    const kept = await lab.create("web");
    lab.world.writables.add(stranger);
    for (const path of ["run/containers", "run/rootfs", "data/containers"])
      mkdirSync(join(lab.directory, path, stranger), { recursive: true });
    mkdirSync(join(lab.directory, "data/containers/not-an-id"), { recursive: true });
    await lab.nextDaemon().recover();
    expect([...lab.world.writables]).toEqual([kept]);
    for (const path of ["run/containers", "run/rootfs", "data/containers"])
      expect(existsSync(join(lab.directory, path, stranger))).toBe(false);
    expect(existsSync(join(lab.directory, "data/containers/not-an-id"))).toBe(true);
    expect(existsSync(join(lab.directory, "data/containers", kept))).toBe(true);
  });

  test("asks no supervisor about containers that do not run", async () => {
    for (let n = 0; n < 20; n++) await lab.create(`web${n}`);
    lab.nextDaemon();
    lab.calls.length = 0;
    await lab.containers.recover();
    expect(lab.calls).toEqual(["networks.recover", "volumes.recover"]);
  });

  test("may itself die at any step: the next one finishes", async () => {
    for (let step = 1; ; step++) {
      using lab = new ContainersLab();
      lab.mounts = [anonymousVolume("data")];
      const start = async (name: string, hostConfig = {}) =>
        lab.containers.start(await lab.create(name, { HostConfig: hostConfig }));
      await start("ended");
      await start("runs");
      await start("once", { AutoRemove: true });
      await start("again", { RestartPolicy: { Name: "always" } });
      lab.nextDaemon();
      for (const name of ["ended", "once", "again"]) lab.process(lab.containers.get(name).id).exit(1);
      lab.crashAt(step);
      await lab.containers.recover().catch(() => expect(lab.isCrashed).toBe(true));
      await lab.settle();
      const crashed = lab.isCrashed;
      await lab.nextDaemon().recover();
      expect({ step, leaks: await lab.leaks() }).toEqual({ step, leaks: [] });
      expect(lab.containers.get("runs").state.status).toBe("running");
      expect({ step, again: lab.containers.get("again").state.status }).toEqual({ step, again: "running" });
      expect(lab.containers.get("ended").state).toMatchObject({ status: "exited", exitCode: 1 });
      expect(() => lab.containers.get("once")).toThrow("No such container");
      if (!crashed) break;
      expect(step).toBeLessThan(100);
    }
  });
});
