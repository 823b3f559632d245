import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "#base/log.ts";
import { type CleanUpParts, cleanUp } from "./clean-up.ts";
import type { OciRuntime } from "./oci-command.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "wharf-clean-"));
  mkdirSync(join(directory, "state/ID"), { recursive: true });
  mkdirSync(join(directory, "run/exec/session"), { recursive: true });
  writeFileSync(join(directory, "run/config.json"), "{}");
  writeFileSync(join(directory, "run/runtime"), "stand-in");
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A runtime that notes how it was asked and removes its state. */
const STAND_IN = 'echo "$@" >"$2/../asked"; rm -r "$2/ID"';

interface Group {
  pids: number[];
  readonly frozen?: boolean;
  readonly immortal?: boolean;
  /** How often systemd is still seen to keep it. */
  kept?: number;
}

function parts(remove: () => void, group: Group = { pids: [] }) {
  const calls: string[] = [];
  const kernel = {
    cgroups: {
      remove,
      exists: () => group.kept === undefined || group.kept-- > 0,
      pids: () => group.pids,
      isFrozen: () => group.frozen ?? false,
      thaw: () => {
        calls.push("thaw");
        if (!group.immortal) group.pids = [];
      },
    },
    processes: {
      signal: (pid: number, signal: number) => {
        calls.push(`signal ${signal} to ${pid}`);
        if (!group.frozen) group.pids = [];
        return true;
      },
    },
  } as unknown as CleanUpParts["kernel"];
  const runtime: OciRuntime = {
    kind: "other",
    name: "stand-in",
    path: "/bin/sh",
    args: ["-c", STAND_IN, "runtime"],
    version: "1",
  };
  const made: CleanUpParts = {
    kernel,
    runtimes: new Map([["stand-in", runtime]]),
    defaultName: "none",
    stateRoot: join(directory, "state"),
    clock: { now: () => 0, sleep: async () => {} },
    log: silentLog,
  };
  return { made, calls };
}

const request = () => ({ id: "ID", runDirectory: join(directory, "run"), cgroupPath: "/parent/ID" });

test("cleanUp() removes runtime state, groups and bundle without asking the runtime", async () => {
  await cleanUp(parts(() => {}).made, request());
  expect(existsSync(join(directory, "state/ID"))).toBe(false);
  expect(existsSync(join(directory, "run"))).toBe(false);
  expect(existsSync(join(directory, "asked"))).toBe(false);
  await cleanUp(parts(() => {}).made, request()); // gone already
});

test("cleanUp() keeps what others have put into the run directory", async () => {
  writeFileSync(join(directory, "run/others"), "");
  await cleanUp(parts(() => {}).made, request());
  expect(existsSync(join(directory, "run/others"))).toBe(true);
  expect(existsSync(join(directory, "run/config.json"))).toBe(false);
});

test("cleanUp() kills what is left in the group, also what stands still", async () => {
  const running = parts(() => {}, { pids: [7, 8] });
  await cleanUp(running.made, request());
  expect(running.calls).toEqual(["signal 9 to 7", "signal 9 to 8"]);
  const frozen = parts(() => {}, { pids: [7], frozen: true });
  await cleanUp(frozen.made, request());
  expect(frozen.calls).toEqual(["signal 9 to 7", "thaw"]);
});

test("cleanUp() asks the runtime that started the container when the direct way fails", async () => {
  const busy = () => {
    throw new Error("busy");
  };
  await cleanUp(parts(busy).made, request());
  const asked = readFileSync(join(directory, "asked"), "utf8");
  expect(asked).toBe(`--root ${join(directory, "state")} delete --force ID\n`);
  expect(existsSync(join(directory, "run"))).toBe(false);
  expect(cleanUp(parts(busy).made, request())).rejects.toThrow("busy"); // and nobody is left to ask
});

const SCOPE = `wharf-${"a".repeat(64)}.scope`;

test("cleanUp() waits for systemd to let go of a scope, and asks the runtime where it does not", async () => {
  const scope = { ...request(), cgroupPath: `/system.slice/${SCOPE}` };
  await cleanUp(parts(() => {}, { pids: [], kept: 5 }).made, scope);
  expect(existsSync(join(directory, "asked"))).toBe(false);
  mkdirSync(join(directory, "state/ID"), { recursive: true });
  mkdirSync(join(directory, "run"));
  writeFileSync(join(directory, "run/runtime"), "stand-in");
  await cleanUp(parts(() => {}).made, scope);
  const asked = readFileSync(join(directory, "asked"), "utf8");
  expect(asked).toBe(`--root ${join(directory, "state")} --systemd-cgroup delete --force ID\n`);
});

test("cleanUp() takes the group from the bundle of a container that nobody knows", async () => {
  writeFileSync(
    join(directory, "run/config.json"),
    JSON.stringify({ linux: { cgroupsPath: `system.slice:wharf:${"a".repeat(64)}` } }),
  );
  const removed: string[] = [];
  const { made } = parts(() => {}, { pids: [], kept: 0 });
  Object.assign(made.kernel.cgroups, { remove: (path: string) => void removed.push(path) });
  await cleanUp(made, { id: "ID", runDirectory: join(directory, "run") });
  expect(removed).toEqual([`/system.slice/${SCOPE}`]);
});

test("cleanUp() gives up on processes that cannot be killed", async () => {
  const immortal = parts(() => {}, { pids: [7], frozen: true, immortal: true });
  expect(cleanUp(immortal.made, request())).rejects.toThrow(
    "processes 7 of group /parent/ID cannot be killed",
  );
});
