import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RawClient } from "./_raw-client.ts";
import { type Exchange, HttpConnection, type RequestHandler } from "./connection.ts";
import { type Listener, listen } from "./listener.ts";
import type { PeerSocket } from "./socket.ts";

let directory: string;
let path: string;
let listener: Listener;
let handle: RequestHandler;
let sockets: PeerSocket[];
let connections: HttpConnection[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "wharf-http-"));
  path = join(directory, "s");
  sockets = [];
  connections = [];
  handle = echo;
  listener = listen({ unix: path }, undefined, (socket) => {
    sockets.push(socket);
    const connection = new HttpConnection(socket, (exchange) => handle(exchange));
    connections.push(connection);
    void connection.serve();
  });
});

afterEach(() => {
  listener.stop();
  for (const socket of sockets) socket.destroy();
  rmSync(directory, { recursive: true });
});

/** Answers with method, target and body. */
async function echo({ head, body, response }: Exchange): Promise<void> {
  const text = (await body.collect(1 << 20)).toString();
  await response.send(200, {}, `${head.method} ${head.target} ${text}`);
}

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: d\r\n\r\n`;
const post = (target: string, body: string) =>
  `POST ${target} HTTP/1.1\r\nHost: d\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Waits until `condition` holds; the test's own time limit ends it otherwise. */
async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(2);
}

describe("HttpConnection", () => {
  test("answers several requests on one connection, also when they come at once", async () => {
    const client = await RawClient.connect(path);
    expect((await client.send(get("/a")).answer()).body).toBe("GET /a ");
    client.send(post("/b", "one") + get("/c") + post("/d", "two"));
    expect((await client.answer()).body).toBe("POST /b one");
    expect((await client.answer()).body).toBe("GET /c ");
    expect((await client.answer()).body).toBe("POST /d two");
  });

  test("reads a request that comes byte by byte", async () => {
    const client = await RawClient.connect(path);
    for (const byte of post("/slow", "body")) {
      client.send(byte);
      await Bun.sleep(0);
    }
    expect((await client.answer()).body).toBe("POST /slow body");
  });

  test("puts a chunked body together, extensions and trailers aside", async () => {
    const client = await RawClient.connect(path);
    client.send("POST /c HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n").send(get("/next"));
    expect((await client.answer()).body).toBe("POST /c abc0123456789");
    expect((await client.answer()).body).toBe("GET /next ");
  });

  test("says Continue only when the body is wanted", async () => {
    const client = await RawClient.connect(path);
    client.send("POST /e HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    await client.until("100 Continue\r\n\r\n");
    expect((await client.send("hi").answer()).body).toBe("POST /e hi");

    handle = ({ response }) => response.send(400, {}, "no");
    client.send("POST /e HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    expect(await client.all()).toStartWith("HTTP/1.1 400 Bad Request");
  });

  test("closes after an HTTP/1.0 request and after 'Connection: close'", async () => {
    const old = await RawClient.connect(path);
    expect(await old.send("GET /o HTTP/1.0\r\n\r\n").all()).toEndWith("GET /o ");
    const last = await RawClient.connect(path);
    const text = await last.send("GET /l HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n").all();
    expect(text).toContain("Connection: close\r\n");
  });

  test("answers a client that ends its half right after the request", async () => {
    const client = await RawClient.connect(path);
    expect(await client.send(get("/half")).end().all()).toEndWith("GET /half ");
    await eventually(() => sockets[0]!.destroyed);
  });

  test("reads over a small body nobody wanted and goes on", async () => {
    handle = ({ head, response }) => response.send(200, {}, head.target);
    const client = await RawClient.connect(path);
    client.send(post("/unread", "x".repeat(10_000)) + get("/after"));
    expect((await client.answer()).body).toBe("/unread");
    expect((await client.answer()).body).toBe("/after");
  });

  test("stops taking a body that nobody reads", async () => {
    const { promise: release, resolve } = Promise.withResolvers<void>();
    handle = async ({ response }) => {
      await release;
      await response.send(400, {}, "too much");
    };
    const client = await RawClient.connect(path);
    const total = 32 << 20;
    client.send(`PUT /big HTTP/1.1\r\nHost: d\r\nContent-Length: ${total}\r\n\r\n`);
    client.send(Buffer.alloc(total));
    await eventually(() => client.unsentBytes < total);
    for (let last = 0; last !== client.unsentBytes; await Bun.sleep(50)) last = client.unsentBytes;
    expect(total - client.unsentBytes).toBeLessThan(2 << 20);
    resolve();
    expect((await client.answer()).body).toBe("too much");
  });

  test("writes a long answer at the reader's pace", async () => {
    let written = 0;
    handle = async ({ response }) => {
      await response.begin(200, {});
      for (; written < 64 << 20; written += 1 << 16) await response.write(new Uint8Array(1 << 16));
      await response.end();
    };
    const client = await RawClient.connect(path);
    client.pause();
    client.send(get("/long"));
    await eventually(() => written > 0);
    for (let last = -1; last !== written; await Bun.sleep(50)) last = written;
    expect(written).toBeLessThan(4 << 20);
    client.close();
    await eventually(() => sockets[0]!.destroyed);
  });

  test("tells the handler when its client vanishes", async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    handle = async ({ response, signal }) => {
      await response.begin(200, {});
      signal.addEventListener("abort", () => resolve());
      await aborted;
    };
    const client = await RawClient.connect(path);
    await client.send(get("/follow")).until("\r\n\r\n");
    client.close();
    await aborted;
    await eventually(() => sockets[0]!.destroyed);
  });

  test("gives each request a signal of its own", async () => {
    const signals: AbortSignal[] = [];
    handle = async (exchange) => {
      signals.push(exchange.signal);
      await echo(exchange);
    };
    const client = await RawClient.connect(path);
    for (const target of ["/a", "/b"]) await client.send(get(target)).answer();
    client.close();
    await eventually(() => signals[1]!.aborted);
    expect([signals.length, signals[0]!.aborted]).toEqual([2, false]);
  });

  test("refuses what is no HTTP, and a head without an end", async () => {
    const nonsense = await RawClient.connect(path);
    const text = await nonsense.send("hello\r\n\r\n").all();
    expect(text).toStartWith("HTTP/1.1 400 Bad Request");
    expect(text).toEndWith('{"message":"malformed request line"}\n');
    const endless = await RawClient.connect(path);
    endless.send(`GET /${"x".repeat(1 << 21)}`);
    expect(await endless.all()).toStartWith("HTTP/1.1 431 ");
  });

  test("gives the raw stream to a handler, early bytes and half-close included", async () => {
    handle = async (exchange) => {
      if (exchange.head.target !== "/raw") return echo(exchange);
      const socket = await exchange.hijack();
      socket.write("HTTP/1.1 101 UPGRADED\r\n\r\n");
      socket.on("data", (chunk) => socket.write(`<${chunk}>`)).on("end", () => socket.end("bye"));
    };
    for (const early of ["", "early"]) {
      const client = await RawClient.connect(path);
      expect((await client.send(get("/first")).answer()).body).toBe("GET /first ");
      client.send(get("/raw") + early);
      await client.until("101 UPGRADED\r\n\r\n");
      if (early) await client.until("<early>");
      client.send("late");
      await client.until("<late>");
      expect(await client.end().all()).toBe("bye");
    }
    const hasty = await RawClient.connect(path);
    expect(
      await hasty
        .send(`${get("/raw")}all at once`)
        .end()
        .all(),
    ).toEndWith("<all at once>bye");
    await eventually(() => sockets.every((socket) => socket.destroyed));
  });

  test("sees a hijacked client die after it had ended its half", async () => {
    handle = async (exchange) => {
      const socket = await exchange.hijack();
      socket.write("HTTP/1.1 101 UPGRADED\r\n\r\n");
      socket.resume();
    };
    const client = await RawClient.connect(path);
    await client.send(get("/raw")).until("\r\n\r\n");
    client.end();
    await Bun.sleep(20);
    expect(sockets[0]!.destroyed).toBe(false);
    client.close();
    await eventually(() => sockets[0]!.destroyed);
  });

  test("close() ends idle and hijacked connections and lets an answer finish", async () => {
    const { promise: release, resolve } = Promise.withResolvers<void>();
    handle = async ({ response }) => {
      await release;
      await response.send(200, {}, "done");
    };
    const [idle, busy] = [await RawClient.connect(path), await RawClient.connect(path)];
    busy.send(get("/busy"));
    await eventually(() => connections.length === 2);
    await Bun.sleep(10);
    for (const connection of connections) connection.close();
    expect(await idle.all()).toBe("");
    resolve();
    expect(await busy.all()).toEndWith("done");
  });
});
