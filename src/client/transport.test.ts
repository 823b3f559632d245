import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NotFound } from "#base/errors.ts";
import { dial } from "./dial.ts";
import { EngineUnreachable } from "./errors.ts";
import { Transport } from "./transport.ts";

/** An engine that answers each request head with the next scripted text and remembers what it was asked. */
class ScriptedEngine {
  readonly requests: string[] = [];
  connections = 0;
  #server: Server | undefined;

  async listen(path: string, answers: string[], onSocket?: (socket: Socket) => void): Promise<void> {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.connections++;
      socket.on("data", (data) => {
        this.requests.push(data.toString());
        const answer = answers.shift();
        if (answer) socket.write(answer);
      });
      onSocket?.(socket);
    });
    await new Promise<void>((ready) => this.#server!.listen(path, ready));
  }

  close(): void {
    this.#server?.close();
  }
}

const answer = (status: number, body: string) =>
  `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

describe("Transport", () => {
  let directory: string;
  let engine: ScriptedEngine;
  let transport: Transport;
  const start = async (answers: string[], onSocket?: (socket: Socket) => void) => {
    const path = join(directory, "engine.sock");
    await engine.listen(path, answers, onSocket);
    transport = new Transport({
      dial: () => dial({ scheme: "unix", path }),
      host: "wharf",
      apiVersion: "1.55",
      mayDowngrade: true,
      userAgent: "test",
    });
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "transport-"));
    engine = new ScriptedEngine();
  });
  afterEach(() => {
    transport.close();
    engine.close();
    rmSync(directory, { recursive: true });
  });

  test("Transport sends JSON with its length and reads the answer", async () => {
    await start([answer(200, '{"Id":"1"}')]);
    expect(await transport.json<unknown>("POST", "/x", { json: { a: 1 }, query: { q: "1" } })).toEqual({
      Id: "1",
    });
    expect(engine.requests[0]).toBe(
      'POST /v1.55/x?q=1 HTTP/1.1\r\nHost: wharf\r\nUser-Agent: test\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}',
    );
  });

  test("Transport uses a connection again", async () => {
    await start([answer(200, "1"), answer(200, "2")]);
    expect([await transport.json<number>("GET", "/a"), await transport.json<number>("GET", "/b")]).toEqual([
      1, 2,
    ]);
    expect(engine.connections).toBe(1);
  });

  test("Transport throws the kind of error that the status stands for", async () => {
    await start([answer(404, '{"message":"No such container: x"}')]);
    const failure = transport.call("GET", "/containers/x/json");
    expect(failure).rejects.toBeInstanceOf(NotFound);
    expect(failure).rejects.toThrow("No such container: x");
    await failure.catch(() => {});
  });

  test("Transport asks an older engine again with the version it knows, and remembers it", async () => {
    const tooNew = "client version 1.55 is too new. Maximum supported API version is 1.41";
    await start([answer(400, JSON.stringify({ message: tooNew })), answer(200, "1"), answer(200, "2")]);
    expect(await transport.json<number>("GET", "/a")).toBe(1);
    await transport.json("GET", "/b");
    expect(engine.requests.map((text) => text.split(" ")[1])).toEqual(["/v1.55/a", "/v1.41/a", "/v1.41/b"]);
  });

  test("Transport corrects all requests that were under way with a version too new", async () => {
    const tooNew = JSON.stringify({
      message: "client version 1.55 is too new. Maximum supported API version is 1.41",
    });
    await start([answer(400, tooNew), answer(400, tooNew), answer(200, "1"), answer(200, "1")]);
    expect(
      await Promise.all([transport.json<number>("GET", "/a"), transport.json<number>("GET", "/b")]),
    ).toEqual([1, 1]);
  });

  test("Transport learns the version before it sends a stream, and sends that in chunks", async () => {
    const pong = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK";
    await start([pong, answer(200, "{}")]);
    const body = (async function* () {
      yield Buffer.from("tar");
    })();
    await transport.call("POST", "/images/load", { body });
    const rest = engine.requests.slice(1).join("");
    expect(engine.requests[0]).toStartWith("GET /_ping ");
    expect(rest).toStartWith("POST /v1.41/images/load ");
    expect(rest).toContain("Transfer-Encoding: chunked\r\n\r\n3\r\ntar\r\n0\r\n\r\n");
  });

  test("Transport hands over the connection after an upgrade, first bytes included", async () => {
    await start(["HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello"]);
    const channel = await transport.hijack("POST", "/containers/x/attach");
    expect(Buffer.from((await channel.read())!).toString()).toBe("hello");
    await channel.write(Buffer.from("input"));
    channel.close();
    expect(engine.requests[0]).toContain("Upgrade: tcp\r\n");
  });

  test("Transport ends our direction of a raw stream and goes on reading", async () => {
    await start(["HTTP/1.1 101 UPGRADED\r\n\r\n"], (socket) =>
      socket.on("end", () => socket.end("last words")),
    );
    const channel = await transport.hijack("POST", "/exec/x/start");
    channel.shutdown();
    expect(Buffer.from((await channel.read())!).toString()).toBe("last words");
    expect(await channel.read()).toBeUndefined();
    channel.close();
  });

  test("Transport stops waiting when the signal fires", async () => {
    await start([]);
    const aborter = new AbortController();
    const waiting = transport.call("GET", "/events", { signal: aborter.signal });
    setTimeout(() => aborter.abort(), 5);
    expect(waiting).rejects.toThrow("cancelled");
    await waiting.catch(() => {});
  });

  test("Transport reports an answer that breaks off", async () => {
    await start(["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"], (socket) =>
      socket.on("data", () => setTimeout(() => socket.destroy(), 5)),
    );
    const broken = transport.text("GET", "/x");
    expect(broken).rejects.toThrow("broke in the middle");
    await broken.catch(() => {});
  });

  test("Transport names socket, reason and remedy when there is no engine", async () => {
    await start([]);
    const failure = dial({ scheme: "unix", path: "/nonexistent/engine.sock" });
    expect(failure).rejects.toBeInstanceOf(EngineUnreachable);
    expect(failure).rejects.toThrow("unix:///nonexistent/engine.sock: there is no such socket");
    await failure.catch(() => {});
  });
});
