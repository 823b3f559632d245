/**
 * Compiles the supervisor (shim/*.c) to one small program without libraries of its own.
 * Usage: bun tools/build-shim.ts [OUTPUT]; default dist/wharf-shim.
 *
 * musl where it is installed: static, and a quarter of the memory each supervisor needs with glibc. Else static glibc,
 * else dynamic: that one works as supervisor, but not as `--init` in images without glibc.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dir, "..");
const sources = join(root, "shim");
export const SHIM_PATH = join(root, "dist/wharf-shim");

const FLAGS = [
  ...["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra"],
  ...["-ffunction-sections", "-fdata-sections", "-fno-asynchronous-unwind-tables", "-Wl,--gc-sections", "-s"],
];

const COMPILERS: readonly (readonly string[])[] = [
  ["musl-gcc", "-static"],
  ["gcc", "-static"],
  ["cc", "-static"],
  ["gcc"],
  ["cc"],
];

/** Builds unless `output` is already made from these sources. @returns its path */
export async function buildShim(output = SHIM_PATH): Promise<string> {
  const fingerprint = fingerprintOfSources();
  const stampFile = `${output}.from`;
  if (existsSync(output) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === fingerprint)
    return output;
  mkdirSync(dirname(output), { recursive: true });
  const fresh = `${output}.new-${process.pid}`;
  compile(fresh);
  renameSync(fresh, output); // running supervisors keep the old file
  writeFileSync(stampFile, fingerprint);
  return output;
}

function sourceFiles(pattern: RegExp): string[] {
  return readdirSync(sources)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(sources, name));
}

function fingerprintOfSources(): string {
  const hasher = new Bun.CryptoHasher("sha256").update(FLAGS.join(" "));
  for (const file of sourceFiles(/\.[ch]$/))
    hasher.update(file.slice(sources.length)).update(readFileSync(file));
  return hasher.digest("hex");
}

function compile(output: string): void {
  const complaints: string[] = [];
  for (const [compiler, ...linkFlags] of COMPILERS) {
    if (!Bun.which(compiler!)) continue;
    const argv = [compiler!, ...FLAGS, ...linkFlags, "-o", output, ...sourceFiles(/\.c$/)];
    const child = Bun.spawnSync(argv, { stdout: "pipe", stderr: "pipe" });
    if (child.exitCode === 0) return;
    complaints.push(`${argv.slice(0, 1 + FLAGS.length).join(" ")} …:\n${child.stderr}`);
  }
  throw new Error(
    complaints.length > 0
      ? `cannot compile the supervisor:\n${complaints.join("\n")}`
      : "cannot compile the supervisor: no C compiler found; install musl-tools (or gcc)",
  );
}

if (import.meta.main) console.log(await buildShim(process.argv[2]));
