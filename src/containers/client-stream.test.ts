import { describe, expect, test } from "bun:test";
import { Duplex, PassThrough } from "node:stream";
import { ClientStream } from "./client-stream.ts";
import { parseDetachKeys } from "./detach-keys.ts";

/** A process's end of a connection: what it reads is `input`, what it says is written with `say`. */
function fakeProcess() {
  const input: string[] = [];
  const stream = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      input.push(chunk.toString());
      done();
    },
    final(done) {
      input.push("<end>");
      done();
    },
  });
  return {
    stream,
    input,
    say: (text: string | null) => stream.push(text === null ? null : Buffer.from(text)),
  };
}

const textOf = async (stream: Duplex) => {
  const parts: string[] = [];
  stream.on("data", (chunk) => parts.push(chunk.toString()));
  await new Promise((done) => stream.on("end", done).on("close", done));
  return parts.join("");
};
const settle = () => new Promise<void>((done) => setImmediate(done));

describe("ClientStream", () => {
  test("connect() delivers input that came before, and the client's end", async () => {
    const client = new ClientStream();
    client.write("early ");
    client.end("late");
    const { stream, input } = fakeProcess();
    client.connect(stream);
    await settle();
    expect(input.join("")).toBe("early late<end>");
  });

  test("connect() delivers what comes before, then what the process says", async () => {
    const client = new ClientStream();
    const process = fakeProcess();
    const before = (async function* () {
      yield Buffer.from("1");
      await settle();
      yield Buffer.from("2");
    })();
    client.connect(process.stream, before);
    process.say("3");
    const text = textOf(client);
    await settle();
    process.say("4");
    process.say(null);
    expect(await text).toBe("1234");
  });

  test("lets go at the detach keys and leaves the process alone", async () => {
    let detached = 0;
    const client = new ClientStream({ detachKeys: parseDetachKeys(""), onDetach: () => detached++ });
    const process = fakeProcess();
    client.connect(process.stream);
    const text = textOf(client);
    client.write("ls\n");
    client.write("\x10\x11");
    await text;
    client.write("nobody reads this");
    client.end();
    await settle();
    expect(process.input).toEqual(["ls\n"]);
    expect(detached).toBe(1);
  });

  test("holds the process back while its client does not read", async () => {
    const client = new ClientStream();
    const process = new PassThrough();
    client.connect(process);
    let written = 0;
    while (written < 1 << 24 && process.write(Buffer.alloc(1 << 16))) written += 1 << 16;
    await settle();
    expect(client.readableLength).toBeLessThan(1 << 18);
  });

  test("endUnconnected() shows the end to a client that waited in vain", async () => {
    const client = new ClientStream();
    client.write("waiting");
    const text = textOf(client);
    client.endUnconnected();
    expect(await text).toBe("");
  });

  test("destroys a process's connection that comes after the client went", () => {
    const client = new ClientStream();
    client.destroy();
    const { stream } = fakeProcess();
    client.connect(stream);
    expect(stream.destroyed).toBe(true);
  });

  test("closes the connection when the client goes", async () => {
    const client = new ClientStream();
    const { stream } = fakeProcess();
    client.connect(stream);
    client.destroy();
    await settle();
    expect(stream.destroyed).toBe(true);
  });
});
