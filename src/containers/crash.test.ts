import { describe, expect, test } from "bun:test";
import { anonymousVolume, ContainersLab, stagedMounts } from "../../test/fakes/containers-lab.ts";

const remove = { force: true, volumes: true, link: false };

/** Each job from a state that is whole, to one that is whole; the daemon dies before every single step of it. */
const jobs: Record<
  string,
  {
    prepare: (lab: ContainersLab) => Promise<string>;
    work: (lab: ContainersLab, id: string) => Promise<unknown>;
  }
> = {
  create: { prepare: async () => "", work: (lab) => lab.create("web") },
  start: { prepare: (lab) => lab.create("web"), work: (lab, id) => lab.containers.start(id) },
  "start with a sharable memory": {
    prepare: (lab) => lab.create("web", { HostConfig: { IpcMode: "shareable" } }),
    work: (lab, id) => lab.containers.start(id),
  },
  "start again": {
    prepare: async (lab) => {
      const id = await started(lab);
      await lab.containers.stop(id, {});
      return id;
    },
    work: (lab, id) => lab.containers.start(id),
  },
  exit: {
    prepare: (lab) => started(lab),
    work: async (lab, id) => {
      lab.process(id).exit(3);
      await lab.settle();
    },
  },
  stop: { prepare: (lab) => started(lab), work: (lab, id) => lab.containers.stop(id, {}) },
  kill: { prepare: (lab) => started(lab), work: (lab, id) => lab.containers.kill(id, undefined) },
  restart: { prepare: (lab) => started(lab), work: (lab, id) => lab.containers.restart(id, {}) },
  pause: { prepare: (lab) => started(lab), work: (lab, id) => lab.containers.pause(id) },
  unpause: {
    prepare: async (lab) => {
      const id = await started(lab);
      await lab.containers.pause(id);
      return id;
    },
    work: (lab, id) => lab.containers.unpause(id),
  },
  rm: { prepare: (lab) => lab.create("web"), work: (lab, id) => lab.containers.remove(id, remove) },
  "rm -f": { prepare: (lab) => started(lab), work: (lab, id) => lab.containers.remove(id, remove) },
  "exit with --rm": {
    prepare: (lab) => started(lab, { AutoRemove: true }),
    work: async (lab, id) => {
      lab.process(id).exit(0);
      await lab.settle();
    },
  },
  "exit with a restart policy": {
    prepare: (lab) => started(lab, { RestartPolicy: { Name: "always" } }),
    work: async (lab, id) => {
      lab.process(id).exit(1);
      await lab.settle();
      await lab.clock.advance(100);
    },
  },
};

async function started(lab: ContainersLab, hostConfig = {}): Promise<string> {
  const id = await lab.create("web", { HostConfig: hostConfig });
  await lab.containers.start(id);
  return id;
}

describe("recover()", () => {
  for (const [name, job] of Object.entries(jobs))
    for (const how of ["nextDaemon", "reboot"] as const)
      test(`leaves nothing lost or leaked when the daemon dies at any step of ${name} (${how})`, async () => {
        for (let step = 1; ; step++) {
          using lab = new ContainersLab();
          lab.mounts = [anonymousVolume("data"), ...stagedMounts(lab.directory)];
          const id = await job.prepare(lab);
          await lab.settle();
          lab.crashAt(step);
          const failure = await job.work(lab, id).catch((error) => error);
          await lab.settle();
          const crashed = lab.isCrashed;
          if (failure instanceof Error && !crashed) throw failure;
          await lab[how]().recover();
          expect({ step, leaks: await lab.leaks() }).toEqual({ step, leaks: [] });
          if (id !== "") expectAnswerKept(lab, name, id);
          if (!crashed) break;
          expect(step).toBeLessThan(100);
        }
      });
});

/** A container whose creation was answered exists until its removal begins. */
function expectAnswerKept(lab: ContainersLab, name: string, id: string): void {
  if (name.includes("rm")) return;
  const { state } = lab.containers.get(id);
  expect(state.isStarting).toBe(false);
  expect(lab.world.volumes.get("data")?.users.has(id)).toBe(true);
}
