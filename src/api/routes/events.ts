import { InvalidArgument } from "#base/errors.ts";
import type { EventMessage } from "#spec/docker/events.ts";
import { type ApiVersion, isBefore } from "#spec/docker/versions.ts";
import { type ApiRequest, type Reply, type Route, stream } from "../handler.ts";
import { eventView } from "../map/event.ts";
import type { ApiParts } from "../types.ts";

export const routes: readonly Route[] = [{ method: "GET", path: "/events", handle: events }];

function events(request: ApiRequest, parts: ApiParts): Reply {
  const { query, version, signal } = request;
  const since = query.nanoseconds("since");
  const until = query.nanoseconds("until");
  if (since !== undefined && until !== undefined && since > until)
    throw new InvalidArgument(
      `\`since\` time (${query.text("since")}) cannot be after \`until\` time (${query.text("until")})`,
    );
  const messages = parts.events.subscribe({
    ...(since === undefined ? {} : { sinceMs: Number(since / 1_000_000n) }),
    ...(until === undefined ? {} : { untilMs: Number(until / 1_000_000n) }),
    filters: query.filters(),
    signal,
  });
  const contentType = contentTypeFor(request);
  return stream(encodeEvents(messages, version, contentType), { contentType, beginsAtOnce: true });
}

const LINE_TYPES = ["application/jsonl", "application/x-ndjson", "application/json-seq"] as const;

/** Before 1.52 always JSON; since then the client may choose how the objects are set apart. */
function contentTypeFor({ version, headers }: ApiRequest): string {
  if (isBefore(version, "1.52")) return "application/json";
  const accepted = (headers.accept ?? "").split(",").map((type) => type.split(";")[0]!.trim());
  return LINE_TYPES.find((type) => accepted.includes(type)) ?? LINE_TYPES[0];
}

async function* encodeEvents(
  messages: AsyncIterable<EventMessage>,
  version: ApiVersion,
  contentType: string,
): AsyncGenerator<string> {
  const recordStart = contentType === "application/json-seq" ? "\x1e" : "";
  for await (const message of messages) {
    const view = eventView(message, version);
    if (view) yield `${recordStart}${JSON.stringify(view)}\n`;
  }
}
