import { Internal, messageOf, PermissionDenied } from "#base/errors.ts";
import type { AnswerFacts, Authorization, Plugins, RequestFacts } from "./types.ts";

/** As long as somebody may take who is asked by a plugin. */
const ANSWER_MS = 60_000;
/** A plugin that is being started again; everybody waits so long when it is gone for good. */
const PATIENCE_MS = 3000;

/**
 * Docker's authorization plugins. Whatever is not a clear yes is a no: a plugin that is gone, fails, or says something
 * else than `"Allow": true` lets nothing pass.
 * @param names the plugins in the order they are asked, as configured now
 * @see https://docs.docker.com/engine/extend/plugins_authorization/
 */
export function createAuthorization(
  plugins: Pick<Plugins, "call">,
  names: () => readonly string[],
): Authorization {
  const askAll = async (method: "AuthZReq" | "AuthZRes", question: object) => {
    for (const name of names()) {
      const { Allow, Msg } = await ask(plugins, name, method, question);
      if (Allow !== true)
        throw new PermissionDenied(
          `authorization denied by plugin ${name}: ${typeof Msg === "string" ? Msg : ""}`,
        );
    }
  };
  return {
    get isOn() {
      return names().length > 0;
    },
    checkRequest: (request) => askAll("AuthZReq", encodeRequest(request)),
    checkAnswer: (request, answer) =>
      askAll("AuthZRes", { ...encodeRequest(request), ...encodeAnswer(answer) }),
  };
}

async function ask(plugins: Pick<Plugins, "call">, name: string, method: string, question: object) {
  try {
    return await plugins.call({ name, kind: "authz" }, `AuthZPlugin.${method}`, question, {
      timeoutMs: ANSWER_MS,
      patienceMs: PATIENCE_MS,
    });
  } catch (error) {
    throw new Internal(`plugin ${name} failed with error: ${messageOf(error)}`, { cause: error });
  }
}

/** Names and absences as Docker's plugins know them; bytes travel as base64. */
function encodeRequest({ user, certificate, method, uri, headers, body }: RequestFacts): object {
  return {
    ...(user === "" ? {} : { User: user }),
    ...(certificate === undefined ? {} : { UserAuthNMethod: "TLS" }),
    RequestMethod: method,
    RequestUri: uri,
    ...(body?.byteLength ? { RequestBody: base64(body) } : {}),
    RequestHeaders: headers,
    ...(certificate === undefined ? {} : { RequestPeerCertificates: [base64(Buffer.from(certificate))] }),
  };
}

function encodeAnswer({ status, headers, body }: AnswerFacts): object {
  return {
    ResponseStatusCode: status,
    ...(body?.byteLength ? { ResponseBody: base64(body) } : {}),
    ResponseHeaders: headers,
  };
}

function base64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}
