import { expect, test } from "bun:test";
import type { ContainerInspect } from "#spec/docker/containers.ts";
import type { Condition } from "../plan/types.ts";
import { judge, SETTLED_MS, type Verdict } from "./conditions.ts";

const STARTED = "2026-01-01T00:00:00Z";
const CHECK = { Test: ["CMD", "true"] };

interface Case {
  readonly condition: Condition;
  readonly state: object;
  readonly check?: object;
  readonly is: Verdict["is"];
  readonly reason?: string;
}

const running = (health?: string) => ({
  Status: "running",
  ...(health ? { Health: { Status: health } } : {}),
});
const exited = (ExitCode: number) => ({ Status: "exited", ExitCode });

const CASES: Case[] = [
  { condition: "service_healthy", state: running("starting"), check: CHECK, is: "open" },
  { condition: "service_healthy", state: running("healthy"), check: CHECK, is: "met" },
  {
    condition: "service_healthy",
    state: running("unhealthy"),
    check: CHECK,
    is: "failed",
    reason: "container c is unhealthy",
  },
  {
    condition: "service_healthy",
    state: running(),
    is: "failed",
    reason: "container c has no healthcheck configured",
  },
  {
    condition: "service_healthy",
    state: exited(2),
    check: CHECK,
    is: "failed",
    reason: "container c exited (2)",
  },
  { condition: "service_healthy", state: { Status: "created" }, check: CHECK, is: "open" },
  { condition: "running_or_healthy", state: running(), is: "met" },
  { condition: "running_or_healthy", state: running("starting"), check: CHECK, is: "open" },
  { condition: "running_or_healthy", state: running(), check: { Test: ["NONE"] }, is: "met" },
  { condition: "running_or_healthy", state: exited(0), is: "failed", reason: "container c exited (0)" },
  { condition: "service_completed_successfully", state: running(), is: "open" },
  { condition: "service_completed_successfully", state: exited(0), is: "met" },
  {
    condition: "service_completed_successfully",
    state: exited(1),
    is: "failed",
    reason: `service "s" didn't complete successfully: exit 1`,
  },
];

const inspect = (state: object, check?: object) =>
  ({
    Name: "/c",
    State: { StartedAt: STARTED, ...state },
    Config: { Healthcheck: check },
  }) as ContainerInspect;

for (const { condition, state, check, is, reason } of CASES)
  test(`judge() finds ${condition} ${is} for ${JSON.stringify(state)}${check ? ` with ${JSON.stringify(check)}` : ""}`, () => {
    const nowMs = Date.parse(STARTED) + SETTLED_MS;
    expect(judge(condition, inspect(state, check), { service: "s", nowMs })).toMatchObject({
      is,
      ...(reason ? { reason } : {}),
    });
  });

test("judge() does not take a container for up that has just been started", () => {
  const nowMs = Date.parse(STARTED) + SETTLED_MS - 1;
  expect(judge("running_or_healthy", inspect(running()), { service: "s", nowMs })).toEqual({ is: "open" });
});
