import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, SHIM } from "./supervisor.ts";

const directory = mkdtempSync(join(tmpdir(), "wharf-init-"));
const INIT = join(directory, "docker-init");
symlinkSync(SHIM, INIT);
afterAll(() => rmSync(directory, { recursive: true }));

/** The same program under the name it has inside containers. */
function init(command: readonly string[]) {
  return Bun.spawn([INIT, "--", ...command], { stdio: ["ignore", "pipe", "pipe"] });
}

test("docker-init ends with the program's code", async () => {
  expect(await init(["sh", "-c", "exit 3"]).exited).toBe(3);
  expect(await init(["sh", "-c", "kill -9 $$"]).exited).toBe(137);
});

test("docker-init says why a program cannot be run, with a shell's code", async () => {
  const missing = init(["nosuch-program"]);
  expect(await missing.exited).toBe(127);
  expect(await new Response(missing.stderr).text()).toBe(
    "docker-init: nosuch-program: No such file or directory\n",
  );
  expect(await init(["/etc/passwd"]).exited).toBe(126);
});

test("docker-init passes signals on", async () => {
  const child = init(["sh", "-c", "trap 'echo got; exit 5' USR1; echo ready; while :; do sleep 0.01; done"]);
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill("SIGUSR1");
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("got\n");
  expect(await child.exited).toBe(5);
});

test("docker-init reaps what others left", async () => {
  const child = init(["sh", "-c", "(sleep 0.05 & echo $! >&2); sleep 0.5"]);
  const orphan = Number(new TextDecoder().decode((await child.stderr.getReader().read()).value));
  await eventually(() => !isThere(orphan)); // a zombie would still be
  child.kill("SIGKILL");
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
