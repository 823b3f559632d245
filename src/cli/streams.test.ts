import { describe, expect, test } from "bun:test";
import type { Channel, TakeBytes } from "#client/types.ts";
import { encodeFrame, STREAM } from "#spec/std-copy.ts";
import { recordingHost } from "./_recording-host.ts";
import { joinStreams } from "./streams.ts";

/** A process that says what it is given and remembers what it was sent. */
class ScriptedChannel implements Channel {
  readonly sent: string[] = [];
  isShut = false;
  readonly ended = false;
  readonly #output: Uint8Array[];
  readonly #holdsOpen: boolean;

  constructor(output: Uint8Array[], holdsOpen = false) {
    this.#output = output;
    this.#holdsOpen = holdsOpen;
  }

  async read(): Promise<Uint8Array | undefined> {
    const chunk = this.#output.shift();
    return chunk ?? (this.#holdsOpen ? new Promise(() => {}) : undefined);
  }
  async pump(take: TakeBytes): Promise<void> {
    for (let bytes = await this.read(); bytes; bytes = await this.read()) await take(bytes);
  }
  unread(): void {}
  async write(bytes: Uint8Array): Promise<void> {
    this.sent.push(Buffer.from(bytes).toString());
  }
  shutdown(): void {
    this.isShut = true;
  }
  close(): void {}
}

const frame = (stream: 1 | 2, text: string) => encodeFrame(stream, Buffer.from(text));

describe("joinStreams()", () => {
  test("joinStreams() takes framed output apart", async () => {
    const host = recordingHost({});
    const channel = new ScriptedChannel([
      frame(STREAM.stdout, "out"),
      frame(STREAM.stderr, "err"),
      frame(STREAM.stdout, "!"),
    ]);
    expect(await joinStreams(host, channel, { stdin: false, tty: false, detachKeys: "" })).toBe("ended");
    expect([host.stdoutText, host.stderrText]).toEqual(["out!", "err"]);
  });

  test("joinStreams() sends input and then ends that direction", async () => {
    const host = recordingHost({ input: ["hello ", "you"] });
    const channel = new ScriptedChannel([Buffer.from("")], true);
    void joinStreams(host, channel, { stdin: true, tty: false, detachKeys: "" });
    await Bun.sleep(5);
    expect([channel.sent.join(""), channel.isShut]).toEqual(["hello you", true]);
  });

  test("joinStreams() puts a terminal in raw mode and back, and leaves at the keys", async () => {
    const host = recordingHost({ input: ["ls\r", "\x10\x11rest"], isTerminal: true });
    const channel = new ScriptedChannel([Buffer.from("raw output")], true);
    expect(await joinStreams(host, channel, { stdin: true, tty: true, detachKeys: "" })).toBe("detached");
    expect([channel.sent.join(""), host.stdoutText, host.rawModes]).toEqual([
      "ls\r",
      "raw output",
      ["raw", "restored"],
    ]);
  });

  test("joinStreams() passes on what the engine says went wrong", async () => {
    const channel = new ScriptedChannel([encodeFrame(STREAM.systemError, Buffer.from("gone"))]);
    const joined = joinStreams(recordingHost({}), channel, { stdin: false, tty: false, detachKeys: "" });
    expect(joined).rejects.toThrow("error from daemon in stream: gone");
    await joined.catch(() => {});
  });
});
