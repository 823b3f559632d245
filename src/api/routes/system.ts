import { InvalidArgument } from "#base/errors.ts";
import { parseDurationMs } from "#base/units.ts";
import { type ApiVersion, isBefore } from "#spec/docker/versions.ts";
import { type ApiRequest, json, plainText, type Reply, type Route } from "../handler.ts";
import { readJson } from "../json-body.ts";
import { diskUsageView } from "../map/disk-usage.ts";
import { infoView } from "../map/info.ts";
import { AuthConfigSchema } from "../schemas/auth.ts";
import type { ApiParts, DiskUsagePart } from "../types.ts";

export const routes: readonly Route[] = [
  { method: "GET", path: "/_ping", handle: ping, isEarly: true },
  { method: "HEAD", path: "/_ping", handle: ping, isEarly: true },
  { method: "GET", path: "/version", handle: (_, { system }) => json(system.version()), isEarly: true },
  { method: "GET", path: "/info", handle: info },
  { method: "GET", path: "/system/df", handle: diskUsage },
  { method: "POST", path: "/auth", handle: login, bodyIs: "credentials" },
  // Ours alone, as are its parameters, which have the names of the daemon's options.
  { method: "POST", path: "/system/gc", handle: collectGarbage },
];

function ping(request: ApiRequest): Reply {
  return plainText("OK", {
    "Builder-Version": request.options.builderVersion,
    "Cache-Control": "no-cache, no-store, must-revalidate",
    Pragma: "no-cache",
    Swarm: "inactive",
  });
}

async function info(request: ApiRequest, { system }: ApiParts): Promise<Reply> {
  return json(infoView(await system.info(), request.version));
}

const ALL_PARTS: readonly DiskUsagePart[] = ["container", "image", "volume", "build-cache"];

async function diskUsage(request: ApiRequest, parts: ApiParts): Promise<Reply> {
  const { query, version } = request;
  const usage = await parts.system.diskUsage(new Set(diskUsageParts(query.list("type"), version)));
  const findVolume = (name: string) => parts.volumes.find(name);
  const verbose = query.boolean("verbose");
  return json(diskUsageView(usage, { version, nowMs: request.now, findVolume, verbose }));
}

function diskUsageParts(asked: readonly string[], version: ApiVersion): readonly DiskUsagePart[] {
  if (asked.length === 0 || isBefore(version, "1.42")) return ALL_PARTS;
  return asked.map((name) => {
    const part = ALL_PARTS.find((known) => known === name);
    if (!part) throw new InvalidArgument(`unknown object type: ${name}`);
    return part;
  });
}

async function collectGarbage({ query }: ApiRequest, { system }: ApiParts): Promise<Reply> {
  const minimumAge = query.optional("minimum-age");
  return json(
    await system.collectGarbage({
      dryRun: query.boolean("dry-run"),
      highThreshold: query.optionalInteger("high-threshold"),
      lowThreshold: query.optionalInteger("low-threshold"),
      minimumAgeMs: minimumAge === undefined ? undefined : parseDurationMs(minimumAge),
    }),
  );
}

async function login(request: ApiRequest, { images }: ApiParts): Promise<Reply> {
  const auth = (await readJson(request, AuthConfigSchema)) ?? {};
  const { status, identityToken } = await images.login(auth, request.signal);
  return json({ Status: status, IdentityToken: identityToken ?? "" });
}
