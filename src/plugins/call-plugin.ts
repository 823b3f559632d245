import { readFileSync } from "node:fs";
import { Internal, messageOf, Unavailable } from "#base/errors.ts";
import type { PluginAddress } from "./find-plugin.ts";

/** One call of the plugin protocol: a POST with JSON both ways. */
export type CallPlugin = (
  plugin: PluginAddress,
  method: string,
  body: unknown,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
) => Promise<Readonly<Record<string, unknown>>>;

const MEDIA_TYPE = "application/vnd.docker.plugins.v1.2+json";
/** Lists of volumes are the longest answers. */
const ANSWER_BYTES_MAX = 16 << 20;

/**
 * @throws NotConnected when nobody listens, which a later try may change; Internal with the plugin's own words;
 * Unavailable when it does not answer in time
 */
export const callPlugin: CallPlugin = async (plugin, method, body, { timeoutMs, signal }) => {
  const timeout = AbortSignal.timeout(timeoutMs);
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${plugin.url}/${method}`, {
      method: "POST",
      headers: { Accept: MEDIA_TYPE, "Content-Type": MEDIA_TYPE },
      body: JSON.stringify(body ?? {}),
      redirect: "error",
      signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
      ...(plugin.socket === undefined ? {} : { unix: plugin.socket }),
      ...(plugin.tls === undefined ? {} : { tls: tlsOf(plugin.tls) }),
    });
    text = await boundedText(response);
  } catch (error) {
    if (signal?.aborted) throw new Unavailable(`${method}: the engine ends`);
    if (timeout.aborted)
      throw new Unavailable(`${method}: plugin "${plugin.name}" did not answer within ${timeoutMs / 1000} s`);
    if (isConnectionFailure(error))
      throw new NotConnected(`${method}: plugin "${plugin.name}" at ${placeOf(plugin)}: ${reasonOf(error)}`);
    throw new Internal(`${method}: plugin "${plugin.name}": ${messageOf(error)}`, { cause: error });
  }
  return answerOf(plugin, method, response.status, text);
};

/** Nobody listens at a plugin's address, or nobody any more. */
export class NotConnected extends Unavailable {}

function tlsOf({ insecureSkipVerify, caFile, certFile, keyFile }: NonNullable<PluginAddress["tls"]>) {
  const read = (path: string) => readFileSync(path, "utf8");
  return {
    rejectUnauthorized: !insecureSkipVerify,
    ...(caFile ? { ca: read(caFile) } : {}),
    ...(certFile ? { cert: read(certFile) } : {}),
    ...(keyFile ? { key: read(keyFile) } : {}),
  };
}

async function boundedText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`its answer is longer than ${ANSWER_BYTES_MAX} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

function placeOf({ socket, url }: PluginAddress): string {
  return socket === undefined ? url : `unix://${socket}`;
}

function reasonOf(error: unknown): string {
  const code = (error as { code?: string }).code ?? "";
  if (code === "ENOENT") return "no such file or directory";
  return code === "ECONNREFUSED" || code === "ConnectionRefused" ? "connection refused" : messageOf(error);
}

/** As Bun names what kept a connection from standing. */
const CONNECTION_FAILURES = new Set(["ConnectionRefused", "FailedToOpenSocket", "ECONNREFUSED", "ENOENT"]);

function isConnectionFailure(error: unknown): boolean {
  return CONNECTION_FAILURES.has((error as { code?: string }).code ?? "");
}

/** A failure is a field of the answer, with any status; older plugins answer one with plain text. */
function answerOf(plugin: PluginAddress, method: string, status: number, text: string) {
  const answer = parseObject(text);
  const failure = typeof answer?.Err === "string" ? answer.Err : "";
  if (failure !== "") throw new Internal(`${method}: ${failure}`);
  if (status !== 200)
    throw new Internal(`${method}: ${text.trim() || `plugin "${plugin.name}" answered ${status}`}`);
  if (!answer) throw new Internal(`${method}: plugin "${plugin.name}" answered with no JSON object`);
  return answer;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
