import { afterAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  ALL,
  type ContainerRequest,
  cleanUp,
  createLab,
  demultiplex,
  type Lab,
  readAll,
} from "./_testing/container.ts";
import { hermetic } from "./_testing/hermetic.ts";
import { exitRecordPath } from "./paths.ts";
import type { StartRequest } from "./types.ts";

hermetic(import.meta.path, () => {
  let lab: Lab;
  const ready = createLab().then((made) => {
    lab = made;
  });
  afterAll(() => lab.kernel.cgroups.remove(lab.cgroupParent));

  /** Starts a container from another process, and kills that without warning. */
  async function abandon(request: ContainerRequest): Promise<{ start: StartRequest; pid: number }> {
    await ready;
    const engine = Bun.spawn(
      [process.execPath, join(import.meta.dir, "_testing/engine.ts"), JSON.stringify(request)],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const line = await engine.stdout.getReader().read();
    engine.kill("SIGKILL");
    await engine.exited;
    return JSON.parse(new TextDecoder().decode(line.value));
  }

  async function leaveNothing(start: StartRequest): Promise<void> {
    await cleanUp(lab, start);
    const parent = start.spec.linux.cgroupsPath!.replace(/\/[^/]*$/, "");
    expect(lab.kernel.cgroups.children(parent)).toEqual([]);
    lab.kernel.cgroups.remove(parent);
  }

  test("a container goes on when its engine is killed, and the next one takes over its streams and end", async () => {
    const { start, pid } = await abandon({
      runtime: "crun",
      command: ["sh", "-c", "echo before; read line; echo $line; exit 4"],
      config: { OpenStdin: true },
    });
    const recovered = await lab.runtime.recover(start);
    if (recovered.state !== "running") throw new Error(`recovered as ${recovered.state}`);
    expect(recovered.process.pid).toBe(pid);
    while (!readFileSync(start.log!.path, "utf8").includes("before")) await Bun.sleep(5);
    const stream = await recovered.process.attach(ALL);
    const output = readAll(stream);
    stream.end("after\n");
    expect((await recovered.process.exited).code).toBe(4);
    expect(demultiplex(await output).stdout).toBe("after\n");
    const logged = readFileSync(start.log!.path, "utf8").trim().split("\n");
    expect(logged.map((line) => JSON.parse(line).log)).toEqual(["before\n", "after\n"]);
    await leaveNothing(start);
  });

  test("the end of a container that nobody watched is known to the next engine", async () => {
    const { start } = await abandon({ runtime: "crun", command: ["sh", "-c", "sleep 0.3; exit 5"] });
    while (!existsSync(exitRecordPath(start.stateDirectory))) await Bun.sleep(5);
    expect(await lab.runtime.recover(start)).toMatchObject({
      state: "exited",
      status: { code: 5, signal: 0 },
    });
    await leaveNothing(start);
  });
});
