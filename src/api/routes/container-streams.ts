/** The routes of a container whose answers take as long as the container does. */
import { type Duplex, Transform } from "node:stream";
import { InvalidArgument, messageOf } from "#base/errors.ts";
import type { AttachRequest, WaitCondition, WaitResult } from "#containers/types.ts";
import type { ContainerWaitResponse } from "#spec/docker/containers.ts";
import { isBefore } from "#spec/docker/versions.ts";
import { FrameDecoder } from "#spec/std-copy.ts";
import { type ApiRequest, type Reply, stream } from "../handler.ts";
import { hijack, hijackHead, joinStreams, serveProcess, streamContentType } from "../hijack.ts";
import { acceptKey, WebSocketStream } from "../http/websocket.ts";
import type { ApiParts } from "../types.ts";

export async function attach(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const options = attachOptions(request);
  const isTaken = await containers.handOver(request.params.id!, options, {
    offer: () => request.connection.offer(),
    takeBack: () => request.connection.takeBack(),
    head: (terminal) => hijackHead(request, terminal),
  });
  if (isTaken) return { kind: "taken" };
  const { stream: process, terminal } = await containers.attach(request.params.id!, options);
  const serve = (client: Duplex) => serveProcess(client, process, { input: options.stdin && options.stream });
  return hijack(request, { terminal, serve });
}

function attachOptions({ query }: ApiRequest): AttachRequest {
  return {
    stdin: query.boolean("stdin"),
    stdout: query.boolean("stdout"),
    stderr: query.boolean("stderr"),
    logs: query.boolean("logs"),
    stream: query.boolean("stream"),
    detachKeys: query.text("detachKeys"),
  };
}

/** As attach, over a WebSocket and without frames: its clients are terminals in browsers. */
export async function attachWebSocket(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const key = request.headers["sec-websocket-key"];
  if (request.upgrade !== "websocket" || !key)
    throw new InvalidArgument("this endpoint speaks the WebSocket protocol only");
  const all = { stdin: true, stdout: true, stderr: true };
  const options = { ...attachOptions(request), ...(isBefore(request.version, "1.42") ? all : {}) };
  const { stream: process, terminal } = await containers.attach(request.params.id!, options);
  const head = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptKey(key)}`,
  ];
  return {
    kind: "hijack",
    head: `${head.join("\r\n")}\r\n\r\n`,
    serve: (socket) => {
      const client = new WebSocketStream(socket, { binary: !isBefore(request.version, "1.28") });
      const output = terminal ? process : process.pipe(unframed());
      return joinStreams(client, process, { input: options.stdin && options.stream, output });
    },
  };
}

/** Framed output in, its payload out. */
function unframed(): Transform {
  const decoder = new FrameDecoder();
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      try {
        for (const { data } of decoder.push(chunk)) this.push(data);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

export async function logs(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const { params, query, version, signal } = request;
  const stdout = query.boolean("stdout");
  const stderr = query.boolean("stderr");
  if (!stdout && !stderr) throw new InvalidArgument("must specify at least one of 'stdout' or 'stderr'");
  const { chunks, terminal } = await containers.logs(params.id!, {
    stdout,
    stderr,
    follow: query.boolean("follow"),
    timestamps: query.boolean("timestamps"),
    details: query.boolean("details"),
    tail: tailOf(query.text("tail")),
    since: query.nanoseconds("since"),
    until: query.nanoseconds("until"),
    mergeFrames: takesFramesApart(request),
    signal,
  });
  return stream(chunks, { contentType: streamContentType(terminal, version), beginsAtOnce: true });
}

/**
 * Docker's command line and ours only copy streams apart, and Docker's writes once for each frame. Others may take a
 * frame for a line: docker-py's iterator does, and scripts that cut eight bytes off each line.
 */
function takesFramesApart({ headers }: ApiRequest): boolean {
  return /^(?:Docker-Client|wharf)\//.test(headers["user-agent"] ?? "");
}

/** "all", and whatever else is no number, means everything. */
function tailOf(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

const WAIT_CONDITIONS: readonly WaitCondition[] = ["not-running", "next-exit", "removed"];

export async function wait(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const { params, query, version, signal } = request;
  const isOld = isBefore(version, "1.30");
  const condition = isOld ? "not-running" : waitCondition(query.text("condition"));
  const { result } = await containers.wait(params.id!, condition, signal);
  // The head must go out before anything ends: clients start the container only after they have seen it.
  return stream(waitOutcome(result, signal), { contentType: "application/json", beginsAtOnce: !isOld });
}

function waitCondition(text: string): WaitCondition {
  if (text === "") return "not-running";
  const condition = WAIT_CONDITIONS.find((known) => known === text);
  if (!condition) throw new InvalidArgument(`invalid condition: ${JSON.stringify(text)}`);
  return condition;
}

async function* waitOutcome(result: Promise<WaitResult>, signal: AbortSignal): AsyncGenerator<string> {
  const answer = await result.then(waitResponse, (error): ContainerWaitResponse => {
    if (signal.aborted) throw error;
    return { StatusCode: -1, Error: { Message: messageOf(error) } };
  });
  yield `${JSON.stringify(answer)}\n`;
}

function waitResponse({ exitCode, error }: WaitResult): ContainerWaitResponse {
  return { StatusCode: exitCode, ...(error === undefined ? {} : { Error: { Message: error } }) };
}
