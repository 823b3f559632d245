import { describe, expect, test } from "bun:test";
import { createProcesses } from "./processes.ts";
import { parseStat } from "./stat.ts";

const SIGTERM = 15;

test("parseStat() is not confused by names with parentheses and blanks", () => {
  const rest = "1 2 3 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 22 33";
  expect(parseStat(`12 (a) S 1 (b) Z ${rest}`)).toEqual({ state: "Z", startTime: 987654 });
});

describe("Processes", () => {
  const processes = createProcesses();

  test("startTime() and commandLine() tell of a living process, undefined of none", async () => {
    const child = Bun.spawn(["sleep", "60"]);
    const startTime = processes.startTime(child.pid)!;
    expect(startTime).toBeGreaterThan(0);
    expect(processes.startTime(child.pid)).toBe(startTime);
    while (processes.commandLine(child.pid) === "") await Bun.sleep(1); // still within execve
    expect(processes.commandLine(child.pid)).toBe("sleep 60");
    child.kill();
    await child.exited;
    expect(processes.startTime(child.pid)).toBeUndefined();
    expect(processes.commandLine(child.pid)).toBeUndefined();
    expect(processes.isAlive(child.pid)).toBe(false);
  });

  test("signal() reaches the process, and says when it is gone", async () => {
    const child = Bun.spawn(["sleep", "60"]);
    expect(processes.isAlive(child.pid)).toBe(true);
    expect(processes.signal(child.pid, SIGTERM)).toBe(true);
    await child.exited;
    expect(child.signalCode).toBe("SIGTERM");
    expect(processes.signal(child.pid, SIGTERM)).toBe(false);
  });

  test("signal() with a start time spares a process that got the number later", async () => {
    const child = Bun.spawn(["sleep", "60"]);
    const startTime = processes.startTime(child.pid)!;
    expect(processes.signal(child.pid, SIGTERM, { startTime: startTime - 1 })).toBe(false);
    expect(processes.isAlive(child.pid)).toBe(true);
    expect(processes.signal(child.pid, SIGTERM, { startTime })).toBe(true);
    await child.exited;
  });

  test("isAlive() counts a process that ended but was not waited for as gone", async () => {
    // It ends when its parent is sleep, which waits for no child; the shell before might.
    const script = "sleep 0.3 & echo $!; exec sleep 60";
    const parent = Bun.spawn(["sh", "-c", script], { stdout: "pipe" });
    const reader = parent.stdout.getReader();
    const zombie = Number(new TextDecoder().decode((await reader.read()).value));
    while (processes.isAlive(zombie)) await Bun.sleep(5);
    expect(processes.startTime(zombie)).toBeDefined();
    parent.kill();
    await parent.exited;
  });

  test("signal() refuses numbers that are no signal", () => {
    expect(() => processes.signal(process.pid, 1000)).toThrow("EINVAL");
  });
});
