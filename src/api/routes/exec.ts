import { type Duplex, Transform } from "node:stream";
import { InvalidArgument } from "#base/errors.ts";
import { isBefore } from "#spec/docker/versions.ts";
import { encodeFrame, STREAM } from "#spec/std-copy.ts";
import { errorMessage } from "../errors.ts";
import { type ApiRequest, empty, json, type Reply, type Route } from "../handler.ts";
import { hijack, joinStreams, offerOf } from "../hijack.ts";
import { endAndLinger } from "../http/linger.ts";
import { readJson } from "../json-body.ts";
import { ExecConfigSchema, ExecStartSchema } from "../schemas/exec.ts";
import type { ApiParts } from "../types.ts";

export const routes: readonly Route[] = [
  { method: "GET", path: "/exec/{id}/json", handle: inspect },
  { method: "POST", path: "/exec/{id}/start", handle: start },
  { method: "POST", path: "/exec/{id}/resize", handle: resize },
];

/** `POST /containers/{id}/exec` */
export async function createExec(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const config = (await readJson(request, ExecConfigSchema)) ?? {};
  if (!config.Cmd?.length) throw new InvalidArgument("No exec command specified");
  if (isBefore(request.version, "1.42")) delete config.ConsoleSize;
  return json({ Id: await containers.execCreate(request.params.id!, config) }, 201);
}

/**
 * Clients ask for the exit code once, when the output has ended. The supervisor tells of the end before it ends the
 * output, but on a connection of its own: what has arrived there is heard first.
 */
async function inspect({ params }: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const session = containers.execInspect(params.id!);
  if (!session.Running) return json(session);
  await new Promise((heard) => setImmediate(heard));
  await new Promise((heard) => setImmediate(heard)); // the first may come before the rest of this turn's events
  return json(containers.execInspect(params.id!));
}

/**
 * Detached, a failure is an answer. Otherwise the connection is the client's from the moment the session is known to
 * exist, and a failure to start is text in the stream: that is where clients look for it.
 */
async function start(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const { params, version } = request;
  const {
    Detach: detach = false,
    Tty = false,
    ConsoleSize,
  } = (await readJson(request, ExecStartSchema)) ?? {};
  const consoleSize = isBefore(version, "1.42") ? undefined : ConsoleSize;
  const session = containers.execInspect(params.id!);
  if (detach) {
    await containers.execStart(params.id!, { detach, terminal: Tty });
    return empty(200);
  }
  const serve = async (client: Duplex) => {
    try {
      const isFramed = session.ProcessConfig.tty && !Tty;
      const connection = isFramed ? undefined : offerOf(client); // a process writes its terminal as it is
      const options = { detach, terminal: Tty, consoleSize, connection };
      const { stream } = await containers.execStart(params.id!, options);
      if (client.destroyed) return;
      const output = stream && isFramed ? stream.pipe(framed()) : stream;
      if (stream && output) return await joinStreams(client, stream, { input: session.OpenStdin, output });
    } catch (error) {
      const text = Buffer.from(`${errorMessage(error)}\r\n`);
      client.write(Tty ? text : encodeFrame(STREAM.stdout, text));
    }
    endAndLinger(client);
  };
  return hijack(request, { terminal: Tty, serve });
}

/** Who starts a session decides the form of its output: without "Tty" also a terminal's comes in frames. */
function framed(): Transform {
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, encodeFrame(STREAM.stdout, chunk)),
  });
}

async function resize({ params, query }: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  await containers.execResize(params.id!, query.integer("h"), query.integer("w"));
  return empty(200);
}
