/** What a daemon is like while it works: how soon it answers, how much memory it holds. */
import { pssKiB } from "./measure.ts";

const PING_EVERY_MS = 5;
const MEMORY_EVERY_MS = 50;

/** Asks `/_ping` again and again over one kept connection. */
export function watchPing(socket: string): { stop(): Promise<number[]> } {
  const times: number[] = [];
  let isOver = false;
  const loop = (async () => {
    while (!isOver) {
      const started = performance.now();
      await (await fetch("http://engine/_ping", { unix: socket })).text();
      times.push(performance.now() - started);
      await Bun.sleep(PING_EVERY_MS);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await loop;
      return times;
    },
  };
}

export interface MemoryPeak {
  readonly daemonKiB: number;
  readonly treeKiB: number;
}

/** The largest proportional set size of the daemon's process alone, and of all the engine's. */
export function watchMemory(daemonPid: number, treeKiB: () => number): { stop(): MemoryPeak } {
  let peak: MemoryPeak = { daemonKiB: 0, treeKiB: 0 };
  const look = () => {
    peak = {
      daemonKiB: Math.max(peak.daemonKiB, pssKiB(daemonPid)),
      treeKiB: Math.max(peak.treeKiB, treeKiB()),
    };
  };
  const timer = setInterval(look, MEMORY_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return peak;
    },
  };
}
