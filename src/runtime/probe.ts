import type { Clock } from "#base/clock.ts";
import { messageOf } from "#base/errors.ts";
import type { Kernel } from "#kernel/types.ts";
import type { ProbeOutcome, ProbeTarget } from "./types.ts";

export interface ProbeParts {
  readonly kernel: Pick<Kernel, "netns" | "sockets" | "files">;
  readonly clock: Clock;
}

export interface ProbeRequest {
  readonly netnsPath: string;
  readonly target: ProbeTarget;
  readonly signal: AbortSignal;
}

/** On the loopback the answer is there at once; elsewhere one looks again after a moment, less and less often. */
const FIRST_LOOK_MS = 1;
const MAX_LOOK_MS = 50;
/** What is kept of an answer; the rest is not waited for. */
const MAX_ANSWER_BYTES = 4096;

/**
 * A health check without a process: only the socket is made inside the container's network, one visit of microseconds;
 * everything after happens on the event loop as with any other socket.
 */
export async function probe(parts: ProbeParts, request: ProbeRequest): Promise<ProbeOutcome> {
  const { target, signal } = request;
  try {
    const fd = await connect(parts, request);
    if (fd === undefined) return timedOut(target);
    if (target.kind === "http") return await askHttp(fd, target, signal);
    parts.kernel.files.close(fd);
    return { passed: true, output: `connected to ${authority(target)}` };
  } catch (error) {
    return { passed: false, output: messageOf(error) };
  }
}

/** @returns undefined when the time is over */
async function connect(
  { kernel, clock }: ProbeParts,
  { netnsPath, target, signal }: ProbeRequest,
): Promise<number | undefined> {
  const begin = () => kernel.sockets.connectTcp(target.address, target.port);
  const fd = netnsPath === "" ? begin() : inNamespace(kernel, netnsPath, begin);
  try {
    for (let waitMs = FIRST_LOOK_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, MAX_LOOK_MS)) {
      if (kernel.sockets.isConnected(fd)) return fd;
      await clock.sleep(waitMs, signal);
    }
  } catch (error) {
    kernel.files.close(fd);
    throw error;
  }
  kernel.files.close(fd);
  return undefined;
}

function inNamespace<T>(kernel: Pick<Kernel, "netns">, path: string, work: () => T): T {
  using namespace = kernel.netns.open(path);
  return namespace.run(work);
}

async function askHttp(fd: number, target: ProbeTarget, signal: AbortSignal): Promise<ProbeOutcome> {
  const answer = new Answer();
  const socket = await Bun.connect<undefined>({
    ...({ fd } as unknown as { unix: string }), // Bun takes an open descriptor here; its types do not know
    socket: {
      data: (_socket, chunk) => answer.add(chunk),
      close: () => answer.end(),
      error: (_socket, error) => answer.fail(error),
    },
  });
  const stop = () => answer.end();
  signal.addEventListener("abort", stop, { once: true });
  try {
    socket.write(
      `GET ${target.path} HTTP/1.1\r\nHost: ${authority(target)}\r\nUser-Agent: wharf-health\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
    );
    await answer.complete;
  } finally {
    signal.removeEventListener("abort", stop);
    socket.end();
  }
  if (signal.aborted) return timedOut(target);
  return readAnswer(answer.text());
}

/** Bytes of one answer, up to what is kept of it. */
class Answer {
  readonly #pieces: Uint8Array[] = [];
  readonly #complete = Promise.withResolvers<void>();
  #bytes = 0;

  get complete(): Promise<void> {
    return this.#complete.promise;
  }

  add(chunk: Uint8Array): void {
    this.#pieces.push(Uint8Array.from(chunk)); // the socket uses its buffer again
    this.#bytes += chunk.byteLength;
    if (this.#bytes >= MAX_ANSWER_BYTES) this.end();
  }

  end(): void {
    this.#complete.resolve();
  }

  fail(error: Error): void {
    this.#complete.reject(error);
  }

  text(): string {
    return Buffer.concat(this.#pieces).toString("utf8", 0, MAX_ANSWER_BYTES);
  }
}

/** Pure: what an answer means. */
export function readAnswer(text: string): ProbeOutcome {
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |\r?\n|$)/.exec(text)?.[1]);
  if (Number.isNaN(status)) return { passed: false, output: "the answer is not HTTP" };
  const [first = ""] = text.split(/\r?\n/, 1);
  const bodyAt = /\r?\n\r?\n/.exec(text);
  const body = bodyAt ? text.slice(bodyAt.index + bodyAt[0].length) : "";
  return { passed: status >= 200 && status < 400, output: body === "" ? first : `${first}\n${body}` };
}

function timedOut(target: ProbeTarget): ProbeOutcome {
  return { passed: false, output: `no answer from ${authority(target)} in time` };
}

function authority({ address, port }: ProbeTarget): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}
