import { describe, expect, test } from "bun:test";
import { openMemoryState } from "#state/memory.ts";
import { createLeases, openLeaseRecords } from "./leases.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

function lab() {
  const state = openMemoryState();
  let nowMs = 0;
  const start = () => createLeases(openLeaseRecords(state), { now: () => nowMs });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { start, pass };
}

describe("a lease", () => {
  test("holds until it ends", () => {
    const leases = lab().start();
    {
      using lease = leases.open();
      lease.add("a");
      expect([...leases.held()]).toEqual(["a"]);
    }
    expect([...leases.held()]).toEqual([]);
  });

  test("that can be resumed holds on after an interruption, for a day", () => {
    const { start, pass } = lab();
    const leases = start();
    {
      using lease = leases.open({ resumable: "pull x" });
      lease.add("a");
      lease.add("b");
    }
    pass(DAY_MS);
    expect([...leases.held()]).toEqual(["a", "b"]);
    pass(1);
    expect([...leases.held()]).toEqual([]);
  });

  test("that can be resumed outlives a crash", async () => {
    const { start } = lab();
    const lease = start().open({ resumable: "pull x" });
    lease.add("a");
    await Promise.resolve(); // the crash comes after the first wait
    expect([...start().held()]).toEqual(["a"]);
  });

  test("that was completed ends, with what earlier tries left", () => {
    const leases = lab().start();
    {
      using first = leases.open({ resumable: "pull x" });
      first.add("a");
    }
    {
      using second = leases.open({ resumable: "pull x" });
      second.add("b");
      expect([...leases.held()].toSorted()).toEqual(["a", "b"]);
      second.complete();
    }
    expect([...leases.held()]).toEqual([]);
  });

  test("completed beside another of the same key leaves the other what it holds", () => {
    const leases = lab().start();
    const first = leases.open({ resumable: "pull x" });
    const second = leases.open({ resumable: "pull x" });
    first.add("a");
    second.add("b");
    first.complete();
    first[Symbol.dispose]();
    expect(leases.held().has("b")).toBe(true);
    second[Symbol.dispose]();
    expect(leases.held().has("b")).toBe(true);
  });

  test("of an interrupted job is forgotten when asked to, one under way is not", () => {
    const leases = lab().start();
    {
      using interrupted = leases.open({ resumable: "pull x" });
      interrupted.add("a");
    }
    using running = leases.open({ resumable: "pull y" });
    running.add("b");
    leases.forgetInterrupted();
    expect([...leases.held()]).toEqual(["b"]);
  });
});
