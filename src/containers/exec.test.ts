import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { NotFound } from "#base/errors.ts";
import { StartFailed } from "#runtime/start-failed.ts";
import { ContainersLab } from "../../test/fakes/containers-lab.ts";
import { KEPT_AFTER_END_MS } from "./exec-sessions.ts";

let lab: ContainersLab;
let id: string;
beforeEach(async () => {
  lab = new ContainersLab();
  id = await lab.create("web");
  await lab.containers.start(id);
  lab.events.length = 0;
});
afterEach(() => lab[Symbol.dispose]());

const attached = { Cmd: ["ls", "-l"], AttachStdout: true };

describe("exec sessions", () => {
  test("run, are inspected, end and are told of", async () => {
    const execId = await lab.containers.execCreate("web", attached);
    expect(lab.containers.execInspect(execId)).toMatchObject({ Running: false, ExitCode: null, Pid: 0 });
    const { stream, terminal } = await lab.containers.execStart(execId, { detach: false, terminal: false });
    expect([stream !== undefined, terminal]).toEqual([true, false]);
    expect(lab.containers.execInspect(execId)).toMatchObject({
      Running: true,
      ContainerID: id,
      ProcessConfig: { entrypoint: "ls", arguments: ["-l"], tty: false, privileged: false },
    });
    expect(lab.containers.get(id).execIds).toEqual([execId]);
    lab.world.execs.at(-1)!.exit(42);
    await lab.settle();
    expect(lab.containers.execInspect(execId)).toMatchObject({
      Running: false,
      ExitCode: 42,
      CanRemove: false,
    });
    expect(lab.containers.get(id).execIds).toEqual([]);
    expect(lab.actions()).toEqual(["exec_create: ls -l", "exec_start: ls -l", "exec_die"]);
    expect(lab.events.at(-1)?.attributes).toMatchObject({ execID: execId, exitCode: "42" });
  });

  test("give no stream to who detaches", async () => {
    const execId = await lab.containers.execCreate(id, attached);
    const { stream } = await lab.containers.execStart(execId, { detach: true, terminal: false });
    expect(stream).toBeUndefined();
  });

  test("run once", async () => {
    const execId = await lab.containers.execCreate(id, attached);
    const start = () => lab.containers.execStart(execId, { detach: true, terminal: false });
    await start();
    await expect(start()).rejects.toThrow(`exec command ${execId} is already running`);
    lab.world.execs.at(-1)!.exit(0);
    await lab.settle();
    await expect(start()).rejects.toThrow(`exec command ${execId} has already run`);
  });

  test("keep the code of a program that cannot be run", async () => {
    const execId = await lab.containers.execCreate(id, attached);
    lab.failAt("runtime.exec", new StartFailed("executable file not found", 127));
    const start = lab.containers.execStart(execId, { detach: false, terminal: false });
    await expect(start).rejects.toThrow("executable file not found");
    expect(lab.containers.execInspect(execId).ExitCode).toBe(127);
  });

  test("are refused where no process can be", async () => {
    await expect(lab.containers.execCreate(id, { Cmd: [] })).rejects.toThrow("No exec command specified");
    await lab.containers.pause(id);
    await expect(lab.containers.execCreate(id, attached)).rejects.toThrow(
      `Container ${id} is paused, unpause the container before exec`,
    );
    await lab.containers.unpause(id);
    await lab.containers.stop(id, {});
    await expect(lab.containers.execCreate(id, attached)).rejects.toThrow(`container ${id} is not running`);
    expect(() => lab.containers.execInspect("nope")).toThrow(new NotFound("No such exec instance: nope"));
  });

  test("are resized while they run", async () => {
    const execId = await lab.containers.execCreate(id, { ...attached, Tty: true });
    await expect(lab.containers.execResize(execId, 24, 80)).rejects.toThrow("is not started");
    await lab.containers.execStart(execId, { detach: true, terminal: true });
    await lab.containers.execResize(execId, 24, 80);
    expect(lab.world.execs.at(-1)!.sizes).toEqual([[24, 80]]);
  });

  test("are forgotten some time after their end, and with their container", async () => {
    const first = await lab.containers.execCreate(id, attached);
    const second = await lab.containers.execCreate(id, attached);
    await lab.containers.execStart(first, { detach: true, terminal: false });
    lab.world.execs.at(-1)!.exit(0);
    await lab.settle();
    await lab.clock.advance(KEPT_AFTER_END_MS);
    expect(() => lab.containers.execInspect(first)).toThrow(NotFound);
    await lab.containers.remove(id, { force: true, volumes: false, link: false });
    expect(() => lab.containers.execInspect(second)).toThrow(NotFound);
  });

  test("let go of who types the detach keys, and go on", async () => {
    const config = { Cmd: ["sh"], Tty: true, AttachStdin: true, AttachStdout: true, DetachKeys: "ctrl-a,d" };
    const execId = await lab.containers.execCreate(id, config);
    const { stream } = await lab.containers.execStart(execId, { detach: false, terminal: true });
    stream!.resume();
    const ended = new Promise((done) => stream!.once("end", done));
    stream!.write("\x01d");
    await ended;
    expect(lab.containers.execInspect(execId).Running).toBe(true);
    expect(lab.actions()).toContain("exec_detach");
  });
});
