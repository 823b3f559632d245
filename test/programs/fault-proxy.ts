/**
 * An HTTP proxy in front of a registry that misbehaves when told to: `bun fault-proxy.ts PORT UPSTREAM`. Lines of JSON
 * on its input set faults, each answered by a line; the line `"requests"` is answered with what was asked so far,
 * `"open"` with how many answers are under way.
 */
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createInterface } from "node:readline";

export interface Fault {
  /** Part of "METHOD PATH". */
  readonly match: string;
  /** Requests it is for; absent: all. */
  readonly times?: number;
  /** Ends the connection after so many bytes of the body. */
  readonly cutAfter?: number;
  /** Sends nothing more after so many bytes, and keeps the connection. */
  readonly stallAfter?: number;
  readonly bytesPerSecond?: number;
  /** Turns this byte of the body over. */
  readonly corruptAt?: number;
  /** Answers without asking the registry. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A body of as many spaces, after `body`. */
  readonly padding?: number;
}

export interface SeenRequest {
  readonly line: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

const [port, upstream] = process.argv.slice(2) as [string, string];
let faults: { fault: Fault; left: number }[] = [];
let seen: SeenRequest[] = [];
let open = 0;

createServer((request, response) => {
  const line = `${request.method} ${request.url}`;
  const { range, authorization } = request.headers;
  seen.push({ line, range, authorization });
  open += 1;
  response.once("close", () => {
    open -= 1;
  });
  const found = faults.find(({ fault, left }) => left > 0 && line.includes(fault.match));
  if (found) found.left -= 1;
  if (found?.fault.status !== undefined) answer(found.fault, response);
  else forward(request, response, found?.fault);
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const message = JSON.parse(line) as "requests" | "open" | Fault[];
    if (message === "requests") console.log(JSON.stringify(seen));
    else if (message === "open") console.log(open);
    else {
      faults = message.map((fault) => ({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }));
      seen = [];
      console.log("set");
    }
  })
  .on("close", () => process.exit(0));

async function answer(
  { status = 200, headers = {}, body = "", padding = 0 }: Fault,
  response: ServerResponse,
) {
  response.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) + padding });
  response.write(body);
  const piece = Buffer.alloc(1 << 16, " ");
  for (let left = padding; left > 0 && !response.destroyed; left -= piece.byteLength)
    if (!response.write(piece.subarray(0, Math.min(left, piece.byteLength))))
      await new Promise<void>((go) => response.once("drain", go).once("close", go));
  response.end();
}

function forward(request: IncomingMessage, response: ServerResponse, fault: Fault | undefined): void {
  const [host, upstreamPort] = upstream.split(":");
  const { method, url, headers } = request;
  const asked = ask({ host, port: upstreamPort, method, path: url, headers }, (answered) => {
    response.writeHead(answered.statusCode!, answered.headers);
    if (fault) void spoil(answered, response, fault);
    else answered.pipe(response);
    response.on("close", () => answered.destroy());
  });
  asked.on("error", () => response.destroy());
  request.pipe(asked);
}

async function spoil(answered: IncomingMessage, response: ServerResponse, fault: Fault): Promise<void> {
  const { cutAfter = Number.POSITIVE_INFINITY, stallAfter = Number.POSITIVE_INFINITY } = fault;
  const end = Math.min(cutAfter, stallAfter);
  let at = 0;
  for await (const chunk of answered) {
    const piece = Buffer.from(chunk as Uint8Array).subarray(0, Math.max(end - at, 0));
    if (fault.corruptAt !== undefined && fault.corruptAt >= at && fault.corruptAt < at + piece.length)
      piece[fault.corruptAt - at]! ^= 0xff;
    at += piece.length;
    if (!response.write(piece)) await new Promise<void>((go) => response.once("drain", go).once("close", go));
    if (fault.bytesPerSecond) await Bun.sleep((piece.length / fault.bytesPerSecond) * 1000);
    if (at >= end || response.destroyed) break;
  }
  if (at >= stallAfter) return;
  if (at < cutAfter) return void response.end();
  setTimeout(() => response.socket?.destroy(), 20);
}
