import { mkdirSync, writeFileSync } from "node:fs";
import type { SandboxRecord } from "#network/types.ts";
import type { Context } from "./context.ts";
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
  const { config, hostConfig } = record;
  const paths = pathsOf(ctx.settings, record.id);
  mkdirSync(paths.directory, { recursive: true, mode: 0o710 });
  writeFileSync(paths.hostname, `${config.Hostname}\n`);
  writeHosts(ctx, record, sandbox);
  writeFileSync(
    paths.resolvConf,
    ctx.networks.resolvConf({
      sandbox,
      networkMode: hostConfig.NetworkMode ?? "",
      dns: hostConfig.Dns ?? [],
      dnsSearch: hostConfig.DnsSearch ?? [],
      dnsOptions: hostConfig.DnsOptions ?? [],
    }),
  );
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
    extraHosts: [...(hostConfig.ExtraHosts ?? []), ...linkedHosts(ctx, record)],
  });
  writeFileSync(pathsOf(ctx.settings, record.id).hosts, text);
}

/** `--link web:db` makes "db" and "web" names of web's address. */
function linkedHosts(ctx: Pick<Context, "networks" | "records">, record: ContainerRecord): string[] {
  return (record.hostConfig.Links ?? []).flatMap((link) => {
    const { name, alias } = parseLink(link);
    const linked = ctx.records.find(name);
    const endpoint = linked && ctx.networks.sandbox(linked.id)?.endpoints[0];
    const address = endpoint?.ipv4?.address ?? endpoint?.ipv6?.address;
    return address === undefined
      ? []
      : [...new Set([alias, linked!.name])].map((host) => `${host}:${address}`);
  });
}

/** "web:db", "web", and "/web:/me/db" as inspect shows it. */
export function parseLink(link: string): { readonly name: string; readonly alias: string } {
  const [name = "", alias = name] = link.split(":");
  return { name: name.replace(/^\//, ""), alias: alias.split("/").at(-1)! };
}
