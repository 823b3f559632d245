import { expect, test } from "bun:test";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon({ flags: ["--experimental"] });
const docker = (...args: string[]) => daemon().dockerText(...args);
const COUNT = ["busybox", "sh", "-c", "i=0; while :; do echo $i; i=$((i+1)); sleep 0.1; done"];

/** CRIU knows only some kernels: elsewhere the refusal is what there is to see. */
const works =
  Bun.which("criu") !== null &&
  Bun.which("runc") !== null &&
  Bun.spawnSync(["criu", "check"], { stdout: "ignore", stderr: "ignore" }).exitCode === 0;

test.skipIf(works || !Bun.which("runc"))(
  "without a working CRIU checkpoints are refused, and nothing is touched",
  async () => {
    await docker("run", "-d", "--runtime", "runc", "--name", "web", ...COUNT);
    const refused = await daemon().docker("checkpoint", "create", "web", "cp1");
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/criu/i);
    expect(await docker("inspect", "-f", "{{.State.Status}}", "web")).toBe("running");
    expect(await docker("checkpoint", "ls", "web")).toBe("CHECKPOINT NAME");
    expect((await daemon().wharf("checkpoint", "rm", "web", "cp1")).stderr).toContain(
      "checkpoint cp1 does not exist for container web",
    );
    await docker("stop", "-t", "0", "web");
    expect((await daemon().docker("start", "--checkpoint", "cp1", "web")).exitCode).toBe(1);
    await docker("rm", "web");
  },
);

test.skipIf(!works)("a container goes on from a checkpoint where it was", async () => {
  await docker("run", "-d", "--runtime", "runc", "--name", "count", ...COUNT);
  await docker("checkpoint", "create", "--leave-running", "count", "first");
  expect(await docker("inspect", "-f", "{{.State.Status}}", "count")).toBe("running");
  await docker("checkpoint", "create", "count", "second");
  expect(await docker("inspect", "-f", "{{.State.Status}}", "count")).toBe("exited");
  const said = (await docker("logs", "count")).split("\n");
  await docker("start", "--checkpoint", "second", "count");
  expect(await docker("checkpoint", "ls", "count")).toBe("CHECKPOINT NAME\nfirst\nsecond");
  await docker("stop", "-t", "0", "count");
  const all = (await docker("logs", "count")).split("\n");
  expect(all.length).toBeGreaterThanOrEqual(said.length);
  expect(all).toEqual(all.map((_, i) => String(i)));
  await docker("checkpoint", "rm", "count", "first");
  await docker("rm", "count");
});

testNothingIsLeft(daemon);
