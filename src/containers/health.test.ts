import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { encodeFrame, STREAM } from "#spec/std-copy.ts";
import { ContainersLab } from "../../test/fakes/containers-lab.ts";
import { afterProbe, FIRST_HEALTH, planHealth, probeDelayMs } from "./health-policy.ts";

const SECOND = 1e9;

describe("planHealth()", () => {
  test("fills in docker's defaults", () => {
    expect(planHealth({ Healthcheck: { Test: ["CMD-SHELL", "curl localhost"] } })).toEqual({
      command: ["/bin/sh", "-c", "curl localhost"],
      intervalMs: 30_000,
      timeoutMs: 30_000,
      startPeriodMs: 0,
      startIntervalMs: 5000,
      retries: 3,
    });
  });

  test("uses the image's shell, and no shell for a bare command", () => {
    const shell = planHealth({ Healthcheck: { Test: ["CMD-SHELL", "x"] }, Shell: ["/bin/bash", "-c"] });
    expect(shell?.command).toEqual(["/bin/bash", "-c", "x"]);
    expect(planHealth({ Healthcheck: { Test: ["CMD", "x", "y"] } })?.command).toEqual(["x", "y"]);
  });

  for (const Test of [undefined, [], ["NONE"], ["CMD"]])
    test(`finds no check in ${JSON.stringify(Test)}`, () => {
      expect(planHealth({ Healthcheck: { Test } })).toBeUndefined();
    });
});

describe("afterProbe()", () => {
  const plan = planHealth({ Healthcheck: { Test: ["CMD", "x"], StartPeriod: 10 * SECOND, Retries: 2 } })!;
  const probe = (ExitCode: number) => ({ Start: "", End: "", ExitCode, Output: "" });

  test("forgives failures at the start, counts them later, and forgets them after a success", () => {
    const early = afterProbe(FIRST_HEALTH, probe(1), plan, 9000);
    expect(early).toMatchObject({ Status: "starting", FailingStreak: 0 });
    const once = afterProbe(early, probe(1), plan, 10_000);
    expect(once).toMatchObject({ Status: "starting", FailingStreak: 1 });
    const twice = afterProbe(once, probe(-1), plan, 11_000);
    expect(twice).toMatchObject({ Status: "unhealthy", FailingStreak: 2 });
    expect(afterProbe(twice, probe(0), plan, 12_000)).toMatchObject({ Status: "healthy", FailingStreak: 0 });
  });

  test("keeps the last five probes", () => {
    let health = FIRST_HEALTH;
    for (let code = 0; code < 9; code++) health = afterProbe(health, probe(code), plan, 1e6);
    expect(health.Log?.map((entry) => entry.ExitCode)).toEqual([4, 5, 6, 7, 8]);
  });

  test("makes the next probe come sooner during the start", () => {
    expect(probeDelayMs(FIRST_HEALTH, plan, 9000)).toBe(5000);
    expect(probeDelayMs(FIRST_HEALTH, plan, 10_000)).toBe(30_000);
    expect(probeDelayMs({ ...FIRST_HEALTH, Status: "healthy" }, plan, 0)).toBe(30_000);
  });
});

describe("a container with a health check", () => {
  let lab: ContainersLab;
  let id: string;
  beforeEach(async () => {
    lab = new ContainersLab();
    const Healthcheck = { Test: ["CMD", "probe"], Interval: SECOND, Timeout: 5 * SECOND, Retries: 1 };
    id = await lab.create("web", { Healthcheck });
    await lab.containers.start(id);
    lab.events.length = 0;
  });
  afterEach(() => lab[Symbol.dispose]());

  const health = () => lab.containers.get(id).state.health;

  async function probe(code: number, output = ""): Promise<void> {
    await lab.clock.advance(1000);
    const exec = lab.world.execs.at(-1)!;
    exec.connections.at(-1)!.end(encodeFrame(STREAM.stdout, Buffer.from(output)));
    exec.exit(code);
    await Bun.sleep(2);
  }

  test("starts unknown, and becomes what its probes say", async () => {
    expect(health()).toMatchObject({ Status: "starting", FailingStreak: 0 });
    await probe(0, "fine\n");
    expect(health()).toMatchObject({ Status: "healthy", Log: [{ ExitCode: 0, Output: "fine\n" }] });
    await probe(3, "x".repeat(5000));
    expect(health()).toMatchObject({ Status: "unhealthy", FailingStreak: 1 });
    expect(health()!.Log!.at(-1)!.Output).toHaveLength(4096 + 3);
    expect(lab.actions().filter((action) => action.startsWith("health_status"))).toEqual([
      "health_status: healthy",
      "health_status: unhealthy",
    ]);
    expect(await lab.containers.list({ filters: { health: ["unhealthy"] } })).toHaveLength(1);
  });

  test("fails a probe that takes too long, and kills it", async () => {
    await lab.clock.advance(1000);
    const exec = lab.world.execs.at(-1)!;
    await lab.clock.advance(5000);
    expect(exec.signals).toEqual([9]);
    expect(health()!.Log).toMatchObject([{ ExitCode: -1, Output: "Health check exceeded timeout (5s)" }]);
  });

  test("fails a probe that cannot be started", async () => {
    lab.failAt("runtime.exec");
    await lab.clock.advance(1000);
    expect(health()).toMatchObject({
      Status: "unhealthy",
      Log: [{ ExitCode: -1, Output: "runtime.exec failed" }],
    });
  });

  test("is not probed while it is paused, nor after its end", async () => {
    await lab.containers.pause(id);
    await lab.clock.advance(1000);
    expect(lab.world.execs).toHaveLength(0);
    await lab.containers.unpause(id);
    await probe(0);
    await lab.containers.stop(id, {});
    await lab.clock.advance(60_000);
    expect(lab.world.execs).toHaveLength(1);
    expect(health()?.Status).toBe("unhealthy");
  });

  test("is probed on by the next daemon", async () => {
    await probe(0);
    await lab.nextDaemon().recover();
    expect(health()?.Status).toBe("healthy");
    await probe(1);
    expect(health()?.Status).toBe("unhealthy");
  });
});
