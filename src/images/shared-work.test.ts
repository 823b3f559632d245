import { expect, test } from "bun:test";
import { SharedWork } from "./shared-work.ts";

/** Work that goes on until it is told to end. */
function heldWork() {
  const held = Promise.withResolvers<void>();
  const state = { starts: 0, aborted: false, finish: held.resolve, fail: held.reject };
  const work = async (signal: AbortSignal, report: (n: number) => void) => {
    state.starts += 1;
    signal.addEventListener("abort", () => {
      state.aborted = true;
      held.reject(signal.reason);
    });
    await Promise.resolve();
    report(7);
    await held.promise;
  };
  return { state, work };
}

test("run() does the work once for all who ask, and all hear its progress", async () => {
  const shared = new SharedWork<number>();
  const { state, work } = heldWork();
  const heard: number[] = [];
  const onProgress = (n: number) => heard.push(n);
  const both = [shared.run("a", { onProgress }, work), shared.run("a", { onProgress }, work)];
  await Bun.sleep(1);
  state.finish();
  await Promise.all(both);
  expect(state.starts).toBe(1);
  expect(heard).toEqual([7, 7]);
});

test("run() goes on for the others when one leaves", async () => {
  const shared = new SharedWork<number>();
  const { state, work } = heldWork();
  const leaver = new AbortController();
  const left = shared.run("a", { signal: leaver.signal }, work);
  const stayed = shared.run("a", {}, work);
  leaver.abort();
  await expect(left).rejects.toMatchObject({ kind: "cancelled" });
  expect(state.aborted).toBe(false);
  state.finish();
  await stayed;
});

test("run() gives the work up with the last who leaves, and returns only when it has ended", async () => {
  const shared = new SharedWork<number>();
  const { state, work } = heldWork();
  const leaver = new AbortController();
  const left = shared.run("a", { signal: leaver.signal }, work);
  leaver.abort();
  await expect(left).rejects.toMatchObject({ kind: "cancelled" });
  expect(state.aborted).toBe(true);
});

test("run() does the work itself when what it joined fails", async () => {
  const shared = new SharedWork<number>();
  const { state, work } = heldWork();
  const first = shared.run("a", {}, work);
  let own = 0;
  const second = shared.run("a", {}, async () => void own++);
  state.fail(new Error("access denied"));
  await expect(first).rejects.toThrow("access denied");
  await second;
  expect(own).toBe(1);
});

test("close() gives up what is under way", async () => {
  const shared = new SharedWork<number>();
  const { state, work } = heldWork();
  const run = shared.run("a", {}, work).catch((error: Error) => error.message);
  await shared.close();
  expect(state.aborted).toBe(true);
  expect(await run).toContain("shutting down");
});
