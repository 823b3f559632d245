import { Client } from "#client/client.ts";
import { parseEndpoint } from "#client/endpoint.ts";
import { canonicalReference, familiarReference, parseReference, withDefaultTag } from "#spec/reference.ts";
import { credentialsFor, openRegistries } from "../registries.ts";
import type { Session } from "../session.ts";
import { VERSION } from "../version.ts";
import { openArchive } from "./archive-source.ts";
import { DirDestination, DirSource } from "./dir-end.ts";
import { EngineDestination, openEngineSource } from "./engine-end.ts";
import { ArchiveDestination } from "./layout-archive.ts";
import { directoryFiles, LayoutSource } from "./layout-source.ts";
import { LayoutDestination, type LayoutNames, REF_NAME } from "./layout-writer.ts";
import type { Location } from "./location.ts";
import { RegistryDestination, RegistrySource } from "./registry-end.ts";
import type { CopyDestination, CopySource } from "./types.ts";

export interface OpenOptions {
  /** Registries without, or with unknown, certificates are accepted. */
  readonly insecure: boolean;
}

export async function openSource(
  session: Session,
  location: Location,
  { insecure }: OpenOptions,
): Promise<CopySource> {
  switch (location.kind) {
    case "registry": {
      const { domain } = location.reference;
      const registries = openRegistries(insecure ? [domain] : []);
      return new RegistrySource(registries, location.reference, await credentialsFor(session, domain));
    }
    case "engine":
      return await openEngineSource(await engineClient(session, location.host), location.name);
    case "dir":
      return new DirSource(location.path);
    case "oci":
      return new LayoutSource(directoryFiles(location.path), location.name);
    case "oci-archive":
    case "docker-archive":
      return await openArchive(location.path, location.name);
  }
}

export async function openDestination(
  session: Session,
  location: Location,
  { insecure }: OpenOptions,
): Promise<CopyDestination> {
  switch (location.kind) {
    case "registry": {
      const { domain } = location.reference;
      const registries = openRegistries(insecure ? [domain] : []);
      return new RegistryDestination(registries, location.reference, await credentialsFor(session, domain));
    }
    case "engine":
      return new EngineDestination(await engineClient(session, location.host), location.name);
    case "dir":
      return new DirDestination(location.path);
    case "oci":
      return new LayoutDestination(location.path, layoutNames(location.name));
    case "oci-archive":
      return new ArchiveDestination({ path: location.path, names: layoutNames(location.name) });
    case "docker-archive":
      return new ArchiveDestination({ path: location.path, ...dockerNames(location.name) });
  }
}

function layoutNames(name: string | undefined): LayoutNames {
  return name === undefined ? {} : { [REF_NAME]: name };
}

function dockerNames(name: string | undefined): { names: LayoutNames; dockerTags: string[] } {
  if (name === undefined) return { names: {}, dockerTags: [] };
  const reference = withDefaultTag(parseReference(name));
  const names = { "io.containerd.image.name": canonicalReference(reference), [REF_NAME]: name };
  return { names, dockerTags: [familiarReference(reference)] };
}

async function engineClient(session: Session, host: string | undefined): Promise<Client> {
  if (host === undefined) return await session.client();
  return new Client({ endpoint: parseEndpoint(host), userAgent: `wharf/${VERSION} (linux)` });
}
