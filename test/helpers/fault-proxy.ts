/** A misbehaving registry on a machine's loopback: a proxy in front of a real one, told what to do wrong. */
import { join } from "node:path";
import { splitLines } from "#base/streams.ts";
import type { Fault, SeenRequest } from "../programs/fault-proxy.ts";
import type { Machine } from "./machine.ts";

export interface FaultProxy extends AsyncDisposable {
  /** "127.0.0.1:6000" */
  readonly address: string;
  /** Replaces all faults, and forgets the requests so far. */
  set(...faults: Fault[]): Promise<void>;
  requests(): Promise<SeenRequest[]>;
  /** Answers under way. */
  open(): Promise<number>;
}

export async function startFaultProxy(machine: Machine, port: number, upstream: string): Promise<FaultProxy> {
  const program = join(import.meta.dir, "../programs/fault-proxy.ts");
  const child = Bun.spawn(machine.enter([process.execPath, program, String(port), upstream]), {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = splitLines(child.stdout, 64 << 20);
  const next = async () => {
    const line = await lines.next();
    if (line.done) throw new Error("the fault proxy ended");
    return line.value;
  };
  const ask = async (message: unknown) => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    await child.stdin.flush();
    return await next();
  };
  await next();
  return {
    address: `127.0.0.1:${port}`,
    set: async (...faults) => void (await ask(faults)),
    requests: async () => JSON.parse(await ask("requests")) as SeenRequest[],
    open: async () => Number(await ask("open")),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
