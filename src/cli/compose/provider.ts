import { resolve } from "node:path";
import { NotFound } from "#base/errors.ts";
import type { ProviderCall, ProviderEnd } from "#compose/engine/providers.ts";
import type { CliHost } from "../host.ts";

const MAX_LINE_BYTES = 1 << 20;
const MAX_WORDS = 2048;

/** Runs a provider's program and hands its lines on as they come. @throws NotFound when there is none */
export async function runProvider(
  { env }: CliHost,
  { type, args, directory, environment }: ProviderCall,
  onLine: (line: string) => void,
): Promise<ProviderEnd> {
  const path = type.includes("/") ? resolve(directory, type) : findProgram(type, env.PATH ?? "");
  if (path === null || Bun.which(path) === null)
    throw new NotFound(`provider "${type}" is not installed`, {
      hint: `Put a program "docker-${type}" or "${type}" into a directory of PATH`,
    });
  const child = Bun.spawn([path, ...args], {
    cwd: directory,
    env: { ...(env as Record<string, string>), ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const words = new Response(child.stderr).text();
  try {
    await readLines(child.stdout, onLine);
  } catch (error) {
    child.kill();
    throw error;
  }
  return { exitCode: await child.exited, words: (await words).trim().slice(-MAX_WORDS) };
}

function findProgram(type: string, path: string): string | null {
  return Bun.which(`docker-${type}`, { PATH: path }) ?? Bun.which(type, { PATH: path });
}

async function readLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE_BYTES) throw new Error("the provider writes lines without end");
    for (const line of lines) if (line.trim() !== "") onLine(line);
  }
  if (rest.trim() !== "") onLine(rest);
}
