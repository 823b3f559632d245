import { expect, test } from "bun:test";
import { ContainersLab } from "../../test/fakes/containers-lab.ts";
import { FakeProcess } from "../../test/fakes/world.ts";

test("exec sessions of the last daemon run on, end, and are forgotten when nobody knows what they were", async () => {
  using lab = new ContainersLab();
  const id = await lab.create("web");
  await lab.containers.start(id);
  const process = new FakeProcess("a1", lab.world, false);
  const status = { code: 5, signal: 0, oomKilled: false, finishedAt: "2026-11-21T03:00:00Z" };
  const note = JSON.stringify({ Cmd: ["sh", "-c", "x"], Tty: true });
  lab.world.recoveredExecs = [
    { id: "a1", note, recovered: { state: "running", process } },
    { id: "a2", note, recovered: { state: "exited", status } },
    { id: "a3", note: '{"Cm', recovered: { state: "exited", status } },
  ];
  await lab.nextDaemon().recover();
  expect(lab.containers.execInspect("a1")).toMatchObject({
    Running: true,
    ExitCode: null,
    ContainerID: id,
    ProcessConfig: { tty: true, entrypoint: "sh", arguments: ["-c", "x"] },
  });
  expect(lab.containers.get(id).execIds).toEqual(["a1"]);
  expect(lab.containers.execInspect("a2")).toMatchObject({ Running: false, ExitCode: 5 });
  expect(() => lab.containers.execInspect("a3")).toThrow("No such exec instance: a3");
  process.exit(7);
  await lab.settle();
  expect(lab.containers.execInspect("a1")).toMatchObject({ Running: false, ExitCode: 7 });
  const ends = lab.events.filter(({ action }) => action === "exec_die");
  expect(ends.map(({ attributes }) => `${attributes?.execID} ${attributes?.exitCode}`)).toEqual([
    "a2 5",
    "a1 7",
  ]);
});
