import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NotImplemented } from "#base/errors.ts";
import { ContainersLab } from "../../test/fakes/containers-lab.ts";

describe("checkpoints", () => {
  let lab: ContainersLab;
  let id: string;
  beforeEach(async () => {
    lab = new ContainersLab();
    id = await lab.create("web", { HostConfig: { RestartPolicy: { Name: "always" } } });
    await lab.containers.start(id);
    lab.events.length = 0;
  });
  afterEach(() => lab[Symbol.dispose]());

  const create = (name: string, exit = true, directory = "") =>
    lab.containers.createCheckpoint(id, { name, directory, exit });
  const list = (directory = "") => lab.containers.listCheckpoints(id, directory);
  const own = () => join(lab.directory, "data/containers", id, "checkpoints");

  test("end the container for good, are listed, gone on from and removed", async () => {
    await create("cp1");
    expect(lab.containers.get(id).state).toMatchObject({ status: "exited", exitCode: 137 });
    expect(lab.actions()).toEqual(["die", "checkpoint"]);
    expect(await list()).toEqual(["cp1"]);
    await lab.containers.start(id, { checkpoint: "cp1" });
    expect(lab.containers.get(id).state.status).toBe("running");
    await lab.containers.removeCheckpoint(id, "cp1", "");
    expect(await list()).toEqual([]);
    await lab.containers.remove(id, { force: true, volumes: false, link: false });
    expect(await lab.leaks()).toEqual([]);
  });

  test("may leave the container running, and lie elsewhere", async () => {
    const elsewhere = join(lab.directory, "elsewhere");
    await create("cp1", false, elsewhere);
    expect(lab.containers.get(id).state.status).toBe("running");
    expect(await list(elsewhere)).toEqual(["cp1"]);
    expect(await list()).toEqual([]);
    expect(create("cp1", false, elsewhere)).rejects.toThrow(
      "checkpoint with name cp1 already exists for container web",
    );
    await expect(lab.containers.start(id, { checkpoint: "cp1", checkpointDir: elsewhere })).rejects.toThrow(
      "custom checkpointdir is not supported",
    );
  });

  test("that fail leave nothing behind, and the policy in force", async () => {
    lab.failAt("runtime.checkpoint");
    await expect(create("cp1")).rejects.toThrow("runtime.checkpoint failed");
    await lab.settle();
    expect(existsSync(join(own(), "cp1"))).toBe(false);
    lab.process(id).exit(1);
    await lab.settle();
    expect(lab.containers.get(id).state.status).toBe("restarting");
  });

  test("are refused clearly where the host cannot, before anything is touched", async () => {
    lab.failAt("runtime.checkCheckpoints", new NotImplemented("no criu"));
    await expect(create("cp1")).rejects.toThrow("no criu");
    await expect(lab.containers.start(id, { checkpoint: "cp1" })).rejects.toThrow("no criu");
    await lab.settle();
    expect(existsSync(own())).toBe(false);
  });

  test("need a running container without a terminal", async () => {
    const tty = await lab.create("tty", { Tty: true });
    await lab.containers.start(tty);
    const request = { name: "cp1", directory: "", exit: true };
    await expect(lab.containers.createCheckpoint(tty, request)).rejects.toThrow(
      "checkpoint not supported on containers with tty",
    );
    await lab.containers.pause(id);
    await expect(create("cp1")).rejects.toThrow("is paused");
  });

  for (const name of ["..", ".", "a/b", "../../etc", "", "-x", "a\0b"])
    test(`cannot be called ${JSON.stringify(name)}`, async () => {
      for (const ask of [
        () => create(name),
        () => lab.containers.removeCheckpoint(id, name, "/"),
        () => lab.containers.removeCheckpoint(id, name, ""),
      ])
        await expect(ask()).rejects.toThrow("Invalid checkpoint ID");
    });

  test("are not what only lies where they would be", async () => {
    const elsewhere = join(lab.directory, "elsewhere");
    const precious = join(lab.directory, "precious");
    mkdirSync(elsewhere);
    mkdirSync(precious);
    writeFileSync(join(precious, "wharf-checkpoint.json"), '{"container":"x"}');
    symlinkSync(precious, join(elsewhere, "link"));
    mkdirSync(join(elsewhere, "plain"));
    mkdirSync(join(elsewhere, "marked"));
    symlinkSync(join(precious, "wharf-checkpoint.json"), join(elsewhere, "marked/wharf-checkpoint.json"));
    expect(await list(elsewhere)).toEqual([]);
    for (const name of ["link", "plain", "marked"])
      expect(lab.containers.removeCheckpoint(id, name, elsewhere)).rejects.toThrow(
        `checkpoint ${name} does not exist for container web`,
      );
    await lab.settle();
    expect(existsSync(join(precious, "wharf-checkpoint.json"))).toBe(true);
    expect(existsSync(join(elsewhere, "plain"))).toBe(true);
    expect(create("cp1", true, "relative/path")).rejects.toThrow("must be an absolute path");
  });
});
