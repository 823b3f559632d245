/** Small static programs for tests, compiled once per run into .cache/programs. */
import { existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { run } from "#base/spawn.ts";

const ROOT = join(import.meta.dir, "../..");

/** @returns path of the executable made from test/programs/NAME.c */
export async function testProgram(name: string): Promise<string> {
  const source = join(ROOT, `test/programs/${name}.c`);
  const program = join(ROOT, `.cache/programs/${name}`);
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  mkdirSync(join(ROOT, ".cache/programs"), { recursive: true });
  const compiler = Bun.which("musl-gcc") ?? Bun.which("gcc") ?? "cc";
  const fresh = `${program}.${crypto.randomUUID()}`; // runs side by side have the same process numbers
  const { exitCode, stderr } = await run([compiler, "-Os", "-static", "-Wall", "-o", fresh, source]);
  if (exitCode !== 0) throw new Error(`cannot compile ${source}: ${stderr}`);
  renameSync(fresh, program); // two test files may compile it at once
  return program;
}
