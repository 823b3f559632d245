import { throwIfAborted } from "#base/async.ts";
import { isConnectionSource } from "#base/connection-source.ts";
import { Internal, messageOf } from "#base/errors.ts";
import { type ByteSource, splitLines } from "#base/streams.ts";
import { HELPER_ENVIRONMENT } from "../layer/helper-environment.ts";
import { decodeFailure } from "../layer/job.ts";
import type { ArchivePlace, FileJob, FileJobLine, FileJobResults, Written } from "./job.ts";

const MAX_LINE_BYTES = 64 << 20;

export interface FileHelperOptions {
  /** A client's connection that the archive to be written may be read from. */
  readonly connection?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A helper at work. Dispose it whatever happens: it is killed then, unless it has ended. */
export class FileHelper<J extends FileJob> implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #lines: AsyncGenerator<string>;
  readonly #job: J;
  readonly #signal: AbortSignal | undefined;
  readonly #hasConnection: boolean;
  readonly #kill = () => this.#child.kill("SIGKILL");

  /** @param command of the helper: our own executable with its mode */
  constructor(command: readonly string[], job: J, { connection, signal }: FileHelperOptions = {}) {
    throwIfAborted(signal, `${job.job} files`);
    this.#job = job;
    this.#signal = signal;
    this.#hasConnection = connection !== undefined;
    const further = connection === undefined ? [] : [connection];
    this.#child = Bun.spawn([...command], {
      stdio: ["pipe", "pipe", "pipe", ...further],
      env: HELPER_ENVIRONMENT,
    });
    this.#lines = splitLines(this.#child.stderr, MAX_LINE_BYTES);
    signal?.addEventListener("abort", this.#kill, { once: true });
    this.#say(job);
  }

  /** What the helper says next. @throws its failure; Internal when it ended without an answer; Cancelled */
  async next(): Promise<Exclude<FileJobLine, { failed: unknown }>> {
    const next = await this.#lines.next();
    const line = next.done ? undefined : parseLine(next.value);
    if (line === undefined) throw await this.#deathOf(next.value ?? "");
    if ("failed" in line) throw decodeFailure(line.failed);
    return line;
  }

  async result(): Promise<FileJobResults[J["job"]]> {
    const line = await this.next();
    if (!("result" in line)) throw new Internal(`${this.#job.job} files: unexpected answer of the helper`);
    return line.result as FileJobResults[J["job"]];
  }

  /** The archive as it is read. */
  get output(): AsyncIterable<Uint8Array> {
    return this.#child.stdout;
  }

  /**
   * Hands an archive to the helper, which is ready for it, and waits until it is written.
   * @throws the helper's failure; what the archive throws
   */
  async write(archive: ByteSource): Promise<void> {
    const handed = this.#hasConnection && isConnectionSource(archive) ? await archive.handOver() : undefined;
    const answer = this.result() as Promise<Written>;
    answer.catch(() => {}); // asked for below, after the archive has been handed over
    if (handed) {
      const { position, received } = handed;
      this.#say({ connection: { position, receivedBytes: received.byteLength } });
      this.#child.stdin.write(received);
      void this.#child.stdin.flush();
    } else {
      this.#say({});
      await this.#feed(archive);
    }
    const { beyond } = await answer;
    handed?.giveBack(Buffer.from(beyond, "base64"));
  }

  endInput(): void {
    void Promise.resolve(this.#child.stdin.end()).catch(() => {}); // one that died at once is noticed by its silence
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#kill);
    this.#kill();
    await this.#child.exited;
  }

  #say(line: FileJob | ArchivePlace): void {
    this.#child.stdin.write(`${JSON.stringify(line)}\n`);
    void this.#child.stdin.flush();
  }

  /** A helper that has ended tells why in its answer. */
  async #feed(input: ByteSource): Promise<void> {
    const { stdin } = this.#child;
    for await (const chunk of input) {
      if (this.#child.exitCode !== null || this.#child.killed) return;
      try {
        stdin.write(chunk);
        await stdin.flush();
      } catch {
        return;
      }
    }
    this.endInput();
  }

  async #deathOf(words: string): Promise<Error> {
    throwIfAborted(this.#signal, `${this.#job.job} files`);
    await this.#child.exited;
    const ending = this.#child.signalCode ?? `exit code ${this.#child.exitCode}`;
    return new Internal(`${this.#job.job} files: helper process ended with ${ending} ${words}`.trim());
  }
}

/** @returns undefined for what is no answer, such as the last words of a crash */
function parseLine(text: string): FileJobLine | undefined {
  try {
    return JSON.parse(text) as FileJobLine;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw new Internal(messageOf(error), { cause: error });
  }
}
