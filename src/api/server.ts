/** The API's front door: listeners, and every request's way from its head to its answer. */
import { InvalidArgument, messageOf, NotFound } from "#base/errors.ts";
import type { Log } from "#base/log.ts";
import { isBefore, MAX_API_VERSION, MIN_API_VERSION, negotiate } from "#spec/docker/versions.ts";
import { Gate, NOT_OFFERED } from "./authorize.ts";
import { Chapters } from "./chapters.ts";
import { deliver } from "./deliver.ts";
import { errorReply, errorStatus } from "./errors.ts";
import { type ApiRequest, empty, type Reply, type ReplyHeaders, type Route } from "./handler.ts";
import { type Exchange, HttpConnection } from "./http/connection.ts";
import { upgradeOf } from "./http/head.ts";
import { type Listener, listen } from "./http/listener.ts";
import { ConnectionLost, type PeerSocket } from "./http/socket.ts";
import { Query } from "./query.ts";
import { decodePath, parseTarget } from "./target.ts";
import type { Api, ApiRequirements } from "./types.ts";

export function createApi(requirements: ApiRequirements): Api {
  const { options, log } = requirements;
  const common: ReplyHeaders = {
    "Api-Version": MAX_API_VERSION,
    "Docker-Experimental": String(options.experimental),
    Ostype: "linux",
    Server: options.serverName,
  };
  const listeners: Listener[] = [];
  const connections = new Set<HttpConnection>();
  const context: Context = { ...requirements, chapters: new Chapters(), common };

  const accept = (socket: PeerSocket) => {
    const connection = new HttpConnection(socket, (exchange) => answer(exchange, context));
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
    connection.serve().catch((error) => log.error("a connection failed", { error }));
  };

  return {
    listen(address, tls) {
      const listener = listen(address, tls, accept);
      listeners.push(listener);
      return { port: listener.port };
    },
    connectionCount: () => connections.size,
    async close(graceMs) {
      for (const listener of listeners.splice(0)) listener.stop();
      for (const connection of connections) connection.close();
      await Promise.race([Promise.all([...connections].map(({ closed }) => closed)), Bun.sleep(graceMs)]);
      for (const connection of connections) connection.destroy();
    },
  };
}

interface Context extends ApiRequirements {
  readonly chapters: Chapters;
  /** Headers of every answer. */
  readonly common: ReplyHeaders;
}

/** Answers one request; an error becomes an answer as long as none has begun. */
async function answer(exchange: Exchange, context: Context): Promise<void> {
  const { head } = exchange;
  const { log, common, unreadBytes, authorization } = context;
  const gate = authorization?.isOn ? new Gate(authorization, exchange, common) : undefined;
  try {
    const reply = await dispatch(exchange, context, gate);
    await gate?.checkReply(reply);
    await deliver(reply, exchange, common, unreadBytes);
  } catch (error) {
    if (error instanceof ConnectionLost) throw error;
    if (exchange.response.hasBegun) {
      log.error("an answer broke off", { method: head.method, target: head.target, error });
      throw error;
    }
    logFailure(log, head, error);
    const reply = errorReply(error, parseTarget(head.target).version);
    await deliver(gate ? await gate.checkError(reply) : reply, exchange, common);
  }
}

async function dispatch(exchange: Exchange, context: Context, gate: Gate | undefined): Promise<Reply> {
  const { head } = exchange;
  context.log.debug("request", { method: head.method, target: head.target });
  if (head.method === "OPTIONS") return empty(200);
  const target = parseTarget(head.target);
  const path = decodePath(target.path);
  const found = await context.chapters.find(head.method, path);
  const version = negotiate(target.version, oldestFor(found?.route, context.options.minVersion));
  if (!found) throw new NotFound("page not found");
  const { route, params } = found;
  if (route.since && isBefore(version, route.since))
    throw new InvalidArgument(`${head.method} ${path} requires minimum API version ${route.since}`);
  if (!route.isEarly || gate) await context.ready; // a plugin may be one that the engine itself must start
  await gate?.checkRequest(route, { ...target, path });
  const query = new Query(target.query);
  const request = requestOf(exchange, context, { path, params, query, version });
  return await route.handle(gate ? { ...request, connection: NOT_OFFERED } : request, context);
}

/** A minimum that an administrator has raised holds for every route. */
function oldestFor(route: Route | undefined, minVersion: string): string {
  return minVersion === MIN_API_VERSION ? (route?.servedFrom ?? minVersion) : minVersion;
}

function requestOf(
  exchange: Exchange,
  { options, now }: Context,
  target: Pick<ApiRequest, "path" | "params" | "query" | "version">,
): ApiRequest {
  const { head, body, signal } = exchange;
  const { method, headers } = head;
  const common = { body, signal, connection: exchange, options, now: now() };
  return { ...target, ...common, method, headers, upgrade: upgradeOf(head) };
}

function logFailure(log: Log, head: Exchange["head"], error: unknown): void {
  const status = errorStatus(error);
  const fields = { method: head.method, target: head.target, status, reason: messageOf(error) };
  if (status !== 500) log.debug("request refused", fields);
  else log.error("request failed", fields);
}
