/** What is measured. Each row runs once per engine and round, so that engines alternate under the same noise. */
import type { Engine } from "./engines.ts";
import { timeCommand, timeParallel } from "./measure.ts";

export interface Row {
  readonly name: string;
  readonly rounds: number;
  /** Milliseconds of the timed part. */
  measure(engine: Engine, round: number): number | Promise<number>;
  /** Left out for engines where it would take minutes. */
  readonly skip?: (engine: Engine) => boolean;
}

const IMAGE = "bench/busybox:latest";
const SLEEP = ["sleep", "1000"];
/** Ends at once when asked to: an init of its own would need tini beside dockerd. */
const POLITE = ["sh", "-c", "trap exit TERM; while :; do sleep 1000 & wait; done"];

/** Runs without being timed; failures throw. */
const quietly = (engine: Engine, ...args: string[]) => void timeCommand(engine.command(...args), engine);
const timed = (engine: Engine, ...args: string[]) => timeCommand(engine.command(...args), engine);

export function rows(rounds: number): Row[] {
  return [
    ...(["bridge", "none", "host"] as const).map((network) => ({
      name: `run --rm true, ${network}`,
      rounds,
      measure: (engine: Engine) =>
        timed(engine, "run", "--rm", "--network", podmanName(engine, network), IMAGE, "true"),
    })),
    {
      name: "run -d, bridge",
      rounds,
      measure(engine, round) {
        const ms = timed(engine, "run", "-d", "--name", `d${round}`, IMAGE, ...SLEEP);
        quietly(engine, "rm", "-f", ...zeroGrace(engine), `d${round}`);
        return ms;
      },
    },
    {
      name: "exec true",
      rounds,
      measure(engine) {
        ensureRunning(engine, "steady");
        return timed(engine, "exec", "steady", "true");
      },
    },
    {
      name: "stop, signal handled",
      rounds,
      measure(engine, round) {
        quietly(engine, "run", "-d", "--name", `s${round}`, IMAGE, ...POLITE);
        const ms = timed(engine, "stop", `s${round}`);
        quietly(engine, "rm", "-f", `s${round}`);
        return ms;
      },
    },
    {
      name: "rm -f running",
      rounds,
      measure(engine, round) {
        quietly(engine, "run", "-d", "--name", `r${round}`, IMAGE, ...SLEEP);
        return timed(engine, "rm", "-f", ...zeroGrace(engine), `r${round}`);
      },
    },
    {
      name: "ps",
      rounds,
      measure: (engine) => timed(engine, "ps"),
    },
    {
      name: "version (client and server)",
      rounds,
      measure: (engine) => timed(engine, "version"),
    },
    {
      name: "run -d, 1 published port",
      rounds,
      measure: (engine, round) => withPorts(engine, round, 1),
    },
    {
      name: "run -d, 200 published ports",
      rounds: Math.min(rounds, 3),
      measure: (engine, round) => withPorts(engine, round, 200),
    },
    {
      name: "50 × run -d in sequence",
      rounds: 1,
      async measure(engine) {
        const ms = await timeParallel(fifty(engine, "q"), 1, engine);
        removeFifty(engine, "q");
        return ms;
      },
    },
    {
      name: "50 × run -d, 8 at a time",
      rounds: Math.min(rounds, 3),
      async measure(engine) {
        const ms = await timeParallel(fifty(engine, "p"), 8, engine);
        removeFifty(engine, "p");
        return ms;
      },
    },
  ];
}

/** Podman calls its default bridge otherwise. */
function podmanName(engine: Engine, network: string): string {
  return engine.name === "podman" && network === "bridge" ? "podman" : network;
}

/** Podman's `rm -f` asks politely for ten seconds unless told not to; Docker's and ours kill at once. */
function zeroGrace(engine: Engine): string[] {
  return engine.name === "podman" ? ["-t", "0"] : [];
}

function ensureRunning(engine: Engine, name: string): void {
  const found = Bun.spawnSync(engine.command("inspect", name), {
    env: engine.env,
    stdout: "ignore",
    stderr: "ignore",
  });
  if (found.exitCode !== 0) quietly(engine, "run", "-d", "--name", name, IMAGE, ...SLEEP);
}

function withPorts(engine: Engine, round: number, ports: number): number {
  const first = 20_000;
  const range =
    ports === 1 ? `${first}:${first}` : `${first}-${first + ports - 1}:${first}-${first + ports - 1}`;
  const ms = timed(engine, "run", "-d", "--name", `x${round}`, "-p", range, IMAGE, ...SLEEP);
  quietly(engine, "rm", "-f", ...zeroGrace(engine), `x${round}`);
  return ms;
}

function fifty(engine: Engine, prefix: string): string[][] {
  return Array.from({ length: 50 }, (_, i) =>
    engine.command("run", "-d", "--name", `${prefix}${i}`, IMAGE, ...SLEEP),
  );
}

export function removeFifty(engine: Engine, prefix: string): void {
  quietly(engine, "rm", "-f", ...zeroGrace(engine), ...Array.from({ length: 50 }, (_, i) => `${prefix}${i}`));
}

export function startFifty(engine: Engine, prefix: string): Promise<number> {
  return timeParallel(fifty(engine, prefix), 4, engine);
}

export { IMAGE };
