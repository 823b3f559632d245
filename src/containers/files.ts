import { mkdirSync, writeFileSync } from "node:fs";
import type { SandboxRecord } from "#network/types.ts";
import type { Context } from "./context.ts";
import { linkedHosts } from "./links.ts";
import { containerOfMode } from "./modes.ts";
import { type ContainerPaths, pathsOf } from "./paths.ts";
import type { ContainerRecord } from "./types.ts";

/** The files a container sees as /etc/hosts, /etc/hostname and /etc/resolv.conf. */
export type GeneratedFiles = Pick<ContainerPaths, "hosts" | "hostname" | "resolvConf">;

/** A container in another's network uses the other's files too, as in Docker. */
export function generatedFiles(
  ctx: Pick<Context, "records" | "settings">,
  record: ContainerRecord,
): GeneratedFiles {
  const shared = containerOfMode(record.hostConfig.NetworkMode);
  const owner = shared === undefined ? undefined : ctx.records.find(shared);
  const { hosts, hostname, resolvConf } = pathsOf(ctx.settings, owner?.id ?? record.id);
  return { hosts, hostname, resolvConf };
}

/**
 * Writes them for one run. In place, never by rename: a running container has these very files mounted, and after
 * joining a network it must see the new addresses.
 */
export function writeGeneratedFiles(
  ctx: Pick<Context, "networks" | "settings" | "records">,
  record: ContainerRecord,
  sandbox: SandboxRecord,
): void {
  const { config } = record;
  const paths = pathsOf(ctx.settings, record.id);
  mkdirSync(paths.directory, { recursive: true, mode: 0o710 });
  writeFileSync(paths.hostname, `${config.Hostname}\n`);
  writeHosts(ctx, record, sandbox);
  writeResolvConf(ctx, record, sandbox);
}

export function writeResolvConf(
  ctx: Pick<Context, "networks" | "settings">,
  record: ContainerRecord,
  sandbox: SandboxRecord,
): void {
  const { hostConfig } = record;
  const text = ctx.networks.resolvConf({
    sandbox,
    networkMode: hostConfig.NetworkMode ?? "",
    dns: hostConfig.Dns ?? [],
    dnsSearch: hostConfig.DnsSearch ?? [],
    dnsOptions: hostConfig.DnsOptions ?? [],
  });
  writeFileSync(pathsOf(ctx.settings, record.id).resolvConf, text);
}

export function writeHosts(
  ctx: Pick<Context, "networks" | "settings" | "records">,
  record: ContainerRecord,
  sandbox: SandboxRecord,
): void {
  const { config, hostConfig } = record;
  const text = ctx.networks.hostsFile({
    hostname: config.Hostname ?? "",
    domainname: config.Domainname ?? "",
    sandbox: sandbox.netnsPath === "" ? undefined : sandbox,
    extraHosts: hostConfig.ExtraHosts ?? [],
    linked: linkedHosts(ctx, record),
  });
  writeFileSync(pathsOf(ctx.settings, record.id).hosts, text);
}
