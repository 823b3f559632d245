import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockFile } from "./lock-file.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "wharf-lock-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

test("lockFile() is held by one at a time, who is named", () => {
  const path = join(directory, "lock");
  const first = lockFile(path);
  if (!first.held) throw new Error("not held");
  expect(readFileSync(path, "utf8")).toBe(`${process.pid}\n`);
  expect(lockFile(path)).toEqual({ held: false, pid: process.pid });
  first.lock[Symbol.dispose]();
  expect(lockFile(path).held).toBe(true);
});

test("lockFile() is given back when its holder is killed, and not kept by the holder's children", async () => {
  const path = join(directory, "lock");
  const source = `
    const { lockFile } = await import(${JSON.stringify(join(import.meta.dir, "lock-file.ts"))});
    const { held } = lockFile(${JSON.stringify(path)});
    console.log([held, Bun.spawn(["sleep", "100"]).pid].join(" "));
    await new Promise(() => {});`;
  const holder = Bun.spawn([process.execPath, "-e", source], { stdout: "pipe" });
  let child: number | undefined;
  try {
    const { value } = await holder.stdout.values().next();
    const [held, pid] = Buffer.from(value!).toString().trim().split(" ");
    child = Number(pid);
    expect(held).toBe("true");
    expect(lockFile(path)).toEqual({ held: false, pid: holder.pid });
    holder.kill("SIGKILL");
    await holder.exited;
    expect(lockFile(path).held).toBe(true);
  } finally {
    holder.kill("SIGKILL");
    if (child) process.kill(child, "SIGKILL");
  }
});
