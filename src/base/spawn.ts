import { Internal } from "./errors.ts";

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
}

/** Runs a helper program to its end. The exit code is data: use `runOrThrow` where failure is exceptional. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const child = Bun.spawn([...argv], {
    stdin: options.input === undefined ? "ignore" : new Blob([options.input]),
    stdout: "pipe",
    stderr: "pipe",
    ...(options.env ? { env: options.env } : {}),
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
}

/** @throws Internal with the program's own words when it fails or cannot be started */
export async function runOrThrow(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  let result: RunResult;
  try {
    result = await run(argv, options);
  } catch (error) {
    throw new Internal(`cannot run ${argv[0]}: ${(error as Error).message}`, { cause: error });
  }
  if (result.exitCode !== 0) {
    const words = (result.stderr || result.stdout).trim();
    throw new Internal(
      `${argv.join(" ")} failed with exit code ${result.exitCode}${words ? `: ${words}` : ""}`,
    );
  }
  return result;
}
