import { NotFound } from "#base/errors.ts";
import type { ContainerCreateRequest } from "#spec/docker/containers.ts";
import { familiarReference, parseReference, type Reference, withDefaultTag } from "#spec/reference.ts";
import type { Session } from "../session.ts";
import { planCreate } from "./body.ts";
import type { ContainerFlags, GivenFlags } from "./flags.ts";

export interface CreateCall {
  readonly session: Session;
  readonly image: string;
  readonly command: readonly string[];
  readonly flags: ContainerFlags;
  readonly given: GivenFlags;
}

/**
 * The body for these flags.
 * @throws Error when flags contradict each other or cannot be read
 */
export async function planFromFlags({
  session,
  image,
  command,
  flags,
  given,
}: CreateCall): Promise<ContainerCreateRequest> {
  const { host, config } = session;
  const readsFiles = flags["env-file"].length + flags["label-file"].length + flags["security-opt"].length > 0;
  const readFile = readsFiles ? (await import("../files.ts")).readText : neverRead;
  const apiSocket = flags["use-api-socket"] ? await socketPath(session) : undefined;
  const proxyEnv = config.proxies
    ? (await import("./proxy-env.ts")).proxyEnv(config.proxies, await session.endpointText())
    : {};
  return planCreate({
    image,
    command,
    flags,
    given,
    facts: { env: host.env, cwd: host.cwd, proxyEnv, readFile, apiSocket },
  });
}

function neverRead(path: string): never {
  throw new Error(`no flag names the file ${path}`);
}

async function socketPath(session: Session): Promise<string | undefined> {
  const text = await session.endpointText();
  return text.startsWith("unix://") ? text.slice("unix://".length) : undefined;
}

async function checkPlatform(text: string): Promise<void> {
  const { parsePlatform } = await import("#spec/platform.ts");
  try {
    parsePlatform(text, { os: "linux", architecture: "amd64" });
  } catch (error) {
    throw new Error(`error parsing specified platform: ${(error as Error).message}`, { cause: error });
  }
}

/** Those that do not end up in the body. */
export type CreationFlags = Pick<ContainerFlags, "name" | "platform" | "cidfile" | "pull" | "quiet">;

/**
 * Makes the container, fetching its image first where that is needed. The id goes to `--cidfile`.
 * @returns its id
 * @throws EngineError, CliError
 */
export async function createContainer(
  { session, image, flags }: Pick<CreateCall, "session" | "image"> & { readonly flags: CreationFlags },
  body: ContainerCreateRequest,
): Promise<string> {
  const reference = imageReference(image);
  if (flags.platform) await checkPlatform(flags.platform);
  const idFile = flags.cidfile ? (await import("../files.ts")).reserveIdFile(flags.cidfile) : undefined;
  if (flags.pull === "always" && reference) await pull(session, reference, flags);
  const { containers } = await session.client();
  const options = { name: flags.name, platform: flags.platform };
  const created = await containers.create(body, options).catch(async (error: unknown) => {
    const isImageMissing = error instanceof NotFound && reference !== undefined;
    if (!isImageMissing || flags.pull !== "missing") throw error;
    if (!flags.quiet) await session.warn(`Unable to find image '${familiarReference(reference)}' locally\n`);
    await pull(session, reference, flags);
    return await containers.create(body, options);
  });
  for (const warning of created.Warnings ?? []) await session.warn(`WARNING: ${warning}\n`);
  idFile?.write(created.Id);
  return created.Id;
}

const IMAGE_ID = /^(?:sha256:)?[0-9a-f]{64}$/;

/** Undefined for an image id, which no registry can be asked for. @throws InvalidArgument "invalid reference format" */
function imageReference(image: string): Reference | undefined {
  return IMAGE_ID.test(image) ? undefined : withDefaultTag(parseReference(image));
}

async function pull(session: Session, reference: Reference, flags: CreationFlags): Promise<void> {
  const { pullImage } = await import("../pull-image.ts");
  const { showProgress } = await import("../progress.ts");
  const lines = pullImage(session, { reference, platform: flags.platform });
  const nowhere = {
    write: async () => {},
    put: () => undefined,
    isTerminal: () => false,
    size: () => undefined,
  };
  await showProgress(lines, flags.quiet ? nowhere : session.host.stderr);
}
