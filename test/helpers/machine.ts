/**
 * A machine of one's own for a test: process, mount and network namespaces with an init, so that a daemon can be killed
 * and started again while its containers live on, and everything dies with the test.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type RunResult, run } from "#base/spawn.ts";

export interface Machine extends AsyncDisposable {
  /** A directory on the machine's own tmpfs; a path inside the machine. */
  readonly directory: string;
  /** The machine's path as this process can open it. */
  outside(path: string): string;
  /** Arguments that put a command into the machine. */
  enter(argv: readonly string[]): string[];
  run(
    argv: readonly string[],
    options?: { readonly input?: string; readonly env?: Record<string, string> },
  ): Promise<RunResult>;
  /** As `run`, but a failing command throws with its words. @returns stdout */
  text(argv: readonly string[]): Promise<string>;
}

const PREPARE = `
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=700 tmpfs "$0"
ip link set lo up
echo ready
# An init that reaps: supervisors that lose their daemon become its children.
while :; do sleep 3600 & wait $!; done`;

export async function startMachine(): Promise<Machine> {
  const directory = mkdtempSync("/tmp/wharf-machine-");
  const init = Bun.spawn(
    ["unshare", "-mnpiu", "--fork", "--kill-child", "--mount-proc", "sh", "-c", PREPARE, directory],
    { stdin: "ignore", stdout: "pipe", stderr: "inherit" },
  );
  const reader = init.stdout.getReader();
  const first = await reader.read();
  if (!new TextDecoder().decode(first.value).includes("ready"))
    throw new Error("test machine: namespaces could not be made");
  const pid = await childOf(init.pid);
  const enter = (argv: readonly string[]) => [
    "nsenter",
    "-t",
    String(pid),
    "-m",
    "-n",
    "-p",
    "-i",
    "-u",
    "--",
    ...argv,
  ];
  const runInside: Machine["run"] = (argv, options = {}) =>
    run(enter(argv), { ...options, env: { ...(process.env as Record<string, string>), ...options.env } });
  return {
    directory,
    outside: (path) => `/proc/${pid}/root${path}`,
    enter,
    run: runInside,
    async text(argv) {
      const { exitCode, stdout, stderr } = await runInside(argv);
      if (exitCode !== 0) throw new Error(`${argv.join(" ")}: exit code ${exitCode}\n${stdout}${stderr}`);
      return stdout;
    },
    async [Symbol.asyncDispose]() {
      init.kill("SIGKILL"); // --kill-child takes the machine's init along, and the kernel everything below it
      await init.exited;
      await reader.cancel();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The pid, seen from here, of the only child of `unshare`: the machine's init. */
async function childOf(parent: number): Promise<number> {
  for (let tries = 0; tries < 4000; tries++) {
    const children = (
      await Bun.file(join("/proc", String(parent), "task", String(parent), "children")).text()
    ).trim();
    if (children !== "") return Number(children.split(" ")[0]);
    await Bun.sleep(5);
  }
  throw new Error("test machine: its init did not appear");
}
