import { Internal, InvalidArgument, PermissionDenied } from "#base/errors.ts";
import type { EndpointSettings } from "#spec/docker/networks.ts";
import type { Context } from "./context.ts";
import { subjectOf } from "./emit.ts";
import { writeHosts, writeResolvConf } from "./files.ts";
import { nextStatus } from "./lifecycle.ts";
import { networkKind } from "./modes.ts";
import type { ContainerRecord } from "./types.ts";

/** One more network: at once when the container runs, else from its next start on. */
export async function connectContainer(
  ctx: Context,
  nameOrId: string,
  nameOfNetwork: string,
  settings: EndpointSettings,
): Promise<void> {
  const { id } = ctx.records.resolve(nameOrId);
  await ctx.locks.run(id, async () => {
    const before = ctx.records.resolve(id);
    nextStatus(subjectOf(ctx, before), "update");
    const network = ctx.networks.get(nameOfNetwork);
    checkMayConnect(before, network.name);
    const endpoints = { ...before.endpoints, [network.name]: settings };
    const after = ctx.records.update(id, { endpoints });
    if (!ctx.networks.sandbox(id)) return;
    try {
      ctx.networks.connect(id, network.id, settings);
    } catch (error) {
      ctx.records.put(before);
      throw error;
    }
    rewriteFiles(ctx, after);
    await ctx.networks.settled(id);
  });
}

export async function disconnectContainer(
  ctx: Context,
  nameOrId: string,
  nameOfNetwork: string,
  force: boolean,
): Promise<void> {
  const { id } = ctx.records.resolve(nameOrId);
  await ctx.locks.run(id, async () => {
    const before = ctx.records.resolve(id);
    const name = ctx.networks.find(nameOfNetwork)?.name ?? nameOfNetwork;
    if (networkKind(before.hostConfig.NetworkMode) === "host")
      throw new PermissionDenied(
        "container cannot be disconnected from host network or connected to host network",
      );
    const { [name]: removed, ...endpoints } = before.endpoints;
    const isRunning = ctx.networks.sandbox(id) !== undefined;
    if (!removed && !force)
      throw new Internal(`container ${id} is not connected to ${isRunning ? "" : "the "}network ${name}`);
    const after = ctx.records.update(id, { endpoints });
    if (!isRunning) return;
    try {
      ctx.networks.disconnect(id, name, { force });
    } catch (error) {
      ctx.records.put(before);
      throw error;
    }
    rewriteFiles(ctx, after);
    await ctx.networks.settled(id);
    await ctx.networks.gone();
  });
}

/**
 * After a crash of the engine in the middle of a connect or disconnect: the container's record says how it was to be, and
 * a network it cannot join now it joins at its next start.
 */
export function settleConnections(ctx: Context, record: ContainerRecord): void {
  const sandbox = ctx.networks.sandbox(record.id);
  if (!sandbox || sandbox.netnsPath === "" || record.config.NetworkDisabled) return;
  const attempt = (network: string, work: () => void) => {
    try {
      work();
      rewriteFiles(ctx, record);
    } catch (error) {
      const { name: container } = record;
      ctx.log.warn("cannot finish a change of a container's networks", { container, network, error });
    }
  };
  const wanted = Object.entries(record.endpoints).map(([name, settings]) => ({
    network: ctx.networks.find(name),
    settings,
  }));
  for (const { networkId, networkName } of sandbox.endpoints)
    if (!wanted.some(({ network }) => network?.id === networkId))
      attempt(networkName, () => ctx.networks.disconnect(record.id, networkId, { force: true }));
  for (const { network, settings } of wanted)
    if (network && !sandbox.endpoints.some(({ networkId }) => networkId === network.id))
      attempt(network.name, () => ctx.networks.connect(record.id, network.id, settings));
}

function checkMayConnect(record: ContainerRecord, network: string): void {
  const kind = networkKind(record.hostConfig.NetworkMode);
  if (kind === "container")
    throw new InvalidArgument(
      "container sharing network namespace with another container or host cannot be connected to any other network",
    );
  if (kind === "host")
    throw new PermissionDenied(
      "container cannot be disconnected from host network or connected to host network",
    );
  if (record.endpoints[network])
    throw new PermissionDenied(`endpoint with name ${record.name} already exists in network ${network}`);
}

/** Addresses, and from the first network with names on, whom to ask. */
function rewriteFiles(ctx: Context, record: ContainerRecord): void {
  const sandbox = ctx.networks.sandbox(record.id);
  if (!sandbox) return;
  writeHosts(ctx, record, sandbox);
  writeResolvConf(ctx, record, sandbox);
}
