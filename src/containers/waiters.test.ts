import { describe, expect, test } from "bun:test";
import { Cancelled } from "#base/errors.ts";
import { Waiters } from "./waiters.ts";

const ended = { exitCode: 3, error: undefined };

describe("Waiters", () => {
  test("notifyExit() answers those who wait for an end, once", async () => {
    const waiters = new Waiters();
    const next = waiters.add("next-exit");
    const notRunning = waiters.add("not-running");
    waiters.notifyExit(ended);
    waiters.notifyExit({ exitCode: 9, error: undefined });
    expect(await Promise.all([next, notRunning])).toEqual([ended, ended]);
  });

  test("notifyRemoved() answers everybody who is left", async () => {
    const waiters = new Waiters();
    const removed = waiters.add("removed");
    waiters.notifyExit({ exitCode: 9, error: undefined });
    const next = waiters.add("next-exit");
    waiters.notifyRemoved(ended);
    expect(await Promise.all([removed, next])).toEqual([ended, ended]);
  });

  test("add() forgets a client that has gone", async () => {
    const waiters = new Waiters();
    const gone = new AbortController();
    const wait = waiters.add("removed", gone.signal);
    gone.abort();
    await expect(wait).rejects.toBeInstanceOf(Cancelled);
    await expect(waiters.add("removed", gone.signal)).rejects.toBeInstanceOf(Cancelled);
  });
});
