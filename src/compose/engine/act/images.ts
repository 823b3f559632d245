/** The images of a project: which are here, which must be fetched, and what marks them. */
import { Conflict, InvalidArgument, NotFound } from "#base/errors.ts";
import { parseDurationMs } from "#base/units.ts";
import type { ImageInspect, ImageManifestSummary } from "#spec/docker/images.ts";
import { parsePlatform } from "#spec/platform.ts";
import type { Project, Service } from "../../model/types.ts";
import { imageName } from "../names.ts";
import type { ComposeContext } from "../types.ts";
import { pullImage } from "./pull.ts";

/** What a service's container needs to know of its image. */
export interface ServiceImage {
  readonly name: string;
  /** Of what runs for this platform: equal digests are equal programs, however the image was packed. */
  readonly digest: string;
  /** "TARGET=DIGEST,…" of images the service mounts; "" without any. */
  readonly volumeDigest: string;
  /** Paths the image declares as volumes. */
  readonly volumes: ReadonlySet<string>;
}

export type ServiceImages = Readonly<Record<string, ServiceImage>>;

export interface ImageOptions {
  readonly quiet: boolean;
  /** `--pull`: instead of what services say. */
  readonly policy?: string;
}

/**
 * Fetches what the services' policies ask for, several images at once.
 * @throws NotFound when an image is neither here nor to be had
 */
export async function ensureImages(
  context: ComposeContext,
  project: Project,
  options: ImageOptions,
): Promise<ServiceImages> {
  const services = Object.values(project.services);
  const names = new Set(services.flatMap((service) => imagesOf(context, project, service)));
  const found = await inspectAll(context, [...names]);
  const missing = new Map<
    string,
    { readonly image: string; readonly platform: string; readonly service: Service }
  >();
  for (const service of services)
    for (const [index, image] of imagesOf(context, project, service).entries()) {
      const platform = platformOf(project, service);
      const policy = pullPolicy(service, options.policy, index > 0);
      if (mustPull(policy, found.get(image), Date.now()) && isPullable(service, index))
        missing.set(`${image} ${platform}`, { image, platform, service });
    }
  await Promise.all(
    [...missing.values()].map(async ({ image, platform, service }) => {
      await pullImage(context, {
        image,
        platform,
        quiet: options.quiet,
        isOptional: service.build !== undefined,
      });
      if (!context.dryRun) await inspectInto(context, found, image);
    }),
  );
  return Object.fromEntries(
    services.map((service) => [service.name, describe(context, project, { service, found })]),
  );
}

/** The service's own first, then those of image mounts and of hooks. */
function imagesOf({ separator }: ComposeContext, project: Project, service: Service): string[] {
  const mounted = (service.volumes ?? [])
    .filter(({ type }) => type === "image")
    .map(({ source }) => source ?? "");
  const hooks = (service.pre_start ?? []).map(({ image }) => image ?? "");
  return [
    imageName(project.name, service, separator),
    ...[...mounted, ...hooks].filter((name) => name !== ""),
  ];
}

/** A service without `image` has only what a build makes. */
function isPullable({ image }: Service, index: number): boolean {
  return index > 0 || image !== undefined;
}

export function platformOf(project: Project, service: Service): string {
  return service.platform ?? project.environment.DOCKER_DEFAULT_PLATFORM ?? "";
}

async function inspectAll(
  context: ComposeContext,
  names: readonly string[],
): Promise<Map<string, ImageInspect>> {
  const found = new Map<string, ImageInspect>();
  await Promise.all(names.map((name) => inspectInto(context, found, name)));
  return found;
}

async function inspectInto(
  { client, limiter }: ComposeContext,
  found: Map<string, ImageInspect>,
  name: string,
): Promise<void> {
  try {
    found.set(name, await limiter.run(() => client.images.inspect(name, { manifests: true })));
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
  }
}

export type PullPolicy =
  | { readonly kind: "always" | "missing" | "never" }
  | { readonly kind: "refresh"; readonly maxAgeMs: number };

/** @param isPart an image that cannot be built: one that is mounted, or a hook's */
export function pullPolicy(service: Service, override: string | undefined, isPart = false): PullPolicy {
  const text = override || service.pull_policy || "missing";
  if (text === "build") return { kind: isPart ? "missing" : "never" };
  if (text === "if_not_present") return { kind: "missing" };
  if (text === "always" || text === "missing" || text === "never") return { kind: text };
  const maxAgeMs = refreshAge(text, service);
  if (maxAgeMs === undefined)
    throw new InvalidArgument(`service "${service.name}": unknown pull policy "${text}"`, {
      hint: 'Use "always", "missing", "never", "daily", "weekly" or "every_DURATION"',
    });
  return { kind: "refresh", maxAgeMs };
}

const DAY_MS = 86_400_000;
const AGES: Readonly<Record<string, number>> = { daily: DAY_MS, weekly: 7 * DAY_MS };

function refreshAge(text: string, { pull_refresh_after }: Service): number | undefined {
  if (text in AGES) return AGES[text];
  if (text === "refresh") return durationWithDays(pull_refresh_after ?? "");
  return text.startsWith("every_") ? durationWithDays(text.slice("every_".length)) : undefined;
}

/** "2w1d12h": weeks and days, which other durations do not have. */
function durationWithDays(text: string): number | undefined {
  const match = /^(?:(\d+)w)?(?:(\d+)d)?(.*)$/.exec(text);
  if (!match || text === "") return undefined;
  const [, weeks = "0", days = "0", rest = ""] = match;
  return Number(weeks) * 7 * DAY_MS + Number(days) * DAY_MS + (rest ? parseDurationMs(rest) : 0);
}

/** Pure. @param found what is here of the image */
export function mustPull(policy: PullPolicy, found: ImageInspect | undefined, nowMs: number): boolean {
  switch (policy.kind) {
    case "always":
      return true;
    case "never":
      return false;
    case "missing":
      return found === undefined;
    case "refresh":
      return found === undefined || nowMs > Date.parse(found.Metadata.LastTagTime) + policy.maxAgeMs;
  }
}

interface DescribeInput {
  readonly service: Service;
  readonly found: ReadonlyMap<string, ImageInspect>;
}

/** @throws NotFound when there is no such image, Conflict when it is for other machines */
function describe(
  context: ComposeContext,
  project: Project,
  { service, found }: DescribeInput,
): ServiceImage {
  const name = imageName(project.name, service, context.separator);
  const image = found.get(name);
  if (!image) {
    if (context.dryRun) return { name, digest: "", volumeDigest: "", volumes: new Set() };
    throw missingImage(service, name);
  }
  const platform = platformOf(project, service);
  const content = contentDigest(image, platform);
  if (platform && !content.fits)
    throw new Conflict(
      `image "${name}" of service "${service.name}" is here, but not for platform "${platform}"`,
      { hint: `Fetch it with 'wharf compose pull ${service.name}'` },
    );
  const mounted = (service.volumes ?? []).filter(
    ({ type, source }) => type === "image" && found.has(source ?? ""),
  );
  const volumeDigest = mounted
    .map(({ target, source }) => `${target}=${contentDigest(found.get(source!)!, "").digest}`)
    .sort()
    .join(",");
  return {
    name,
    digest: content.digest,
    volumeDigest,
    volumes: new Set(Object.keys(image.Config?.Volumes ?? {})),
  };
}

function missingImage({ name, build, image }: Service, wanted: string): NotFound {
  if (build)
    return new NotFound(
      `service "${name}": image "${wanted}" is not here, and this version cannot build it`,
      {
        hint: `Build it with another tool and name it "${wanted}"; building comes with a later version`,
      },
    );
  return image
    ? new NotFound(`No such image: ${wanted}`, { hint: `Fetch it with 'wharf compose pull ${name}'` })
    : new NotFound(`service "${name}" has neither 'image' nor 'build'`, { hint: "Give it an image" });
}

/** Pure: the digest that marks what would run, and whether that is what the platform asks for. */
export function contentDigest(
  image: ImageInspect,
  platform: string,
): { readonly digest: string; readonly fits: boolean } {
  const host = { os: "linux", architecture: image.Architecture };
  const wanted = platform ? parsePlatform(platform, host) : undefined;
  const fits = (one: { os: string; architecture: string; variant?: string } | undefined) =>
    !wanted ||
    (one?.os === wanted.os &&
      one.architecture === wanted.architecture &&
      (!wanted.variant || !one.variant || one.variant === wanted.variant));
  const own = {
    os: image.Os,
    architecture: image.Architecture,
    ...(image.Variant ? { variant: image.Variant } : {}),
  };
  const manifests = ((image.Manifests ?? []) as ImageManifestSummary[]).filter(
    ({ Kind, Available }) => Kind === "image" && Available,
  );
  if (manifests.length === 0) return { digest: image.Id, fits: fits(own) };
  const match = manifests.find(({ ImageData }) =>
    wanted ? fits(ImageData?.Platform) : ImageData?.Platform?.architecture === image.Architecture,
  );
  if (match) return { digest: match.ID, fits: true };
  if (manifests.length > 1) return { digest: image.Id, fits: false };
  const [only] = manifests;
  return { digest: only!.ID, fits: only!.ImageData ? fits(only!.ImageData.Platform) : fits(own) };
}
