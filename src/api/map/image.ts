import type { ImageView } from "#images/types.ts";
import type { ImageInspect, ImageSummary } from "#spec/docker/images.ts";
import { type ApiVersion, isBefore } from "#spec/docker/versions.ts";
import type { ImageStorage } from "../types.ts";
import { imageConfigView } from "./config.ts";
import { imageIdentity } from "./image-identity.ts";

const ZERO_TIME = "0001-01-01T00:00:00Z";

/** Facts about an image that cost time to find; -1 where nobody asked. */
export interface ImageCounts {
  readonly containers: number;
  /** Bytes. */
  readonly sharedSize: number;
}

/** One item of `GET /images/json`. */
export function imageSummary(view: ImageView, counts: ImageCounts, version: ApiVersion): ImageSummary {
  const isNameless = view.repoTags.length === 0 && view.repoDigests.length === 0;
  // Before 1.43 an image without names was listed under a name that says so.
  const placeholder = isNameless && isBefore(version, "1.43");
  return {
    Containers: counts.containers,
    Created: Math.max(0, Math.floor(Date.parse(view.config.created ?? "") / 1000) || 0),
    Id: view.id,
    Labels: view.config.config?.Labels ?? null,
    ParentId: view.parent ?? "",
    ...(isBefore(version, "1.48") ? {} : { Descriptor: view.manifest }),
    RepoDigests: placeholder ? ["<none>@<none>"] : [...view.repoDigests],
    RepoTags: placeholder ? ["<none>:<none>"] : [...view.repoTags],
    SharedSize: counts.sharedSize,
    Size: view.sizeBytes,
    ...(isBefore(version, "1.44") ? { VirtualSize: view.sizeBytes } : {}),
  };
}

/** What `GET /images/{name}/json` answers. */
export function imageInspect(
  view: ImageView,
  storage: ImageStorage | undefined,
  version: ApiVersion,
): ImageInspect {
  const { config } = view;
  const isBefore152 = isBefore(version, "1.52");
  const identity = imageIdentity(view);
  const allFields = { allFields: true, containerFields: true };
  return {
    Id: view.id,
    RepoTags: [...view.repoTags],
    RepoDigests: [...view.repoDigests],
    ...textFields({ Parent: view.parent, Comment: commentOf(view) }, isBefore152),
    ...createdField(config.created, isBefore(version, "1.44")),
    ...(isBefore(version, "1.45")
      ? {
          Container: config.container ?? "",
          ContainerConfig: imageConfigView(config.container_config ?? {}, allFields),
        }
      : {}),
    ...textFields({ DockerVersion: config.docker_version, Author: config.author }, isBefore152),
    Config: imageConfigView(config.config ?? {}, {
      allFields: isBefore152,
      containerFields: isBefore(version, "1.50"),
    }),
    Architecture: config.architecture,
    ...textFields({ Variant: config.variant }, false),
    Os: config.os,
    ...textFields({ OsVersion: config["os.version"] }, false),
    Size: view.sizeBytes,
    ...(isBefore(version, "1.44") ? { VirtualSize: view.sizeBytes } : {}),
    ...(isBefore152 && storage ? { GraphDriver: { Data: { ...storage.data }, Name: storage.name } } : {}),
    RootFS: { Type: "layers", Layers: [...config.rootfs.diff_ids] },
    Metadata: { LastTagTime: view.lastTagTime || ZERO_TIME },
    ...(isBefore(version, "1.48") ? {} : { Descriptor: view.manifest }),
    ...(identity && !isBefore(version, "1.53") ? { Identity: identity } : {}),
  };
}

/** The newest history entry carries what was said at import or commit. */
function commentOf({ config }: ImageView): string | undefined {
  return config.comment ?? config.history?.at(-1)?.comment;
}

function createdField(created: string | undefined, isZeroShown: boolean): { Created?: string } {
  if (created) return { Created: created };
  return isZeroShown ? { Created: ZERO_TIME } : {};
}

/** Texts that newer versions leave out when they are empty. */
function textFields<K extends string>(
  fields: Readonly<Record<K, string | undefined>>,
  isEmptyShown: boolean,
): Partial<Record<K, string>> {
  const shown = Object.entries<string | undefined>(fields).filter(([, value]) => value || isEmptyShown);
  return Object.fromEntries(shown.map(([name, value]) => [name, value ?? ""])) as Partial<Record<K, string>>;
}
