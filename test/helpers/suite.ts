/** One daemon for all tests of a file. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type DaemonOptions, startDaemon, type TestDaemon } from "./daemon.ts";

/** @returns the daemon once the file's tests run; it ends after the last */
export function useDaemon(options: DaemonOptions = {}): () => TestDaemon {
  let daemon: TestDaemon | undefined;
  beforeAll(async () => {
    daemon = await startDaemon(options);
  });
  afterAll(async () => {
    await daemon?.[Symbol.asyncDispose]();
  });
  return () => {
    if (!daemon) throw new Error("the daemon of this file did not start");
    return daemon;
  };
}

/** Asks until the answer satisfies, for facts that become true a moment later. */
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  isDone: (answer: T) => boolean,
): Promise<T> {
  let answer = await ask();
  for (let tries = 0; tries < 1600; tries++) {
    if (isDone(answer)) return answer;
    await Bun.sleep(25);
    answer = await ask();
  }
  throw new Error(`${what}: still ${JSON.stringify(answer)}`);
}

/** The last test of a file: no mount, namespace, link, group, supervisor or directory without an owner. */
export function testNothingIsLeft(daemon: () => TestDaemon): void {
  test("nothing is left after all this", async () => {
    expect(
      await until(
        "clean",
        () => daemon().leftovers(),
        (left) => left.length === 0,
      ),
    ).toEqual([]);
  });
}
