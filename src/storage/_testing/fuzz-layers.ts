/**
 * Mutates archives for as long as it is told and looks whether both ways of unpacking still agree:
 * `bun src/storage/_testing/fuzz-layers.ts --minutes 10 [--seed N] [--keep DIRECTORY]`, as root.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "#base/digest.ts";
import { messageOf } from "#base/errors.ts";
import { TarParser } from "#base/tar-read.ts";
import { mutated, oddArchive, type Random, seeded } from "./odd-archives.ts";
import { unpackBothWays } from "./same-layer.ts";

export const CORPUS = join(import.meta.dir, "corpus");

/** One archive through everything. @throws Error when something does not hold */
export async function checkArchive(home: string, archive: Uint8Array): Promise<"taken" | "refused"> {
  const whole = eventsOf(archive, archive.byteLength || 1);
  const pieces = eventsOf(archive, 97);
  if (whole !== pieces) throw new Error(`in one piece: ${whole.slice(-300)}\nin many: ${pieces.slice(-300)}`);
  const outcome = await unpackBothWays(home, archive);
  return "refused" in outcome ? "refused" : "taken";
}

/** What a parser tells, runs of data put together. */
function eventsOf(archive: Uint8Array, chunkBytes: number): string {
  const events: string[] = [];
  let run: { from: number; bytes: number } | undefined;
  const endRun = () => {
    if (run) events.push(`data ${run.from}+${run.bytes}`);
    run = undefined;
  };
  try {
    const parser = new TarParser({
      entry: ({ xattrs, ...entry }) => events.push(JSON.stringify([entry, [...xattrs.keys()]])),
      data(chunk, offset) {
        if (run && run.from + run.bytes !== offset) endRun();
        run ??= { from: offset, bytes: 0 };
        run.bytes += chunk.byteLength;
      },
      end: endRun,
    });
    for (let at = 0; at < archive.byteLength; at += chunkBytes)
      parser.push(archive.subarray(at, at + chunkBytes));
    parser.finish();
  } catch (error) {
    endRun();
    events.push(messageOf(error));
  }
  return events.join("\n");
}

export function corpus(): Uint8Array[] {
  return readdirSync(CORPUS)
    .filter((name) => name.endsWith(".gz"))
    .map((name) => Bun.gunzipSync(readFileSync(join(CORPUS, name))));
}

async function main(): Promise<void> {
  const option = (name: string) => process.argv[process.argv.indexOf(name) + 1] as string;
  const minutes = Number(process.argv.includes("--minutes") ? option("--minutes") : 1);
  const seed = Number(process.argv.includes("--seed") ? option("--seed") : Date.now() % 1e9);
  const keep = process.argv.includes("--keep") ? option("--keep") : CORPUS;
  setPriority(19);
  mkdirSync(keep, { recursive: true });
  const home = mkdtempSync(join(tmpdir(), "wharf-fuzz-"));
  const random: Random = seeded(seed);
  const pool = [...corpus(), ...Array.from({ length: 20 }, () => oddArchive(random))];
  const counts = { taken: 0, refused: 0, wrong: 0 };
  const until = Date.now() + minutes * 60_000;
  while (Date.now() < until) {
    const base = random() < 0.3 ? oddArchive(random) : pool[Math.floor(random() * pool.length)]!;
    const archive = random() < 0.15 ? base : mutated(base, random);
    try {
      const outcome = await checkArchive(home, archive);
      counts[outcome] += 1;
      if (outcome === "taken" && random() < 0.02 && pool.length < 500) pool.push(archive);
    } catch (error) {
      counts.wrong += 1;
      const name = sha256(archive).slice(7, 19);
      writeFileSync(join(keep, `${name}.tar.gz`), Bun.gzipSync(new Uint8Array(archive)));
      console.log(`${name}: ${messageOf(error).slice(0, 1500)}`);
    }
  }
  rmSync(home, { recursive: true });
  console.log(`seed ${seed}: ${JSON.stringify(counts)}`);
}

if (import.meta.main) await main();
