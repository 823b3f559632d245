/** One daemon for all tests of a file. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type DaemonOptions, startDaemon, type TestDaemon } from "./daemon.ts";

/** Long, for busy machines, and shorter than a test may take: then it is this that fails and says what it waited for. */
const UNTIL_MS = 50_000 * Number(process.env.WHARF_TEST_PATIENCE ?? 1);

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
  const deadline = Date.now() + UNTIL_MS;
  let answer = await ask();
  while (!isDone(answer) && Date.now() < deadline) {
    await Bun.sleep(25);
    answer = await ask();
  }
  if (isDone(answer)) return answer;
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
