/** Images named by digest, for a project that stays as it is whatever happens to its tags. */
import type { Digest } from "#base/digest.ts";
import { canonicalReference, parseReference, type Reference, withDefaultTag } from "#spec/reference.ts";
import { emptyProject } from "./empty.ts";
import { newRecord } from "./own.ts";
import { isMap, type TreeMap } from "./tree.ts";
import type { Project, Service } from "./types.ts";

/** What a registry says a tag is. */
export type ResolveDigest = (reference: Reference) => Promise<Digest>;

/** Services' images, those of their hooks and of image volumes. */
export async function pinImages(project: Project, resolve: ResolveDigest): Promise<Project> {
  const pin = pinner(resolve);
  const services = newRecord<Service>();
  for (const [name, service] of Object.entries(project.services)) {
    services[name] = {
      ...service,
      ...(service.image ? { image: await pin(service.image) } : {}),
      ...(service.pre_start ? { pre_start: await each(service.pre_start, "image", pin) } : {}),
      ...(service.volumes ? { volumes: await pinMounts(service.volumes, pin) } : {}),
    };
  }
  return { ...project, services };
}

async function pinMounts(volumes: NonNullable<Service["volumes"]>, pin: Pin): Promise<typeof volumes> {
  return await Promise.all(
    volumes.map(async (volume) =>
      volume.type === "image" && volume.source ? { ...volume, source: await pin(volume.source) } : volume,
    ),
  );
}

async function each<T extends { readonly image?: string }>(
  list: readonly T[],
  key: "image",
  pin: Pin,
): Promise<T[]> {
  return await Promise.all(
    list.map(async (one) => (one[key] ? { ...one, image: await pin(one[key]) } : one)),
  );
}

/** The same in a tree without types. */
export async function pinTree(tree: TreeMap, resolve: ResolveDigest): Promise<void> {
  const pin = pinner(resolve);
  for (const section of [tree.services, tree.jobs]) {
    if (section === undefined || !isMap(section)) continue;
    for (const container of Object.values(section))
      if (isMap(container) && typeof container.image === "string")
        container.image = await pin(container.image);
  }
}

type Pin = (image: string) => Promise<string>;

/** Each image is asked for once. */
function pinner(resolve: ResolveDigest): Pin {
  const asked = new Map<string, Promise<string>>();
  return (image) => {
    const answer = asked.get(image) ?? pinned(image, resolve);
    asked.set(image, answer);
    return answer;
  };
}

async function pinned(image: string, resolve: ResolveDigest): Promise<string> {
  const reference = withDefaultTag(parseReference(image));
  if (reference.digest) return canonicalReference({ ...reference, tag: undefined });
  return `${canonicalReference(reference)}@${await resolve(reference)}`;
}

/** Nothing but images, to be merged over the project's own files. */
export function imagesOnly(project: Project): Project {
  const services = Object.fromEntries(
    Object.entries(project.services).map(([name, service]) => {
      const volumes = service.volumes?.filter(({ type }) => type === "image");
      return [name, { name, image: service.image, extensions: {}, ...(volumes?.length ? { volumes } : {}) }];
    }),
  );
  return { ...emptyProject(""), services };
}
