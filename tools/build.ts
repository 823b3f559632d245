/**
 * Builds the one executable: client, daemon and helper, with the supervisor inside.
 * Usage: bun tools/build.ts [--outfile dist/wharf]
 */
import { mkdirSync, renameSync } from "node:fs";
import { buildShim } from "./build-shim.ts";

const root = `${import.meta.dir}/..`;

export async function build(outfile: string): Promise<void> {
  mkdirSync(`${root}/dist`, { recursive: true });
  await buildShim();
  const fresh = `${outfile}.new`;
  const child = Bun.spawnSync(
    [
      process.execPath,
      "build",
      "--compile",
      "--bytecode",
      "--splitting",
      "--minify-syntax",
      "--minify-whitespace",
      "--format=esm",
      "--no-compile-autoload-bunfig", // a bunfig.toml or .env in the working directory must not run code as root
      "--no-compile-autoload-dotenv",
      `${root}/src/main.ts`,
      "--outfile",
      fresh,
    ],
    { cwd: root, stdout: "pipe", stderr: "pipe" },
  );
  if (child.exitCode !== 0) throw new Error(`bun build failed:\n${child.stdout}${child.stderr}`);
  renameSync(fresh, outfile); // a running daemon keeps its old file
}

if (import.meta.main) {
  const flag = process.argv.indexOf("--outfile");
  const outfile = flag > 0 ? process.argv[flag + 1]! : `${root}/dist/wharf`;
  await build(outfile);
  console.log(`built ${outfile} (${(Bun.file(outfile).size / 1e6).toFixed(0)} MB)`);
}
