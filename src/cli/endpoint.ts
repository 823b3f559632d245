import { DEFAULT_ENDPOINT, parseEndpoint } from "#client/endpoint.ts";
import type { Endpoint, TlsMaterial } from "#client/types.ts";
import { definedOnly } from "./defined-only.ts";
import { CliError } from "./errors.ts";
import type { GlobalFlags } from "./global-flags.ts";

export const DEFAULT_CONTEXT = "default";

/** Which engine a command talks to, and why. */
export interface ChosenEndpoint {
  readonly endpoint: Endpoint;
  /** Nothing named an engine: the local one is meant. */
  readonly isDefault: boolean;
}

export interface EndpointSources {
  readonly flags: Pick<
    GlobalFlags,
    "host" | "context" | "tls" | "tlsverify" | "tlscacert" | "tlscert" | "tlskey"
  >;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly currentContext: string | undefined;
  readonly configDirectory: string;
}

/** The name of the context in use: `--context`, then a host given for this call, DOCKER_CONTEXT, the configuration. */
export function contextName({ flags, env, currentContext }: EndpointSources): string {
  if (flags.context && flags.host.length > 0)
    throw new CliError("conflicting options: cannot specify both --host and --context");
  if (flags.context) return flags.context;
  if (flags.host.length > 0 || env.WHARF_HOST || env.DOCKER_HOST) return DEFAULT_CONTEXT;
  return env.DOCKER_CONTEXT || currentContext || DEFAULT_CONTEXT;
}

/** @throws CliError for a context that does not exist, InvalidArgument for a text that is no address */
export async function chooseEndpoint(sources: EndpointSources): Promise<ChosenEndpoint> {
  const { flags, env, configDirectory } = sources;
  const context = contextName(sources);
  if (context !== DEFAULT_CONTEXT) {
    const { contextEndpoint } = await import("./contexts.ts");
    return { endpoint: contextEndpoint(configDirectory, context), isDefault: false };
  }
  if (flags.host.length > 1) throw new CliError("Specify only one -H");
  const text = flags.host[0] || env.WHARF_HOST || env.DOCKER_HOST;
  const tls = text?.startsWith("unix:") ? undefined : await tlsMaterial(sources);
  return { endpoint: parseEndpoint(text ?? DEFAULT_ENDPOINT, tls), isDefault: !text };
}

/** Certificates by flags, DOCKER_TLS, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH; undefined when no TLS is asked for. */
async function tlsMaterial({
  flags,
  env,
  configDirectory,
}: EndpointSources): Promise<TlsMaterial | undefined> {
  const verify = flags.tlsverify || Boolean(env.DOCKER_TLS_VERIFY);
  if (!verify && !flags.tls && !env.DOCKER_TLS) return undefined;
  const { readIfExists } = await import("#base/fs.ts");
  const directory = env.DOCKER_CERT_PATH || configDirectory;
  const read = (given: string, name: string) => readIfExists(given || `${directory}/${name}`);
  return {
    verify,
    ...definedOnly({
      ca: read(flags.tlscacert, "ca.pem"),
      cert: read(flags.tlscert, "cert.pem"),
      key: read(flags.tlskey, "key.pem"),
    }),
  };
}
