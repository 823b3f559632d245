import { DEFAULT_ENDPOINT } from "#client/endpoint.ts";
import type { ContextMeta } from "../contexts.ts";
import { DEFAULT_CONTEXT } from "../endpoint.ts";
import type { Session } from "../session.ts";

export const DEFAULT_DESCRIPTION = "Current DOCKER_HOST based configuration";

/** The context that is always there: what the environment says, or the local engine. */
export function defaultContext({ flags, host }: Session): ContextMeta {
  const Host = flags.host[0] || host.env.WHARF_HOST || host.env.DOCKER_HOST || DEFAULT_ENDPOINT;
  return { Name: DEFAULT_CONTEXT, Metadata: {}, Endpoints: { docker: { Host, SkipTLSVerify: false } } };
}

/** The name of the variable that hides the chosen context, if one does. */
export function hidingVariable({ host: { env } }: Session): string | undefined {
  return env.WHARF_HOST ? "WHARF_HOST" : env.DOCKER_HOST ? "DOCKER_HOST" : undefined;
}
