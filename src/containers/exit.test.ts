import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { anonymousVolume, ContainersLab } from "../../test/fakes/containers-lab.ts";

let lab: ContainersLab;
beforeEach(() => {
  lab = new ContainersLab();
});
afterEach(() => lab[Symbol.dispose]());

async function running(hostConfig = {}): Promise<string> {
  const id = await lab.create("web", { HostConfig: hostConfig });
  await lab.containers.start(id);
  lab.events.length = 0;
  return id;
}

describe("the end of a process", () => {
  test("is recorded, told and cleaned up after", async () => {
    const id = await running();
    const { result } = await lab.containers.wait(id, "next-exit");
    lab.process(id).exit(137, { oomKilled: true });
    expect(await result).toEqual({ exitCode: 137, error: undefined });
    expect(lab.containers.get(id).state).toMatchObject({
      status: "exited",
      exitCode: 137,
      oomKilled: true,
      finishedAt: "2026-11-21T03:00:07.000000000Z",
    });
    expect(lab.actions()).toEqual(["oom", "die"]);
    expect(lab.events.at(-1)?.attributes).toMatchObject({ exitCode: "137", execDuration: "7", name: "web" });
    expect(await lab.leaks()).toEqual([]);
  });

  test("removes a container with --rm and its anonymous volumes", async () => {
    lab.mounts = [anonymousVolume("data")];
    const id = await running({ AutoRemove: true });
    const { result } = await lab.containers.wait(id, "removed");
    lab.process(id).exit(3);
    expect(await result).toEqual({ exitCode: 3, error: undefined });
    expect(lab.actions()).toEqual(["die", "destroy"]);
    expect(await lab.leaks()).toEqual([]);
    expect(lab.world.volumes.size).toBe(0);
  });

  test("is taken for no end when the engine lets go", async () => {
    const id = await running({ AutoRemove: true });
    const process = lab.process(id);
    await lab.containers.close();
    process.exit(137);
    await lab.settle();
    expect(lab.containers.get(id).state.status).toBe("running");
  });

  test("starts it again as the policy says, later each time", async () => {
    const id = await running({ RestartPolicy: { Name: "on-failure", MaximumRetryCount: 2 } });
    for (const delayMs of [100, 200]) {
      lab.process(id).exit(1, { finishedAt: "2026-11-21T03:00:01.000000000Z" });
      await lab.settle();
      expect(lab.containers.get(id).state).toMatchObject({ status: "restarting", exitCode: 1 });
      expect(lab.clock.sleeping).toEqual([delayMs]);
      await lab.clock.advance(delayMs);
    }
    expect(lab.containers.get(id)).toMatchObject({ restartCount: 2, state: { status: "running" } });
    lab.process(id).exit(1);
    await lab.settle();
    expect(lab.containers.get(id).state.status).toBe("exited");
    expect(await lab.leaks()).toEqual([]);
  });

  test("leaves a container stopped whose automatic start fails", async () => {
    const id = await running({ RestartPolicy: { Name: "always" } });
    lab.failAt("networks.openSandbox");
    lab.process(id).exit(1);
    await lab.settle();
    await lab.clock.advance(100);
    expect(lab.containers.get(id).state).toMatchObject({
      status: "exited",
      error: "networks.openSandbox failed",
    });
    expect(await lab.leaks()).toEqual([]);
  });
});

describe("wait()", () => {
  test("answers at once for a container that does not run", async () => {
    const id = await lab.create("web");
    const { result } = await lab.containers.wait(id, "not-running");
    expect(await result).toEqual({ exitCode: 0, error: undefined });
  });

  test("waits for the next end of one that waits for its restart", async () => {
    const id = await running({ RestartPolicy: { Name: "always" } });
    lab.process(id).exit(1);
    await lab.settle();
    const { result } = await lab.containers.wait(id, "not-running");
    await lab.clock.advance(100);
    lab.process(id).exit(5);
    expect((await result).exitCode).toBe(5);
  });

  test("misses nothing that ends between its return and the look at its result", async () => {
    const id = await running();
    const { result } = await lab.containers.wait(id, "next-exit");
    lab.process(id).exit(4);
    await lab.settle();
    expect((await result).exitCode).toBe(4);
  });
});

describe("a full disk", () => {
  const full = new Error("database or disk is full");

  test("keeps no ended container running, and no failed start half done", async () => {
    const id = await running();
    lab.failAt("state.put", full);
    lab.process(id).exit(3);
    await lab.settle();
    expect(lab.containers.get(id).state).toMatchObject({ status: "exited", exitCode: 3 });
    expect(await lab.leaks()).toEqual([]);
    await expect(lab.containers.start(id)).rejects.toThrow("disk is full");
    expect(await lab.leaks()).toEqual([]);
    await lab.nextDaemon().recover(); // there is room again
    expect(lab.containers.get(id).state).toMatchObject({ status: "exited", exitCode: 3 });
  });

  test("lets containers be stopped and removed, which makes room", async () => {
    const id = await running();
    lab.failAt("state.put", full);
    await lab.containers.stop(id, {});
    await lab.containers.remove(id, { force: false, volumes: false, link: false });
    expect(await lab.leaks()).toEqual([]);
    expect(lab.containers.counts().total).toBe(0);
  });
});
