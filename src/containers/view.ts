import { securityOf } from "#runtime/spec/security.ts";
import type { Context } from "./context.ts";
import { generatedFiles } from "./files.ts";
import { isUp } from "./lifecycle.ts";
import { shownLinks } from "./links.ts";
import { pathsOf } from "./paths.ts";
import { NEVER } from "./times.ts";
import type { ContainerRecord, ContainerView } from "./types.ts";

type Sizes = ContainerView["sizes"];

/** The record with what only the running engine knows. What costs a look elsewhere is looked up when it is asked for. */
export function viewOf(
  ctx: Context,
  record: ContainerRecord,
  sizes?: Sizes,
  linkNames: readonly string[] = [],
): ContainerView {
  const sandbox = isUp(record.state.status) ? ctx.networks.sandbox(record.id) : undefined;
  return {
    ...record,
    endpoints: sandbox ? record.endpoints : knownEndpoints(ctx, record),
    get hostConfig() {
      const { hostConfig } = record;
      return hostConfig.Links?.length ? { ...hostConfig, Links: shownLinks(ctx, record) } : hostConfig;
    },
    linkNames,
    sandbox,
    networks: sandbox?.endpoints ?? [],
    get execIds() {
      return ctx.sessions.openIdsOf(record.id);
    },
    get paths() {
      const log =
        record.hostConfig.LogConfig?.Type === "json-file" ? pathsOf(ctx.settings, record.id).log : "";
      return { ...generatedFiles(ctx, record), log };
    },
    get confinement() {
      return confinementOf(ctx, record);
    },
    driver: ctx.snapshots.name,
    get driverData() {
      return ctx.snapshots.driverData(record.id);
    },
    sizes,
  };
}

/** A container that ran before still tells which networks those were. */
function knownEndpoints({ networks }: Context, { endpoints, state }: ContainerRecord) {
  if (state.startedAt === NEVER) return endpoints;
  return Object.fromEntries(
    Object.entries(endpoints).map(([name, settings]) => {
      const network = networks.find(name);
      return [name, network ? { ...settings, NetworkID: network.id } : settings];
    }),
  );
}

export async function sizesOf(ctx: Context, record: ContainerRecord): Promise<Sizes> {
  const rw = await ctx.snapshots.writableSize(record.id);
  return { rw, rootFs: rw + (ctx.images.find(record.imageId)?.sizeBytes ?? 0) };
}

function confinementOf(
  { specs }: Context,
  { id, hostConfig }: ContainerRecord,
): ContainerView["confinement"] {
  try {
    const { process, mountLabel } = securityOf(hostConfig, specs.host, specs.defaults, id);
    return {
      apparmorProfile: process.apparmorProfile ?? (specs.host.features.apparmor ? "unconfined" : ""),
      processLabel: process.selinuxLabel ?? "",
      mountLabel: mountLabel ?? "",
    };
  } catch {
    return undefined; // made on another kernel: its start will say why it cannot run here
  }
}
