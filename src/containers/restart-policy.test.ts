import { describe, expect, test } from "bun:test";
import { checkRestartPolicy, type ExitHistory, restartDelayMs, startsWithDaemon } from "./restart-policy.ts";

const failed: ExitHistory = { exitCode: 1, ranMs: 50, restartCount: 0, lastDelayMs: 0, isWanted: false };

describe("restartDelayMs()", () => {
  const table = [
    { policy: undefined, history: {}, delay: undefined },
    { policy: { Name: "no" }, history: {}, delay: undefined },
    { policy: { Name: "always" }, history: {}, delay: 100 },
    { policy: { Name: "always" }, history: { exitCode: 0 }, delay: 100 },
    { policy: { Name: "always" }, history: { lastDelayMs: 100 }, delay: 200 },
    { policy: { Name: "always" }, history: { lastDelayMs: 51_200 }, delay: 60_000 },
    { policy: { Name: "always" }, history: { lastDelayMs: 60_000, ranMs: 10_000 }, delay: 100 },
    { policy: { Name: "always" }, history: { isWanted: true }, delay: undefined },
    { policy: { Name: "unless-stopped" }, history: {}, delay: 100 },
    { policy: { Name: "on-failure" }, history: { exitCode: 0 }, delay: undefined },
    { policy: { Name: "on-failure" }, history: { restartCount: 99 }, delay: 100 },
    { policy: { Name: "on-failure", MaximumRetryCount: 2 }, history: { restartCount: 1 }, delay: 100 },
    { policy: { Name: "on-failure", MaximumRetryCount: 2 }, history: { restartCount: 2 }, delay: undefined },
  ] as const;
  for (const row of table)
    test(`gives ${row.delay} for ${JSON.stringify(row.policy)} after ${JSON.stringify(row.history)}`, () => {
      expect(restartDelayMs(row.policy, { ...failed, ...row.history })).toBe(row.delay);
    });
});

describe("startsWithDaemon()", () => {
  const up = { stoppedByUser: false, everStarted: true, exitCode: 255, restartCount: 0 };
  const table = [
    { policy: "no", state: up, starts: false },
    { policy: "always", state: { ...up, stoppedByUser: true }, starts: true },
    { policy: "always", state: { ...up, everStarted: false }, starts: false },
    { policy: "unless-stopped", state: up, starts: true },
    { policy: "unless-stopped", state: { ...up, stoppedByUser: true }, starts: false },
    { policy: "on-failure", state: up, starts: true },
    { policy: "on-failure", state: { ...up, exitCode: 0 }, starts: false },
    { policy: "on-failure", state: { ...up, stoppedByUser: true }, starts: false },
  ] as const;
  for (const row of table)
    test(`says ${row.starts} for ${row.policy} and ${JSON.stringify(row.state)}`, () => {
      expect(startsWithDaemon({ Name: row.policy }, row.state)).toBe(row.starts);
    });
});

describe("checkRestartPolicy()", () => {
  test("accepts what docker sends", () => {
    checkRestartPolicy(undefined);
    checkRestartPolicy({ Name: "", MaximumRetryCount: 0 });
    checkRestartPolicy({ Name: "on-failure", MaximumRetryCount: 3 });
  });

  const refused = [
    { policy: { Name: "sometimes" }, text: /unknown policy 'sometimes'/ },
    { policy: { Name: "always", MaximumRetryCount: 1 }, text: /can only be used with 'on-failure'/ },
    { policy: { Name: "on-failure", MaximumRetryCount: -1 }, text: /cannot be negative/ },
  ];
  for (const row of refused)
    test(`refuses ${JSON.stringify(row.policy)}`, () => {
      expect(() => checkRestartPolicy(row.policy as never)).toThrow(row.text);
    });
});
