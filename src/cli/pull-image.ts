import type { ProgressLine } from "#spec/docker/images.ts";
import { type Reference, repositoryName } from "#spec/reference.ts";
import { registryAuthHeader } from "./credentials.ts";
import type { Session } from "./session.ts";

export interface PullRequest {
  /** With tag or digest; without both, all tags are fetched. */
  readonly reference: Reference;
  /** "os/arch/variant", "" for the engine's own. */
  readonly platform: string;
}

/** Asks the engine to fetch an image, with the credentials that belong to its registry. */
export async function* pullImage(
  session: Session,
  { reference, platform }: PullRequest,
): AsyncGenerator<ProgressLine> {
  const { images } = await session.client();
  yield* images.pull({
    name: repositoryName(reference),
    tag: reference.digest ?? reference.tag ?? "",
    platform,
    registryAuth: await registryAuthHeader(
      { config: session.config, env: session.host.env },
      reference.domain,
    ),
  });
}
