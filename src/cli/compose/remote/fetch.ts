import { artifactName, type FetchRemote } from "#compose/remote/reference.ts";
import type { Session } from "../../session.ts";

/** Brings remote Compose files here: from registries, and from git repositories. */
export function remoteFetcher(session: Session, insecureRegistries: readonly string[]): FetchRemote {
  return async (reference) => {
    const name = artifactName(reference);
    if (name !== undefined) {
      const { fetchFromRegistry } = await import("./oci.ts");
      return await fetchFromRegistry(session, { name, insecureRegistries });
    }
    const { fetchFromGit } = await import("./git.ts");
    return await fetchFromGit(session.host, reference);
  };
}
