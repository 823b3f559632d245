/** Replies on their way to the client. */
import { errorMessage } from "./errors.ts";
import type { HijackReply, Reply, ReplyHeaders, StreamReply, WholeReply } from "./handler.ts";
import { headTaken, needsHeadTaken, type UnreadBytes } from "./head-taken.ts";
import type { Exchange } from "./http/connection.ts";
import { ConnectionLost } from "./http/socket.ts";

/**
 * Sends a reply.
 * @param common headers that every answer carries
 * @param unread tells what a client has not read yet; absent where nothing can
 * @throws whatever the reply's own source throws before anything was sent; ConnectionLost
 */
export async function deliver(
  reply: Reply,
  exchange: Exchange,
  common: ReplyHeaders,
  unread?: UnreadBytes,
): Promise<void> {
  switch (reply.kind) {
    case "whole":
      return await deliverWhole(reply, exchange, common);
    case "stream":
      return await deliverStream(reply, exchange, common);
    case "hijack":
      return await deliverHijack(reply, exchange, unread);
    case "taken":
      await exchange.hijack();
  }
}

async function deliverWhole(reply: WholeReply, exchange: Exchange, common: ReplyHeaders): Promise<void> {
  await exchange.response.send(reply.status, { ...common, ...reply.headers }, reply.body);
}

async function deliverStream(reply: StreamReply, exchange: Exchange, common: ReplyHeaders): Promise<void> {
  const { response } = exchange;
  const pieces = reply.pieces[Symbol.asyncIterator]();
  const headers = { ...common, ...reply.headers };
  try {
    if (reply.beginsAtOnce) await response.begin(reply.status, headers);
    let piece = await pieces.next();
    if (!response.hasBegun) await response.begin(reply.status, headers);
    for (; !piece.done; piece = await pieces.next()) await response.write(piece.value);
  } catch (error) {
    if (!response.hasBegun || error instanceof ConnectionLost) throw error;
    if (exchange.signal.aborted) throw new ConnectionLost();
    if (!reply.lastWords) throw error;
    await response.write(reply.lastWords(error));
  } finally {
    await pieces.return?.();
  }
  await response.end();
}

async function deliverHijack(
  reply: HijackReply,
  exchange: Exchange,
  unread: UnreadBytes | undefined,
): Promise<void> {
  const socket = await exchange.hijack();
  socket.write(reply.head);
  if (unread && needsHeadTaken(exchange.head.headers["user-agent"])) await headTaken(socket, unread);
  await reply.serve(socket);
}

/** One line of Docker's progress streams that tells a failure after the status went out. */
export function progressError(error: unknown): string {
  const message = errorMessage(error);
  return `${JSON.stringify({ errorDetail: { message }, error: message })}\r\n`;
}
