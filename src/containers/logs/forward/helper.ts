import { existsSync, writeSync } from "node:fs";
import { setPriority } from "node:os";
import { systemClock } from "#base/clock.ts";
import { messageOf } from "#base/errors.ts";
import { splitLines } from "#base/streams.ts";
import { watchDirectory } from "#base/watch-directory.ts";
import type { ShipperHost } from "../drivers/types.ts";
import { GIVE_UP_MS, SpoolFollower } from "./follow.ts";
import type { ShipOrder, ShipReport } from "./reports.ts";
import { removedAt, removeSpool } from "./spool.ts";

/** Behind the containers' own work. */
const NICENESS = 5;
/** After a spool that could not even be looked at, or an endpoint that no connection can be described for. */
const START_AGAIN_MS = 5000;

interface Followed {
  order: ShipOrder;
  follower: SpoolFollower | undefined;
}

/**
 * The helper process `wharf ship-logs`: follows every spool it is told of. It ends when its input does, because then the
 * daemon has gone; the next one's helper goes on where it was.
 * @returns the exit code
 */
export async function runShipHelper(host: ShipperHost): Promise<number> {
  setPriority(NICENESS);
  const closing = new AbortController();
  const all = new Map<string, Followed>();
  for await (const line of splitLines(Bun.stdin.stream())) {
    const order = JSON.parse(line) as ShipOrder;
    const known = all.get(order.directory);
    if (known) {
      known.order = order;
      known.follower?.notify(order.isRunning);
      continue;
    }
    const followed: Followed = { order, follower: undefined };
    all.set(order.directory, followed);
    const finish = () => {
      all.delete(order.directory);
      tell({ directory: order.directory, kind: "done", number: followed.order.number });
    };
    void followUntilDone(followed, { host, signal: closing.signal, finish });
  }
  closing.abort();
  return 0;
}

/**
 * Until the last order is carried out. Never rejects.
 * @param finish called with nothing in between, so that an order which comes meanwhile is not taken for that one
 */
async function followUntilDone(
  followed: Followed,
  { host, signal, finish }: { host: ShipperHost; signal: AbortSignal; finish: () => void },
): Promise<void> {
  const { directory } = followed.order;
  for (let done = -1; done !== followed.order.number && !signal.aborted; ) {
    const { number, isRunning } = followed.order;
    try {
      if (existsSync(directory)) await followOnce(followed, { directory, host, signal, isRunning });
      done = number;
    } catch (error) {
      tell({ directory, kind: "failing", reason: messageOf(error) });
      await systemClock.sleep(START_AGAIN_MS, signal);
      const removed = removedAt(directory);
      if (removed !== undefined && Date.now() - removed > GIVE_UP_MS) removeSpool(directory);
    }
  }
  finish();
}

async function followOnce(
  followed: Followed,
  {
    isRunning,
    ...options
  }: { directory: string; host: ShipperHost; signal: AbortSignal; isRunning: boolean },
): Promise<void> {
  const follower = new SpoolFollower({ ...options, report: tell, now: () => Date.now() }, isRunning);
  using _watch = watchDirectory(options.directory, () => follower.notify());
  followed.follower = follower;
  try {
    await follower.run();
  } finally {
    followed.follower = undefined;
  }
}

function tell(report: ShipReport): void {
  const bytes = Buffer.from(`${JSON.stringify(report)}\n`);
  for (let done = 0; done < bytes.byteLength; ) done += writeSync(1, bytes, done);
}
