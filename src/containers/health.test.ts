import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { encodeFrame, STREAM } from "#spec/std-copy.ts";
import { ContainersLab } from "../../test/fakes/containers-lab.ts";
import { afterProbe, FIRST_HEALTH, planHealth, probeDelayMs, untilNextProbeMs } from "./health-policy.ts";

const SECOND = 1e9;

describe("planHealth()", () => {
  test("fills in docker's defaults", async () => {
    expect(planHealth({ Healthcheck: { Test: ["CMD-SHELL", "curl localhost"] } })).toEqual({
      probe: { kind: "command", command: ["/bin/sh", "-c", "curl localhost"] },
      intervalMs: 30_000,
      timeoutMs: 30_000,
      startPeriodMs: 0,
      startIntervalMs: 5000,
      retries: 3,
    });
  });

  test("uses the image's shell, and no shell for a bare command", async () => {
    const shell = planHealth({ Healthcheck: { Test: ["CMD-SHELL", "x"] }, Shell: ["/bin/bash", "-c"] });
    expect(shell?.probe).toEqual({ kind: "command", command: ["/bin/bash", "-c", "x"] });
    const bare = planHealth({ Healthcheck: { Test: ["CMD", "x", "y"] } });
    expect(bare?.probe).toEqual({ kind: "command", command: ["x", "y"] });
  });

  for (const Test of [undefined, [], ["NONE"], ["CMD"]])
    test(`finds no check in ${JSON.stringify(Test)}`, async () => {
      expect(planHealth({ Healthcheck: { Test } })).toBeUndefined();
    });
});

describe("afterProbe()", () => {
  const plan = planHealth({ Healthcheck: { Test: ["CMD", "x"], StartPeriod: 10 * SECOND, Retries: 2 } })!;
  const probe = (ExitCode: number) => ({ Start: "", End: "", ExitCode, Output: "" });

  test("forgives failures at the start, counts them later, and forgets them after a success", async () => {
    const early = afterProbe(FIRST_HEALTH, probe(1), plan, 9000);
    expect(early).toMatchObject({ Status: "starting", FailingStreak: 0 });
    const once = afterProbe(early, probe(1), plan, 10_000);
    expect(once).toMatchObject({ Status: "starting", FailingStreak: 1 });
    const twice = afterProbe(once, probe(-1), plan, 11_000);
    expect(twice).toMatchObject({ Status: "unhealthy", FailingStreak: 2 });
    expect(afterProbe(twice, probe(0), plan, 12_000)).toMatchObject({ Status: "healthy", FailingStreak: 0 });
  });

  test("keeps the last five probes", async () => {
    let health = FIRST_HEALTH;
    for (let code = 0; code < 9; code++) health = afterProbe(health, probe(code), plan, 1e6);
    expect(health.Log?.map((entry) => entry.ExitCode)).toEqual([4, 5, 6, 7, 8]);
  });

  test("makes the next probe come sooner during the start", async () => {
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

describe("a container with a native probe", () => {
  let lab: ContainersLab;
  beforeEach(() => {
    lab = new ContainersLab();
  });
  afterEach(() => lab[Symbol.dispose]());

  const create = async (annotations: Record<string, string>, hostConfig: object = {}) => {
    const Healthcheck = { Interval: SECOND, Timeout: 2 * SECOND, Retries: 2 };
    const HostConfig = { ...hostConfig, Annotations: annotations };
    const id = await lab.create("web", { Healthcheck, HostConfig });
    await lab.containers.start(id);
    return id;
  };
  const health = (id: string) => lab.containers.get(id).state.health;
  const later = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) await lab.clock.advance(1000);
  };

  test("is asked from inside its network, and nothing is run in it", async () => {
    const id = await create({ "wharf.health": "http://localhost:8080/ready" });
    await later(1);
    expect(lab.world.probes).toEqual([`/netns/${id} http 127.0.0.1:8080/ready`]);
    expect(lab.world.execs).toHaveLength(0);
    expect(health(id)).toMatchObject({ Status: "healthy", Log: [{ ExitCode: 0, Output: "fine" }] });
    expect(lab.containers.get(id).config.Healthcheck?.Test).toEqual(["HTTP", "http://localhost:8080/ready"]);
  });

  test("fails when nobody answers in time", async () => {
    lab.world.probeOutcome = undefined;
    const id = await create({ "wharf.health": "tcp://localhost:6379" });
    await later(3);
    expect(health(id)?.Log).toMatchObject([{ ExitCode: -1, Output: "Health check exceeded timeout (2s)" }]);
  });

  test("begins a new run when it is unhealthy and asked to, through the back-off", async () => {
    lab.world.probeOutcome = { passed: false, output: "no" };
    const id = await create({ "wharf.health": "tcp://localhost:1", "wharf.on-unhealthy": "restart" });
    const first = lab.process(id);
    await later(2);
    await lab.settle();
    expect(first.signals).toEqual([15]);
    expect(lab.containers.get(id).state.status).toBe("restarting");
    await lab.clock.advance(100);
    expect(lab.containers.get(id)).toMatchObject({
      restartCount: 1,
      stoppedByUser: false,
      state: { status: "running", health: { Status: "starting" } },
    });
  });

  test("stops for good when it is unhealthy and asked to", async () => {
    lab.world.probeOutcome = { passed: false, output: "no" };
    const annotations = { "wharf.health": "tcp://localhost:1", "wharf.on-unhealthy": "stop" };
    const id = await create(annotations, { RestartPolicy: { Name: "always" } });
    await later(2);
    await lab.settle();
    expect(lab.containers.get(id)).toMatchObject({ stoppedByUser: true, state: { status: "exited" } });
    expect(lab.actions()).toContain("stop");
  });

  test("a stop that comes while it is being renewed is final", async () => {
    lab.world.probeOutcome = { passed: false, output: "no" };
    const id = await create({ "wharf.health": "tcp://localhost:1", "wharf.on-unhealthy": "restart" });
    lab.process(id).ignoresTerm = true;
    await later(2);
    const stopped = lab.containers.stop(id, {});
    await lab.settle();
    lab.process(id).exit(143);
    await stopped;
    await lab.clock.advance(60_000);
    expect(lab.containers.get(id).state.status).toBe("exited");
  });

  test("cannot go away and come back", async () => {
    const annotations = { "wharf.on-unhealthy": "restart" };
    await expect(create(annotations, { AutoRemove: true })).rejects.toThrow("'AutoRemove'");
  });
});

describe("untilNextProbeMs()", () => {
  const plan = planHealth({ Healthcheck: { Test: ["CMD", "x"], Interval: 30 * SECOND } })!;
  const probed = (End: string) => ({
    ...FIRST_HEALTH,
    Log: [{ Start: End, End, ExitCode: 0, Output: "" }],
  });
  const nowMs = Date.parse("2026-01-01T00:01:00Z");
  test.each([
    {
      name: "the start counts before the first probe",
      health: FIRST_HEALTH,
      startedMs: nowMs - 10_000,
      ms: 20_000,
    },
    { name: "else the last probe", health: probed("2026-01-01T00:00:55Z"), startedMs: 0, ms: 25_000 },
    {
      name: "one that is overdue comes at once",
      health: probed("2026-01-01T00:00:01Z"),
      startedMs: 0,
      ms: 0,
    },
    {
      name: "a probe of the run before does not count",
      health: probed("2026-01-01T00:00:40Z"),
      startedMs: nowMs - 1000,
      ms: 29_000,
    },
  ])("$name", ({ health, startedMs, ms }) => {
    expect(untilNextProbeMs(health, plan, { nowMs, startedMs })).toBe(ms);
  });
});
