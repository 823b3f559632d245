import { expect, test } from "bun:test";
import { KeyedLock, Limiter, retry, SingleFlight } from "./async.ts";

test("KeyedLock runs holders of one key in order and lets other keys pass", async () => {
  const lock = new KeyedLock();
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const a = lock.run("x", async () => {
    await first.promise;
    order.push("a");
  });
  const b = lock.run("x", () => void order.push("b"));
  await lock.run("y", () => void order.push("y"));
  first.resolve();
  await Promise.all([a, b]);
  expect(order).toEqual(["y", "a", "b"]);
  expect(lock.isHeld("x")).toBe(false);
});

test("KeyedLock goes on after a holder that failed", async () => {
  const lock = new KeyedLock();
  await expect(lock.run("x", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await lock.run("x", () => 1)).toBe(1);
});

test("Limiter never runs more than its limit", async () => {
  const limiter = new Limiter(2);
  let running = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 9 }, () =>
      limiter.run(async () => {
        most = Math.max(most, ++running);
        await Bun.sleep(1);
        running -= 1;
      }),
    ),
  );
  expect(most).toBe(2);
});

test("SingleFlight shares one result among callers and forgets it afterwards", async () => {
  const flights = new SingleFlight<string, number>();
  let runs = 0;
  const work = async () => ++runs;
  expect(await Promise.all([flights.run("k", work), flights.run("k", work)])).toEqual([1, 1]);
  expect(await flights.run("k", work)).toBe(2);
});

test("retry doubles its delay up to the maximum and gives up at the last attempt", async () => {
  const delays: number[] = [];
  const attempt = retry(() => Promise.reject(new Error("down")), {
    attempts: 4,
    firstDelayMs: 10,
    maxDelayMs: 25,
    isRetryable: () => true,
    sleep: async (ms) => void delays.push(ms),
  });
  await expect(attempt).rejects.toThrow("down");
  expect(delays).toEqual([10, 20, 25]);
});
