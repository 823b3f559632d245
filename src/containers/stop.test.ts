import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Conflict, NotFound, NotModified } from "#base/errors.ts";
import { ContainersLab } from "../../test/fakes/containers-lab.ts";

let lab: ContainersLab;
beforeEach(() => {
  lab = new ContainersLab();
});
afterEach(() => lab[Symbol.dispose]());

async function running(body = {}): Promise<string> {
  const id = await lab.create("web", body);
  await lab.containers.start(id);
  lab.events.length = 0;
  return id;
}

const force = { force: true, volumes: false, link: false };

describe("stop()", () => {
  test("asks politely and returns when everything is released", async () => {
    const id = await running();
    await lab.containers.stop(id, {});
    expect(lab.containers.get(id).state).toMatchObject({ status: "exited", exitCode: 143, pid: 0 });
    expect(lab.actions()).toEqual(["kill", "die", "stop"]);
    expect(await lab.leaks()).toEqual([]);
    await expect(lab.containers.stop(id, {})).rejects.toBeInstanceOf(NotModified);
  });

  test("kills after the container's own time", async () => {
    lab.world.ignoresTerm = true;
    const id = await running({ StopSignal: "SIGQUIT", StopTimeout: 3 });
    const process = lab.process(id);
    const stopped = lab.containers.stop(id, {});
    await lab.settle();
    await lab.clock.advance(2999);
    expect(process.signals).toEqual([3]);
    await lab.clock.advance(1);
    await stopped;
    expect(process.signals).toEqual([3, 9]);
    expect(lab.containers.get(id).state.exitCode).toBe(137);
    expect(lab.clock.sleeping).toEqual([]);
  });

  test("waits for ever when told so", async () => {
    lab.world.ignoresTerm = true;
    const id = await running();
    const process = lab.process(id);
    const stopped = lab.containers.stop(id, { timeoutSeconds: -1 });
    await lab.settle();
    await lab.clock.advance(1e9);
    expect(process.signals).toEqual([15]);
    process.exit(0);
    await stopped;
  });

  test("keeps neither kill, nor rm -f, nor a shorter stop waiting", async () => {
    lab.world.ignoresTerm = true;
    for (const other of [
      (id: string) => lab.containers.kill(id, undefined),
      (id: string) => lab.containers.remove(id, force),
      (id: string) => lab.containers.stop(id, { timeoutSeconds: 0 }),
    ]) {
      const id = await running();
      const slow = lab.containers.stop(id, { timeoutSeconds: 600 });
      await lab.settle();
      await other(id);
      await slow;
      await lab.containers.remove(id, force).catch((error) => expect(error).toBeInstanceOf(NotFound));
    }
  });

  test("lets a paused container go on, so that it can take the signal", async () => {
    const id = await running();
    await lab.containers.pause(id);
    expect(lab.world.frozen.size).toBe(1);
    await lab.containers.stop(id, {});
    expect(lab.world.frozen.size).toBe(0);
    expect(lab.actions()).toEqual(["pause", "unpause", "kill", "die", "stop"]);
  });

  test("ends the wait for an automatic restart", async () => {
    const id = await running({ HostConfig: { RestartPolicy: { Name: "always" } } });
    lab.process(id).exit(1);
    await lab.settle();
    expect(lab.containers.get(id).state.status).toBe("restarting");
    await lab.containers.stop(id, {});
    await lab.clock.advance(60_000);
    expect(lab.containers.get(id).state.status).toBe("exited");
  });
});

describe("kill()", () => {
  test("sends a signal and does not wait for what it does", async () => {
    lab.world.ignoresTerm = true;
    const id = await running({ StopSignal: "SIGTERM" });
    await lab.containers.kill(id, "HUP");
    expect(lab.process(id).signals).toEqual([1]);
    expect(lab.events.at(-1)?.attributes?.signal).toBe("1");
  });

  test("waits for the end after SIGKILL", async () => {
    const id = await running();
    await lab.containers.kill(id, undefined);
    expect(lab.containers.get(id).state.exitCode).toBe(137);
    await expect(lab.containers.kill("web", undefined)).rejects.toThrow(
      new Conflict(`cannot kill container: web: container ${id} is not running`),
    );
    await expect(lab.containers.kill(id, "NOPE")).rejects.toThrow("invalid signal: NOPE");
  });
});

describe("restart()", () => {
  test("gives a new run to a container that stays, --rm or not", async () => {
    const id = await running({ HostConfig: { AutoRemove: true } });
    const first = lab.process(id);
    await lab.containers.restart(id, {});
    expect(first.hasEnded).toBe(true);
    expect(lab.process(id)).not.toBe(first);
    expect(lab.actions()).toEqual(["kill", "die", "stop", "start", "restart"]);
  });

  test("starts one that does not run", async () => {
    const id = await lab.create("web");
    await lab.containers.restart(id, {});
    expect(lab.containers.get(id).state.status).toBe("running");
  });
});

describe("remove()", () => {
  test("refuses a running container, and one that is being removed", async () => {
    const id = await running();
    await expect(lab.containers.remove(id, { ...force, force: false })).rejects.toThrow(
      'cannot remove container "/web": container is running: stop the container before removing or force remove',
    );
    await lab.settle();
    const removal = lab.containers.remove(id, force);
    await expect(lab.containers.remove(id, force)).rejects.toThrow(
      "removal of container web is already in progress",
    );
    await removal;
    expect(await lab.leaks()).toEqual([]);
    expect(lab.actions()).toEqual(["kill", "die", "destroy"]);
  });

  test("leaves a container that could not be removed dead, and removes it when asked again", async () => {
    const id = await lab.create("web");
    lab.failAt("snapshots.removeWritable");
    await expect(lab.containers.remove(id, force)).rejects.toThrow(
      'cannot remove container "/web": snapshots.removeWritable failed',
    );
    await lab.settle();
    expect(lab.containers.get(id).state.status).toBe("dead");
    await lab.nextDaemon().recover();
    await lab.containers.remove(id, { ...force, force: false });
    expect(await lab.leaks()).toEqual([]);
  });

  test("names what does not die, and succeeds when asked again", async () => {
    const id = await running();
    lab.process(id).signal = () => true; // stuck in the kernel
    const stuck = lab.containers.remove(id, force);
    await lab.settle();
    void lab.clock.advance(10_000);
    await expect(stuck).rejects.toThrow("it is held by 1000 (dd, D (disk sleep))");
    lab.process(id).exit(137);
    await lab.settle();
    await lab.containers.remove(id, force);
    expect(await lab.leaks()).toEqual([]);
  });

  test("forgets a link without touching the container", async () => {
    await lab.create("db");
    await lab.create("web", { HostConfig: { Links: ["db:store"] } });
    await lab.containers.remove("/web/store", { force: false, volumes: false, link: true });
    expect(lab.containers.get("web").hostConfig.Links).toEqual([]);
  });
});
