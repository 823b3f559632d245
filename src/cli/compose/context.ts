import type { Limiter } from "#base/async.ts";
import type { ApiAccess } from "#compose/engine/api-socket.ts";
import type { Separator } from "#compose/engine/names.ts";
import type { ComposeContext } from "#compose/engine/types.ts";
import { networkHash, serviceHash, volumeHash } from "#compose/model/hash.ts";
import { parseReference, withDefaultTag } from "#spec/reference.ts";
import { CliError } from "../errors.ts";
import { pullImage } from "../pull-image.ts";
import { VERSION } from "../version.ts";
import type { ComposeSession } from "./session.ts";

export interface ContextOptions {
  readonly separator: Separator;
  readonly limiter: Limiter;
  /** Absolute. */
  readonly envFiles: readonly string[];
}

/** What the acting half of Compose works with, made of this command line. */
export async function createContext(
  compose: ComposeSession,
  { separator, limiter, envFiles }: ContextOptions,
): Promise<ComposeContext> {
  const { session } = compose;
  const [client, display, proxyEnvironment] = await Promise.all([
    compose.client(),
    compose.display(),
    readProxies(compose),
  ]);
  return {
    client,
    hashes: { service: serviceHash, network: networkHash, volume: volumeHash },
    origin: { version: VERSION, envFiles },
    separator,
    limiter,
    proxyEnvironment,
    dryRun: compose.flags["dry-run"],
    onProgress: (event) => display.show(event),
    warn: (text) => void compose.warn(text),
    pull: (image, platform) =>
      pullImage(session, { reference: withDefaultTag(parseReference(image)), platform }),
    readText: (path) => Bun.file(path).text(),
    confirm: (question) => confirm(compose, question),
    apiAccess: () => apiAccess(compose),
    runProvider: async (call, onLine) => {
      if (compose.hasFetched)
        throw new CliError(`provider "${call.type}" is not run: the project has files of another place`);
      return await (await import("./provider.ts")).runProvider(session.host, call, onLine);
    },
  };
}

/** @throws CliError */
async function apiAccess({ session }: ComposeSession): Promise<ApiAccess> {
  const endpoint = await session.endpointText();
  if (!endpoint.startsWith("unix://"))
    throw new CliError(
      `use_api_socket is not possible with the engine at ${endpoint}: it is on another machine`,
    );
  const { allCredentials } = await import("../credentials.ts");
  const found = await allCredentials({ config: session.config, env: session.host.env });
  const auths = Object.fromEntries(
    Object.entries(found).map(([server, { username = "", password = "", identitytoken }]) => [
      server,
      {
        auth: Buffer.from(`${username}:${password}`).toString("base64"),
        ...(identitytoken ? { identitytoken } : {}),
      },
    ]),
  );
  return { socket: endpoint.slice("unix://".length), config: JSON.stringify({ auths }) };
}

async function readProxies({ session }: ComposeSession): Promise<Record<string, string>> {
  const { proxies } = session.config;
  if (!proxies) return {};
  const { proxyEnv } = await import("../create/proxy-env.ts");
  return proxyEnv(proxies, await session.endpointText());
}

/** Anything but a clear yes is a no. */
export async function confirm(compose: ComposeSession, question: string): Promise<boolean> {
  if (compose.assumesYes) return true;
  const { Prompter } = await import("../prompt.ts");
  const answer = await new Prompter(compose.session).ask(`${question} [yN] `);
  return ["y", "yes"].includes(answer.trim().toLowerCase());
}
