/**
 * Records what the stock Compose plugin answers for the projects of test/corpus/compose, which our own answers are
 * compared with: `bun tools/record-compose.ts PLUGIN [NAME…]`, where PLUGIN is an executable `docker-compose` v2 or later.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { COMPOSE_CORPUS, type CorpusCase, readCase } from "../test/corpus/compose/cases.ts";

const ANSWERS = {
  "yaml.txt": ["config"],
  "json.txt": ["config", "--format", "json"],
  "hash.txt": ["config", "--hash", "*"],
} as const;

export function recordCase(plugin: string, one: CorpusCase): string {
  let answers = 0;
  for (const [file, verb] of Object.entries(ANSWERS)) {
    const path = `${one.directory}/${file}`;
    rmSync(path, { force: true });
    const child = Bun.spawnSync([plugin, ...one.flags, ...verb], {
      cwd: one.directory,
      env: one.environment,
      stderr: "ignore",
    });
    if (child.exitCode !== 0) continue;
    const text = child.stdout.toString();
    if (one.isOwnDirectory && file === "hash.txt" && usesDirectory(one)) continue;
    writeFileSync(path, text.replaceAll(one.directory, "@DIRECTORY@"));
    answers++;
  }
  return answers === 0 ? "refused" : `${answers} answers`;
}

/** A hash over absolute paths holds for this place only. */
function usesDirectory({ directory }: CorpusCase): boolean {
  return readFileSync(`${directory}/json.txt`, "utf8").includes("@DIRECTORY@");
}

if (import.meta.main) {
  const [plugin, ...names] = process.argv.slice(2);
  if (!plugin) throw new Error("usage: bun tools/record-compose.ts PLUGIN [NAME…]");
  for (const entry of readdirSync(COMPOSE_CORPUS, { withFileTypes: true })) {
    if (!entry.isDirectory() || (names.length > 0 && !names.includes(entry.name))) continue;
    console.log(entry.name, recordCase(plugin, readCase(entry.name)));
  }
}
