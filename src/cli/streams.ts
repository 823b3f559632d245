/** The streams of a container's process, joined to those of this one. */
import type { Channel, TakeBytes } from "#client/types.ts";
import { FrameDecoder, STREAM, type StreamRun } from "#spec/std-copy.ts";
import { DetachScanner, parseDetachKeys } from "./detach-keys.ts";
import type { CliHost } from "./host.ts";

export interface StreamOptions {
  /** Send what comes on standard input. */
  readonly stdin: boolean;
  /** The process has a terminal: its output is raw, and ours goes raw too when it is one. */
  readonly tty: boolean;
  /** "" means the usual ones. Only a terminal is watched for them. */
  readonly detachKeys: string;
}

/**
 * Copies both ways until the process has closed its output or the user has pressed the keys to leave.
 * @returns "detached" when it was the user
 */
export async function joinStreams(
  host: CliHost,
  channel: Channel,
  { stdin, tty, detachKeys }: StreamOptions,
): Promise<"ended" | "detached"> {
  const isInteractive = stdin && tty && host.stdin.isTerminal();
  const scanner = isInteractive ? new DetachScanner(parseDetachKeys(detachKeys)) : undefined;
  using _raw = isInteractive ? host.stdin.enterRawMode() : undefined;
  const output = (tty ? copyRaw(host, channel) : copyFrames(host, channel)).then(() => "ended" as const);
  if (!stdin) return await output;
  const detached = Promise.withResolvers<"detached">();
  sendInput(host, channel, scanner).then(
    (outcome) => outcome === "detached" && detached.resolve(outcome),
    () => {}, // the process no longer reads: its output tells the rest
  );
  return await Promise.race([output, detached.promise]);
}

async function copyRaw(host: CliHost, channel: Channel): Promise<void> {
  await channel.pump((chunk) => host.stdout.put(chunk));
}

async function copyFrames(host: CliHost, channel: Channel): Promise<void> {
  await channel.pump(framesTo(host));
}

/** Takes framed bytes apart. Fails with the engine's words when it could not go on. */
export function framesTo(host: Pick<CliHost, "stdout" | "stderr">): TakeBytes {
  const decoder = new FrameDecoder();
  return (chunk) => writeAll(host, chunk, decoder.pushJoined(chunk));
}

/** Without a promise for as long as the outputs take what they are given. */
function writeAll(
  host: Pick<CliHost, "stdout" | "stderr">,
  chunk: Uint8Array,
  runs: readonly StreamRun[],
): Promise<void> | undefined {
  for (const [i, { stream, begin, end }] of runs.entries()) {
    if (stream === STREAM.systemError)
      throw new Error(`error from daemon in stream: ${new TextDecoder().decode(chunk.subarray(begin, end))}`);
    const wait = (stream === STREAM.stderr ? host.stderr : host.stdout).put(chunk, begin, end);
    if (wait) return wait.then(() => writeAll(host, chunk, runs.slice(i + 1)));
  }
  return undefined;
}

/** @returns "detached" after the keys to leave; then nothing more is sent */
async function sendInput(
  host: CliHost,
  channel: Channel,
  scanner: DetachScanner | undefined,
): Promise<"ended" | "detached"> {
  for await (const chunk of host.stdin.stream()) {
    const { send, detached } = scanner?.push(chunk) ?? { send: chunk, detached: false };
    if (send.byteLength > 0) await channel.write(send);
    if (detached) return "detached";
  }
  channel.shutdown();
  return "ended";
}
