import { isDigest } from "#base/digest.ts";
import { InvalidArgument } from "#base/errors.ts";
import type { Filters } from "#base/filters.ts";
import type { ImageView } from "#images/types.ts";
import type { ImageManifestSummary, ImageSummary } from "#spec/docker/images.ts";
import { isBefore } from "#spec/docker/versions.ts";
import { DEFAULT_TAG, parseReference } from "#spec/reference.ts";
import { type ApiRequest, empty, json, type Reply, type Route, stream } from "../handler.ts";
import { progressStream, progressStreamWithFaults } from "../json-lines.ts";
import { imageInspect, imageSummary } from "../map/image.ts";
import { imageIdentity, withIdentity } from "../map/image-identity.ts";
import { platformQuery, platformsQuery } from "../platform-query.ts";
import { decodeRegistryAuth } from "../registry-auth.ts";
import type { ApiParts } from "../types.ts";
import { pushImage } from "./_image-push.ts";
import { searchImages } from "./_image-search.ts";
import { notImplemented } from "./_not-implemented.ts";
import { isDryRun, planImagePrune, planImageRemoval } from "./dry-run.ts";

/** skopeo, buildah and podman speak 1.22 to an engine: images go to and from it with them (`docker-daemon:`). */
const ARCHIVES_SINCE = "1.12";

export const routes: readonly Route[] = [
  { method: "GET", path: "/images/json", handle: list },
  { method: "GET", path: "/images/search", handle: searchImages },
  { method: "GET", path: "/images/get", handle: saveSeveral, servedFrom: ARCHIVES_SINCE },
  { method: "POST", path: "/images/create", handle: pullOrImport, bodyIs: "stream" },
  { method: "POST", path: "/images/load", handle: load, bodyIs: "stream", servedFrom: ARCHIVES_SINCE },
  { method: "POST", path: "/images/prune", handle: prune, since: "1.25" },
  { method: "GET", path: "/images/{name...}/json", handle: inspect },
  { method: "GET", path: "/images/{name...}/history", handle: history },
  { method: "GET", path: "/images/{name...}/get", handle: saveOne, servedFrom: ARCHIVES_SINCE },
  {
    method: "GET",
    path: "/images/{name...}/attestations",
    handle: notImplemented("attestations"),
    since: "1.55",
  },
  { method: "POST", path: "/images/{name...}/push", handle: pushImage, bodyIs: "credentials" },
  { method: "POST", path: "/images/{name...}/tag", handle: tag },
  // Ours alone: a pinned image is neither evicted nor pruned.
  { method: "POST", path: "/images/{name...}/pin", handle: pin },
  { method: "POST", path: "/images/{name...}/unpin", handle: unpin },
  { method: "DELETE", path: "/images/{name...}", handle: remove },
];

async function list(request: ApiRequest, parts: ApiParts): Promise<Reply> {
  const { query, version } = request;
  const views = await parts.images.list({ all: query.boolean("all"), filters: listFilters(request) });
  const wantsShared = query.boolean("shared-size") && !isBefore(version, "1.42");
  const sharedSizes = wantsShared ? await parts.system.sharedLayerSizes() : undefined;
  const containersOf = (id: string) =>
    isBefore(version, "1.51") ? -1 : parts.containers.imageUsers.countFor(id);
  const wantsManifests = query.boolean("manifests") && !isBefore(version, "1.47");
  const wantsIdentity = query.boolean("identity") && !isBefore(version, "1.54");
  if (wantsIdentity && !wantsManifests)
    throw new InvalidArgument("identity is said of manifests: it needs manifests=1");
  const manifestsOf = async (view: ImageView) => {
    const manifests = await parts.images.manifests(view);
    return wantsIdentity ? withIdentity(manifests, imageIdentity(view)) : manifests;
  };
  return json(
    await Promise.all(
      views.map(async (view) => {
        const counts = { containers: containersOf(view.id), sharedSize: sharedSizes?.get(view.id) ?? -1 };
        const summary = imageSummary(view, counts, version);
        return wantsManifests ? withManifests(summary, await manifestsOf(view)) : summary;
      }),
    ),
  );
}

/** Beside its manifests an image's size is all that they take, blobs too: clients draw them as a tree under it. */
function withManifests(summary: ImageSummary, Manifests: readonly ImageManifestSummary[]) {
  const total = Manifests.reduce((sum, { Size }) => sum + Size.Total, 0);
  return { ...summary, Size: Math.max(total, summary.Size), Manifests };
}

/** Before 1.25 a name could be asked for outside the filters. */
function listFilters({ query, version }: ApiRequest): Filters {
  const name = query.optional("filter");
  const filters = query.filters();
  return name && isBefore(version, "1.25") ? { ...filters, reference: [name] } : filters;
}

async function inspect(request: ApiRequest, { images, system }: ApiParts): Promise<Reply> {
  const { params, query, version } = request;
  const platform = platformQuery(request, "1.49");
  const wantsManifests = query.boolean("manifests") && !isBefore(version, "1.48");
  if (wantsManifests && platform)
    throw new InvalidArgument("conflicting options: manifests and platform options cannot both be set");
  const view = images.get(params.name!, platform);
  const inspected = imageInspect(view, system.imageStorage(view), version);
  return json(wantsManifests ? { ...inspected, Manifests: await images.manifests(view) } : inspected);
}

function history(request: ApiRequest, { images }: ApiParts): Reply {
  return json(images.history(request.params.name!, platformQuery(request, "1.48")));
}

function tag({ params, query }: ApiRequest, { images }: ApiParts): Reply {
  images.tag(params.name!, query.text("repo"), query.optional("tag") ?? DEFAULT_TAG);
  return empty(201);
}

function pin({ params }: ApiRequest, { images }: ApiParts): Reply {
  images.pin(params.name!);
  return empty(204);
}

function unpin({ params }: ApiRequest, { images }: ApiParts): Reply {
  images.unpin(params.name!);
  return empty(204);
}

async function remove(request: ApiRequest, parts: ApiParts): Promise<Reply> {
  const { params, query } = request;
  const named = { name: "platforms", since: "1.50", severalSince: "1.50" } as const;
  const platforms = platformsQuery(request, named);
  const options = { force: query.boolean("force"), prune: !query.boolean("noprune"), platforms };
  if (isDryRun(request)) return await planImageRemoval(request, options, parts);
  return json(await parts.images.remove(params.name!, options));
}

async function prune(request: ApiRequest, parts: ApiParts): Promise<Reply> {
  if (isDryRun(request)) return await planImagePrune(request, parts);
  return json(await parts.images.prune(request.query.filters()));
}

function pullOrImport(request: ApiRequest, parts: ApiParts): Reply {
  if (request.query.optional("fromImage")) return pull(request, parts);
  const source = request.query.optional("fromSrc");
  if (!source) throw new InvalidArgument("either fromImage or fromSrc must be given");
  return importArchive(request, parts, source === "-" ? undefined : source);
}

function pull(request: ApiRequest, { images }: ApiParts): Reply {
  const reference = pullReference(request.query.text("fromImage"), request.query.text("tag"));
  const { tag, digest } = parseReference(reference);
  return progressStream(
    images.pull({
      reference,
      allTags: tag === undefined && digest === undefined,
      platform: platformSince(request, "1.32"),
      auth: decodeRegistryAuth(request.headers["x-registry-auth"]),
      signal: request.signal,
    }),
  );
}

/** The name comes with its tag or digest, or beside it; a colon at the end is how some ask for all tags. */
function pullReference(image: string, tag: string): string {
  const name = image.replace(/:$/, "");
  if (tag === "") return name;
  return isDigest(tag) ? `${name}@${tag}` : `${name}:${tag}`;
}

function importArchive(request: ApiRequest, { images }: ApiParts, url: string | undefined): Reply {
  const { query, body, signal } = request;
  return progressStream(
    images.importArchive(url ?? body, {
      repo: query.optional("repo"),
      tag: query.optional("tag"),
      message: query.optional("message"),
      changes: query.list("changes"),
      platform: platformSince(request, "1.32"),
      signal,
    }),
  );
}

function load(request: ApiRequest, { images }: ApiParts): Reply {
  const { query, body, signal } = request;
  const platforms = platformsQuery(request, ARCHIVE_PLATFORMS);
  return progressStreamWithFaults(images.load(body, { quiet: query.boolean("quiet"), platforms, signal }));
}

const ARCHIVE_PLATFORMS = { name: "platform", since: "1.48" } as const;

function saveOne(request: ApiRequest, parts: ApiParts): Reply {
  return save([request.params.name!], request, parts);
}

function saveSeveral(request: ApiRequest, parts: ApiParts): Reply {
  const names = request.query.list("names");
  if (names.length === 0) throw new InvalidArgument("no image names given");
  return save(names, request, parts);
}

function save(names: readonly string[], request: ApiRequest, { images }: ApiParts): Reply {
  const platforms = platformsQuery(request, ARCHIVE_PLATFORMS);
  const archive = images.save(names, { platforms, signal: request.signal });
  return stream(archive, { contentType: "application/x-tar" });
}

function platformSince({ query, version }: ApiRequest, introduced: string): string | undefined {
  return isBefore(version, introduced) ? undefined : query.optional("platform");
}
