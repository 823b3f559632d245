/** Connections that become raw byte streams: attach and exec. */
import type { Duplex, Readable } from "node:stream";
import { type ApiVersion, isBefore } from "#spec/docker/versions.ts";
import type { ApiRequest, HijackReply } from "./handler.ts";
import { endAndLinger } from "./http/linger.ts";

const RAW_STREAM = "application/vnd.docker.raw-stream";
const MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream";

/** Clients since 1.42 are told which of the two forms the bytes have. */
export function streamContentType(terminal: boolean, version: ApiVersion): string {
  return terminal || isBefore(version, "1.42") ? RAW_STREAM : MULTIPLEXED_STREAM;
}

/** "101 UPGRADED" for a client that asked for it, else a "200 OK" without an end. */
export function hijackHead({ upgrade, version }: ApiRequest, terminal: boolean): string {
  const head =
    upgrade === undefined
      ? ["HTTP/1.1 200 OK", `Content-Type: ${RAW_STREAM}`]
      : [
          "HTTP/1.1 101 UPGRADED",
          `Content-Type: ${streamContentType(terminal, version)}`,
          "Connection: Upgrade",
          `Upgrade: ${upgrade}`,
        ];
  return `${head.join("\r\n")}\r\n\r\n`;
}

export function hijack(
  request: ApiRequest,
  options: { readonly terminal: boolean; readonly serve: HijackReply["serve"] },
): HijackReply {
  return { kind: "hijack", head: hijackHead(request, options.terminal), serve: options.serve };
}

interface Offered {
  readonly fd: number;
  release(): void;
}

/** The client's connection as a process can inherit it; undefined where it cannot. */
export function offerOf(client: Duplex): Offered | undefined {
  return (client as { offer?(): Offered | undefined }).offer?.();
}

/** As `joinStreams`, unless the process takes the client's own connection: then nothing is left to do here. */
export async function serveProcess(
  client: Duplex,
  process: Duplex & { offer?(connection: Offered): Promise<boolean> },
  options: { readonly input: boolean },
): Promise<void> {
  const offered = process.offer && offerOf(client);
  if (offered && (await process.offer!(offered))) return;
  if (process.destroyed) client.destroy();
  else await joinStreams(client, process, options);
}

/**
 * Carries bytes between a client and a process until the output ends or the client is gone; each side waits for the
 * other's pace. The client ending its half ends only the process's input.
 * @param options.output what to send, where that is not the process's output as it comes
 */
export async function joinStreams(
  client: Duplex,
  process: Duplex,
  options: { readonly input: boolean; readonly output?: Readable },
): Promise<void> {
  const { output = process } = options;
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  for (const stream of new Set([client, process, output])) stream.on("error", () => end());
  client.once("close", end);
  process.once("close", end);
  output.once("end", end);
  if (options.input) client.pipe(process);
  else client.resume();
  output.pipe(client, { end: false });
  await ended;
  output.unpipe(client);
  client.unpipe(process);
  if (client.destroyed && options.input) endAndLinger(process);
  else process.destroy();
  endAndLinger(client);
}
