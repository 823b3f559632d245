import { statSync } from "node:fs";
import { decompress, detectCompression, MAGIC_BYTES } from "./compress.ts";
import { InvalidArgument, NotImplemented } from "./errors.ts";
import { type ByteSource, peek } from "./streams.ts";

/**
 * Where programs of the host are. Never PATH, and never below a container's root: an archive or an image must not choose
 * what runs (CVE-2026-41567).
 */
const PROGRAM_DIRECTORIES = ["/usr/bin", "/bin", "/usr/local/bin"];

/** Memory one stream may make xz take: what `xz -9` needs to be undone is 65 MiB. */
const XZ_MEMORY = "--memlimit-decompress=256MiB";

const ARGUMENTS = {
  xz: ["--decompress", "--stdout", "--quiet", "--no-warn", XZ_MEMORY],
  bzip2: ["--decompress", "--stdout", "--quiet"],
} as const;

/**
 * As `decompress`, xz and bzip2 too: for archives that people hand over. Layers of images are never in these.
 * @throws NotImplemented for xz and bzip2 where the host has no program for them
 * @throws InvalidArgument when the stream is damaged, cut short or followed by garbage
 */
export async function* decompressArchive(source: ByteSource): AsyncGenerator<Uint8Array> {
  const { head, all } = await peek(source, MAGIC_BYTES);
  const compression = detectCompression(head);
  yield* compression === "xz" || compression === "bzip2"
    ? decompressByProgram(all, compression)
    : decompress(all);
}

/**
 * Decompresses with the host's own program: Bun has no code for these. Whatever happens the program ends with the
 * reader: one that is not read any more must not be waited for (CVE-2021-20291).
 * @throws NotImplemented where the host does not have it; InvalidArgument when it refuses the stream
 */
async function* decompressByProgram(
  source: AsyncGenerator<Uint8Array>,
  name: keyof typeof ARGUMENTS,
): AsyncGenerator<Uint8Array> {
  const program = findProgram(name);
  if (program === undefined) {
    await source.return(undefined);
    throw new NotImplemented(`${name} compressed archives are not supported: this host has no ${name}`, {
      hint: `install ${name}, or compress with gzip or zstd, or not at all`,
    });
  }
  const child = Bun.spawn([program, ...ARGUMENTS[name]], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    env: {},
    cwd: "/",
  });
  const words = new Response(child.stderr).text();
  const feeding = feed(source, child);
  feeding.catch(() => {}); // told below, when all that came has been read
  try {
    yield* child.stdout;
    await feeding; // a source that failed is the reason, not the short stream it led to
    if ((await child.exited) !== 0)
      throw new InvalidArgument(`damaged ${name} stream: ${(await words).trim().slice(0, 500)}`);
  } finally {
    child.kill("SIGKILL");
  }
}

function findProgram(name: string): string | undefined {
  return PROGRAM_DIRECTORIES.map((directory) => `${directory}/${name}`).find((path) =>
    statSync(path, { throwIfNoEntry: false })?.isFile(),
  );
}

/** @throws what the source throws; a program that has ended is no failure here, its exit code tells */
async function feed(source: ByteSource, child: Bun.Subprocess<"pipe", "pipe", "pipe">): Promise<void> {
  try {
    for await (const chunk of source) {
      if (child.killed || child.exitCode !== null) return;
      child.stdin.write(chunk);
      await child.stdin.flush();
    }
  } catch (error) {
    child.kill("SIGKILL");
    if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
  } finally {
    await Promise.resolve(child.stdin.end()).catch(() => {});
  }
}
