import { closeSync, openSync, readFileSync } from "node:fs";
import { Unavailable } from "#base/errors.ts";
import { DEFAULT_SOCKET } from "./paths.ts";
import { selfCommand } from "./self.ts";

const LOG_FILE = "/var/log/wharf.log";
const PATIENCE_MS = 10_000;

/**
 * Starts a daemon with its defaults that outlives the caller, and returns when it answers.
 * @throws Unavailable with the daemon's last words when it ends or does not answer
 */
export async function startDetached(): Promise<void> {
  const log = openSync(LOG_FILE, "a", 0o640);
  const daemon = Bun.spawn(selfCommand("daemon"), {
    stdio: ["ignore", log, log],
    cwd: "/",
    detached: true, // a session of its own: the caller's terminal does not end it
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  closeSync(log);
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isAnswering())) {
    if (daemon.exitCode !== null || Date.now() > deadline) throw failure(daemon.exitCode);
    await Bun.sleep(5);
  }
  daemon.unref();
}

async function isAnswering(): Promise<boolean> {
  try {
    return (await fetch("http://wharf/_ping", { unix: DEFAULT_SOCKET })).ok;
  } catch {
    return false; // not yet listening
  }
}

function failure(exitCode: number | null): Unavailable {
  const lastLine = readFileSync(LOG_FILE, "utf8").trimEnd().split("\n").at(-1) ?? "";
  const what =
    exitCode === null ? `does not answer after ${PATIENCE_MS / 1000} s` : `ended with exit code ${exitCode}`;
  return new Unavailable(`the engine ${what}: ${lastLine}`, { hint: `its log is ${LOG_FILE}` });
}
