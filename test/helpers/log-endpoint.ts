/** Something that takes logs, on a machine of a test's own. */
import { join } from "node:path";
import type { Machine } from "./machine.ts";
import { until } from "./suite.ts";

const PROGRAMS = join(import.meta.dir, "../programs");

export interface LogEndpoint extends AsyncDisposable {
  /** Everything received so far. */
  received(): Promise<string>;
  /** Waits until the text has come. @returns everything received */
  receives(text: string): Promise<string>;
}

let count = 0;

/** @param address "127.0.0.1:5140", or a path for sockets in the file system */
export async function startLogEndpoint(
  machine: Machine,
  kind: "tcp" | "udp" | "http" | "unix" | "unixgram",
  address: string,
): Promise<LogEndpoint> {
  return await startProgram(machine, "log-endpoint.py", [kind, address]);
}

/** One that answers: TLS that wants a client's certificate (files: certificate, key, authority), or Fluentd's protocol. */
export async function startLogPeer(
  machine: Machine,
  kind: "tls" | "forward",
  address: string,
  files: readonly string[] = [],
): Promise<LogEndpoint> {
  return await startProgram(machine, "log-peers.py", [kind, address, ...files]);
}

async function startProgram(
  machine: Machine,
  program: string,
  [kind, address, ...more]: readonly [string, string, ...string[]],
): Promise<LogEndpoint> {
  const output = join(machine.directory, `endpoint-${++count}`);
  const script = 'touch "$4"; output=$4; python3 "$@" >"$output.ready" 2>&1 </dev/null & echo $!';
  const argv = [join(PROGRAMS, program), kind, address, output, ...more];
  const pid = (await machine.text(["sh", "-c", script, "start", ...argv])).trim();
  const read = async (path: string) => await Bun.file(machine.outside(path)).text();
  await until(
    `log endpoint ${address}`,
    () => read(`${output}.ready`),
    (text) => text.includes("ready"),
  );
  return {
    received: () => read(output),
    receives: (text) =>
      until(
        `log endpoint ${address} without ${JSON.stringify(text)}`,
        () => read(output),
        (all) => all.includes(text),
      ),
    [Symbol.asyncDispose]: async () => void (await machine.run(["kill", "-9", pid])),
  };
}
