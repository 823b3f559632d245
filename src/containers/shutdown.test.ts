import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ContainersLab } from "../../test/fakes/containers-lab.ts";

describe("shutDown()", () => {
  let lab: ContainersLab;
  beforeEach(() => {
    lab = new ContainersLab();
  });
  afterEach(() => lab[Symbol.dispose]());

  const run = async (name: string, hostConfig: object = {}) => {
    const id = await lab.create(name, { HostConfig: hostConfig });
    await lab.containers.start(id);
    return id;
  };
  const status = (id: string) => lab.containers.get(id).state.status;

  test("stops who depends on others first, and the next daemon brings back what policies ask for", async () => {
    const always = { RestartPolicy: { Name: "always" } };
    const db = await run("db", { RestartPolicy: { Name: "unless-stopped" } });
    const web = await run("web", { ...always, Annotations: { "wharf.depends-on": "db:healthy" } });
    const plain = await run("plain");
    lab.events.length = 0;
    await lab.containers.shutDown(15);
    const ends = lab.events.filter(({ action }) => action === "die").map(({ id }) => id);
    expect(ends.indexOf(web)).toBeLessThan(ends.indexOf(db));
    expect([db, web, plain].map(status)).toEqual(["exited", "exited", "exited"]);
    await lab.nextDaemon().recover();
    for (let turns = 0; status(web) !== "running" && turns < 500; turns++) await lab.settle();
    expect([db, web, plain].map(status)).toEqual(["running", "running", "exited"]);
    expect(await lab.leaks()).toEqual([]);
  });

  test("kills what does not stop in its time, and lets nothing start meanwhile", async () => {
    lab.world.ignoresTerm = true;
    const deaf = await run("deaf");
    const other = await lab.create("other");
    const stopped = lab.containers.shutDown(1);
    await lab.settle();
    await expect(lab.containers.start(other)).rejects.toThrow("the engine is shutting down");
    const process = lab.process(deaf);
    await lab.clock.advance(10_000);
    await stopped;
    expect(process.signals).toEqual([15, 9]);
    expect(status(deaf)).toBe("exited");
  });
});

describe("a daemon that does not keep containers", () => {
  test("stops what the one before could not take along, and starts again what policies ask for", async () => {
    using lab = new ContainersLab();
    const kept = await lab.create("kept", { HostConfig: { RestartPolicy: { Name: "always" } } });
    const gone = await lab.create("gone");
    for (const id of [kept, gone]) await lab.containers.start(id);
    const first = lab.process(kept);
    lab.liveRestore = false;
    await lab.nextDaemon().recover();
    const isUp = () => lab.containers.get(kept).state.status === "running";
    for (let turns = 0; !isUp() && turns < 500; turns++) await lab.settle();
    expect(first.signals).toEqual([15]);
    expect(lab.process(kept)).not.toBe(first);
    expect(lab.containers.get(gone).state).toMatchObject({ status: "exited", exitCode: 143 });
    expect(await lab.leaks()).toEqual([]);
  });
});
