/** Answers that are streams: over real sockets, as clients use them. */
import { describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { Duplex, PassThrough } from "node:stream";
import { Conflict, NotFound } from "#base/errors.ts";
import type { AttachRequest } from "#containers/types.ts";
import { encodeFrame, STREAM } from "#spec/std-copy.ts";
import { busyboxImage, startApi, type TestApi } from "../_fakes.ts";
import { RawClient } from "../http/_raw-client.ts";
import { encodeWebSocketFrame, WebSocketDecoder } from "../http/websocket.ts";

/** A process that says what it is told, and ends when its input ends. */
function echoProcess(): Duplex {
  return new PassThrough();
}

function startAttachable(makeProcess: () => Duplex, terminal = false): TestApi & { processes: Duplex[] } {
  const processes: Duplex[] = [];
  const api = startApi({
    containers: {
      handOver: async () => false,
      async attach() {
        const stream = makeProcess();
        processes.push(stream);
        return { stream, terminal };
      },
    },
  });
  return Object.assign(api, { processes });
}

const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
const attach = (query: string, headers = upgrade, version = "1.43") =>
  `POST /v${version}/containers/web/attach?${query} HTTP/1.1\r\nHost: d\r\n${headers}\r\n`;

async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(2);
}

describe("POST /containers/{id}/attach", () => {
  test("upgrades, carries both ways, and ends the output when the input has ended", async () => {
    await using api = startAttachable(echoProcess);
    const client = await RawClient.connect(api.socket);
    client.send(`${attach("stream=1&stdin=1&stdout=1")}early `);
    expect(await client.until("\r\n\r\n")).toBe(
      "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    );
    client.send("late");
    await client.until("early late");
    expect(await client.end().all()).toBe("");
    const { args } = api.calls.find(({ method }) => method === "containers.attach")!;
    expect(args as unknown[]).toEqual([
      "web",
      {
        stdin: true,
        stdout: true,
        stderr: false,
        logs: false,
        stream: true,
        detachKeys: "",
      } satisfies AttachRequest,
    ]);
  });

  test("works without Upgrade, also after other requests on the connection", async () => {
    await using api = startAttachable(echoProcess);
    const client = await RawClient.connect(api.socket);
    for (let i = 0; i < 3; i++)
      expect((await client.send("GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n").answer()).body).toBe("OK");
    client.send(`${attach("stream=1&stdin=1&stdout=1", "")}first bytes`);
    expect(await client.until("\r\n\r\n")).toBe(
      "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n",
    );
    await client.until("first bytes");
    expect(await client.end().all()).toBe("");
  });

  const types = [
    { version: "1.41", terminal: false, type: "raw-stream" },
    { version: "1.42", terminal: false, type: "multiplexed-stream" },
    { version: "1.42", terminal: true, type: "raw-stream" },
  ];
  for (const { version, terminal, type } of types)
    test(`says ${type} in ${version} ${terminal ? "with" : "without"} a terminal`, async () => {
      await using api = startAttachable(echoProcess, terminal);
      const client = await RawClient.connect(api.socket);
      const head = await client.send(attach("stream=1", upgrade, version)).until("\r\n\r\n");
      expect(head).toContain(`Content-Type: application/vnd.docker.${type}\r\n`);
    });

  test("keeps the input from a process nobody wanted to write to", async () => {
    await using api = startAttachable(() => new PassThrough());
    const client = await RawClient.connect(api.socket);
    await client.send(`${attach("stream=1&stdout=1")}ignored`).until("\r\n\r\n");
    client.end(); // clients without input end their half at once, and still wait for the output
    api.processes[0]!.end("output");
    expect(await client.all()).toBe("output");
  });

  test("answers an unknown container with an ordinary error and keeps the connection", async () => {
    await using api = startApi({
      containers: { handOver: () => Promise.reject(new NotFound("No such container: web")) },
    });
    const client = await RawClient.connect(api.socket);
    const answer = await client.send(attach("stream=1")).answer();
    expect(answer.status).toBe(404);
    expect(answer.body).toBe('{"message":"No such container: web"}\n');
    expect((await client.send("GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n").answer()).body).toBe("OK");
  });

  test("leaves the process when the client vanishes, telling it that the input ended", async () => {
    let inputEnded = false;
    await using api = startAttachable(() =>
      Object.assign(new PassThrough(), {}).once("finish", () => {
        inputEnded = true;
      }),
    );
    const client = await RawClient.connect(api.socket);
    await client.send(attach("stream=1&stdin=1&stdout=1")).until("\r\n\r\n");
    client.close();
    await eventually(() => api.api.connectionCount() === 0);
    await eventually(() => inputEnded);
  });

  test("makes process and client wait for each other", async () => {
    let produced = 0;
    const flood = () =>
      new Duplex({
        read() {
          if (produced < 64 << 20) {
            produced += 1 << 16;
            this.push(Buffer.alloc(1 << 16));
          }
        },
        write(_chunk, _encoding, _done) {}, // a process that never reads
      });
    await using api = startAttachable(flood);
    const client = await RawClient.connect(api.socket);
    client.pause();
    client.send(attach("stream=1&stdin=1&stdout=1"));
    await eventually(() => produced > 0);
    const total = 32 << 20;
    client.send(Buffer.alloc(total));
    for (let last = -1; last !== produced; await Bun.sleep(50)) last = produced;
    for (let last = -1; last !== client.unsentBytes; await Bun.sleep(50)) last = client.unsentBytes;
    expect(produced).toBeLessThan(4 << 20);
    expect(total - client.unsentBytes).toBeLessThan(4 << 20);
    client.close();
  });

  test("lets go of 200 sessions, ended and broken off alike", async () => {
    await using api = startAttachable(echoProcess);
    const session = async (_: unknown, i: number) => {
      const client = await RawClient.connect(api.socket);
      await client.send(`${attach("stream=1&stdin=1&stdout=1")}${i}.`).until(`\r\n\r\n${i}.`);
      if (i % 2) client.close();
      else await client.end().all();
    };
    await Promise.all(Array.from({ length: 200 }, session));
    await eventually(() => api.api.connectionCount() === 0);
    await eventually(() => api.processes.every((process) => process.destroyed));
  });
});

describe("POST /exec/{id}/start", () => {
  const inspectOf = (tty: boolean) => () => ({ OpenStdin: true, ProcessConfig: { tty } }) as never;
  const execInspect = inspectOf(false);
  const start = (body: string, headers = upgrade) =>
    `POST /v1.43/exec/e1/start HTTP/1.1\r\nHost: d\r\n${headers}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  test("reads its body, then streams, with Upgrade and without", async () => {
    await using api = startApi({
      containers: { execInspect, execStart: async () => ({ stream: echoProcess(), terminal: true }) },
    });
    for (const headers of [upgrade, ""]) {
      const client = await RawClient.connect(api.socket);
      client.send(`${start('{"Tty":true,"ConsoleSize":[24,80]}', headers)}early`);
      await client.until("\r\n\r\nearly");
      expect(await client.send(" late").end().all()).toBe(" late");
    }
    expect(api.calls.at(-1)!.args).toEqual(["e1", { detach: false, terminal: true, consoleSize: [24, 80] }]);
  });

  test("frames a terminal's output for a client that starts it without one", async () => {
    await using api = startApi({
      containers: {
        execInspect: inspectOf(true),
        execStart: async () => ({ stream: echoProcess(), terminal: true }),
      },
    });
    const client = await RawClient.connect(api.socket);
    client.send(`${start('{"Tty":false}')}out`);
    const frame = Buffer.from(encodeFrame(STREAM.stdout, Buffer.from("out"))).toString("latin1");
    await client.until(`\r\n\r\n${frame}`);
    expect(await client.end().all()).toBe("");
  });

  test("takes a body in chunks before the stream", async () => {
    await using api = startApi({
      containers: { execInspect, execStart: async () => ({ stream: echoProcess(), terminal: true }) },
    });
    const client = await RawClient.connect(api.socket);
    const head = `POST /exec/e1/start HTTP/1.1\r\nHost: d\r\n${upgrade}Content-Type: application/json\r\n`;
    client.send(`${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\ninput`);
    await client.until("\r\n\r\ninput");
  });

  const failure = () => Promise.reject(new Conflict("OCI runtime exec failed: no such file or directory"));

  test("writes a failure into the stream, framed as its output would be", async () => {
    await using api = startApi({ containers: { execInspect, execStart: failure } });
    const text = "OCI runtime exec failed: no such file or directory\r\n";
    const framed = await RawClient.connect(api.socket);
    await framed.send(start("{}")).until("\r\n\r\n");
    expect(await framed.all()).toBe(
      Buffer.from(encodeFrame(STREAM.stdout, Buffer.from(text))).toString("latin1"),
    );
    const raw = await RawClient.connect(api.socket);
    await raw.send(start('{"Tty":true}')).until("\r\n\r\n");
    expect(await raw.all()).toBe(text);
  });

  test("answers a detached start, and its failure, as any other request", async () => {
    await using api = startApi({
      containers: { execInspect, execStart: async () => ({ stream: undefined, terminal: false }) },
    });
    expect((await api.post("/exec/e1/start", { Detach: true })).status).toBe(200);
    await using failing = startApi({ containers: { execInspect, execStart: failure } });
    expect((await failing.post("/exec/e1/start", { Detach: true })).status).toBe(409);
  });
});

describe("GET /containers/{id}/attach/ws", () => {
  const handshake = (path: string) =>
    `GET ${path} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;

  test("carries bytes both ways without frames of ours", async () => {
    const replies: Duplex[] = [];
    const shouting = () => {
      const process: Duplex = new Duplex({
        read() {},
        write(chunk, _encoding, done) {
          process.push(encodeFrame(STREAM.stdout, Buffer.from(String(chunk).toUpperCase())));
          done();
        },
        final(done) {
          process.push(null);
          done();
        },
      });
      replies.push(process);
      return process;
    };
    await using api = startAttachable(shouting);
    const url = `ws+unix://${api.socket}:/containers/web/attach/ws?stream=1&stdin=1&stdout=1`;
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    const received = Promise.withResolvers<string>();
    const closed = Promise.withResolvers<number>();
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({ data }) => received.resolve(Buffer.from(data).toString());
    socket.onclose = ({ code }) => closed.resolve(code);
    socket.onerror = () => received.reject(new Error("websocket failed"));
    expect(await received.promise).toBe("HELLO");
    socket.close(1000);
    expect(await closed.promise).toBe(1000);
    await eventually(() => api.api.connectionCount() === 0 && replies.every((one) => one.destroyed));
  });

  test("attaches all three streams before 1.42, and sends text before 1.28", async () => {
    await using api = startAttachable(() => {
      const process = new PassThrough();
      process.write("out");
      return process;
    }, true);
    const client = await RawClient.connect(api.socket);
    const head = await client.send(handshake("/v1.27/containers/web/attach/ws?stream=1")).until("\r\n\r\n");
    expect(head).toContain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
    const text = Buffer.from(encodeWebSocketFrame(1, Buffer.from("out"))).toString("latin1");
    await client.until(text);
    expect(api.calls[0]!.args[1]).toMatchObject({ stdin: true, stdout: true, stderr: true });
  });

  test("answers a ping and closes on what is no frame", async () => {
    await using api = startAttachable(() => new PassThrough(), true);
    const client = await RawClient.connect(api.socket);
    await client.send(handshake("/containers/web/attach/ws?stream=1&stdin=1")).until("\r\n\r\n");
    client.send(Buffer.from([0x89, 0x80, 0, 0, 0, 0]));
    await client.until("\x8a\x00");
    client.send(Buffer.from([0x81, 0x00]));
    await client.all();
    await eventually(() => api.api.connectionCount() === 0);
    expect([...new WebSocketDecoder().push(Buffer.alloc(0))]).toEqual([]);
  });

  test("refuses a request that is no handshake", async () => {
    await using api = startAttachable(echoProcess);
    expect((await api.fetch("/containers/web/attach/ws")).status).toBe(400);
  });
});

describe("POST /containers/{id}/wait", () => {
  test("sends its head before anything ends, then the outcome", async () => {
    const { promise: result, resolve } = Promise.withResolvers<{ exitCode: number; error: undefined }>();
    await using api = startApi({ containers: { wait: async () => ({ result }) } });
    const client = await RawClient.connect(api.socket);
    client.send("POST /v1.43/containers/web/wait?condition=next-exit HTTP/1.1\r\nHost: d\r\n\r\n");
    await client.until("\r\n\r\n");
    resolve({ exitCode: 3, error: undefined });
    await client.until('{"StatusCode":3}\n');
    expect(api.calls[0]!.args.slice(0, 2)).toEqual(["web", "next-exit"]);
  });

  test("tells errors before and after the head", async () => {
    await using api = startApi({
      containers: { wait: async () => ({ result: Promise.reject(new Error("lost")) }) },
    });
    expect((await api.post("/containers/web/wait?condition=soon")).status).toBe(400);
    const answer = await api.post("/containers/web/wait");
    expect(await answer.json()).toEqual({ StatusCode: -1, Error: { Message: "lost" } });
  });
});

describe("GET /containers/{id}/logs", () => {
  async function* noLines(): AsyncGenerator<Uint8Array> {}

  test("sends its head at once and hands over every option", async () => {
    await using api = startApi({
      containers: {
        logs: async (_, { signal }) => ({
          chunks: (async function* () {
            await new Promise((done) => signal.addEventListener("abort", done));
            yield* noLines();
          })(),
          terminal: false,
        }),
      },
    });
    const client = await RawClient.connect(api.socket);
    client.send(
      "GET /v1.42/containers/web/logs?stdout=1&follow=1&tail=10&since=5.000000001&timestamps=1 HTTP/1.1\r\nHost: d\r\n\r\n",
    );
    const head = await client.until("\r\n\r\n");
    expect(head).toContain("Content-Type: application/vnd.docker.multiplexed-stream\r\n");
    expect(api.calls[0]!.args[1]).toMatchObject({
      stdout: true,
      stderr: false,
      follow: true,
      timestamps: true,
      details: false,
      tail: 10,
      since: 5_000_000_001n,
      until: undefined,
    });
    client.close();
    await eventually(() => api.api.connectionCount() === 0);
  });

  test("wants at least one stream", async () => {
    await using api = startApi({});
    expect(await (await api.fetch("/containers/web/logs?follow=1")).json()).toEqual({
      message: "must specify at least one of 'stdout' or 'stderr'",
    });
  });
});

describe("GET /events", () => {
  const event = {
    Type: "container" as const,
    Action: "start",
    Actor: { ID: "abc", Attributes: { image: "bb:1" } },
    scope: "local" as const,
    time: 1,
    timeNano: 1_000_000_000,
  };

  async function ask(path: string, headers: Record<string, string> = {}) {
    await using api = startApi({
      events: {
        async *subscribe() {
          yield event;
          yield { ...event, Type: "image", Action: "create" };
        },
      },
    });
    const answer = await api.fetch(path, { headers });
    return { type: answer.headers.get("content-type"), text: await answer.text(), calls: api.calls };
  }

  test("speaks to old clients in their words", async () => {
    const { type, text, calls } = await ask("/v1.41/events?since=1.5&until=2&filters={}");
    expect(type).toBe("application/json");
    expect(text).toBe(`${JSON.stringify({ status: "start", id: "abc", from: "bb:1", ...event })}\n`);
    expect(calls[0]!.args[0]).toMatchObject({ sinceMs: 1500, untilMs: 2000, filters: {} });
  });

  test("lets new clients choose how objects are set apart", async () => {
    const create = JSON.stringify({ ...event, Type: "image", Action: "create" });
    const lines = await ask("/v1.52/events");
    expect([lines.type, lines.text]).toEqual(["application/jsonl", `${JSON.stringify(event)}\n${create}\n`]);
    const sequence = await ask("/v1.52/events", { Accept: "application/json-seq" });
    expect([sequence.type, sequence.text]).toEqual([
      "application/json-seq",
      `\x1e${JSON.stringify(event)}\n\x1e${create}\n`,
    ]);
  });

  test("refuses a period that ends before it begins", async () => {
    expect((await ask("/events?since=5&until=4")).text).toContain("cannot be after `until` time");
  });
});

describe("POST /images/create", () => {
  const auth = Buffer.from(JSON.stringify({ username: "me" })).toString("base64url");

  test("pulls what the two halves of the name say, with credentials", async () => {
    await using api = startApi({
      images: {
        async *pull() {
          yield { status: "Pulling" };
          yield { id: "a", status: "Done" };
        },
      },
    });
    const digest = busyboxImage.id;
    const rows = [
      { query: "fromImage=debian&tag=12", reference: "debian:12", allTags: false },
      { query: "fromImage=r.io:5000/a/b:1", reference: "r.io:5000/a/b:1", allTags: false },
      { query: `fromImage=debian&tag=${digest}`, reference: `debian@${digest}`, allTags: false },
      { query: "fromImage=debian:", reference: "debian", allTags: true },
    ];
    for (const { query, reference, allTags } of rows) {
      const answer = await api.fetch(`/v1.43/images/create?${query}&platform=linux/arm64`, {
        method: "POST",
        headers: { "X-Registry-Auth": auth },
      });
      expect(await answer.text()).toBe('{"status":"Pulling"}\r\n{"id":"a","status":"Done"}\r\n');
      expect(api.calls.at(-1)!.args[0]).toMatchObject({
        reference,
        allTags,
        platform: "linux/arm64",
        auth: { username: "me" },
      });
    }
  });

  test("tells a failure by status before the first line, and as the last line after it", async () => {
    const failing = (before: readonly object[]) =>
      startApi({
        images: {
          async *pull() {
            yield* before;
            throw new NotFound("pull access denied for x");
          },
        },
      });
    await using early = failing([]);
    const answer = await early.post("/images/create?fromImage=x:1");
    expect([answer.status, await answer.text()]).toEqual([404, '{"message":"pull access denied for x"}\n']);
    await using late = failing([{ status: "Pulling" }]);
    const stream = await late.post("/images/create?fromImage=x:1");
    expect([stream.status, await stream.text()]).toEqual([
      200,
      '{"status":"Pulling"}\r\n{"errorDetail":{"message":"pull access denied for x"},"error":"pull access denied for x"}\r\n',
    ]);
  });

  test("ends the pull when its client vanishes", async () => {
    let isAborted = false;
    await using api = startApi({
      images: {
        async *pull({ signal }) {
          yield { status: "Pulling" };
          await new Promise((done) => signal!.addEventListener("abort", done));
          isAborted = true;
          throw signal!.reason;
        },
      },
    });
    const client = await RawClient.connect(api.socket);
    client.send("POST /images/create?fromImage=x:1 HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n");
    await client.until("Pulling");
    client.close();
    await eventually(() => isAborted && api.api.connectionCount() === 0);
  });

  test("imports an archive from the body", async () => {
    const archive = randomBytes(3 << 20);
    await using api = startApi({
      images: {
        async *importArchive(body) {
          const hash = createHash("sha256");
          for await (const chunk of body) hash.update(chunk);
          yield { status: hash.digest("hex") };
        },
      },
    });
    const answer = await api.fetch("/images/create?fromSrc=-&repo=a&changes=CMD+x&changes=ENV+A=b", {
      method: "POST",
      body: archive,
    });
    expect(await answer.json()).toEqual({ status: createHash("sha256").update(archive).digest("hex") });
    expect(api.calls[0]!.args[1]).toMatchObject({ repo: "a", changes: ["CMD x", "ENV A=b"] });
  });
});

test("GET /images/get streams an archive; a break in the middle is no silent end", async () => {
  const save = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(1000);
    throw new Error("disk");
  };
  await using api = startApi({ images: { save } });
  const answer = await api.fetch("/images/get?names=a&names=b");
  expect(answer.headers.get("content-type")).toBe("application/x-tar");
  await expect(answer.arrayBuffer()).rejects.toThrow();
  expect(api.calls[0]!.args[0]).toEqual(["a", "b"]);
});

test("GET /containers/{id}/stats sends each sample as a line, or one alone", async () => {
  await using api = startApi({
    containers: {
      async *stats(_, { stream }) {
        yield '{"n":1}';
        if (stream) yield '{"n":2}';
      },
    },
  });
  expect(await (await api.fetch("/containers/web/stats")).text()).toBe('{"n":1}\n{"n":2}\n');
  expect(await (await api.fetch("/containers/web/stats?stream=0&one-shot=1")).text()).toBe('{"n":1}\n');
  expect(api.calls[1]!.args[1]).toMatchObject({ stream: false, oneShot: true });
});
