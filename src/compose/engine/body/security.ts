import { InvalidArgument } from "#base/errors.ts";
import type { HostConfig } from "#spec/docker/containers.ts";
import type { Service } from "../../model/types.ts";
import { present } from "./resources.ts";

const SECCOMP = "seccomp";

/** Not files, though they stand where a profile's path does. */
const SECCOMP_WORDS = ["unconfined", "builtin"];

/** Paths of the seccomp profiles a service asks for, as it wrote them. */
export function seccompPaths({ security_opt = [] }: Service): string[] {
  return security_opt
    .map(splitOption)
    .filter(({ name, value }) => name === SECCOMP && !SECCOMP_WORDS.includes(value))
    .map(({ value }) => value);
}

/** @param profiles their texts by path */
export function planSecurity(service: Service, profiles: Readonly<Record<string, string>>): HostConfig {
  const all = service.security_opt ?? [];
  const isUnconfined = all.includes("systempaths=unconfined");
  const options = all
    .filter((option) => option !== "systempaths=unconfined")
    .map((option) => {
      const { name, value } = splitOption(option);
      const profile = name === SECCOMP ? profiles[value] : undefined;
      return profile === undefined ? option : `seccomp=${profile}`;
    });
  return present({
    SecurityOpt: options.length > 0 ? options : undefined,
    MaskedPaths: isUnconfined ? [] : undefined,
    ReadonlyPaths: isUnconfined ? [] : undefined,
    CapAdd: capabilities(service.cap_add),
    CapDrop: capabilities(service.cap_drop),
    Privileged: service.privileged,
    ReadonlyRootfs: service.read_only,
  });
}

/** "CAP_NET_ADMIN" for "net_admin", each once, sorted; undefined for none. */
function capabilities(names: readonly string[] | undefined): string[] | undefined {
  if (!names?.length) return undefined;
  const full = names
    .map((name) => name.trim().toUpperCase())
    .map((name) => (name === "ALL" || name.startsWith("CAP_") ? name : `CAP_${name}`));
  return full.includes("ALL") ? ["ALL"] : [...new Set(full)].sort();
}

/** "name=value" or the older "name:value". @throws InvalidArgument */
function splitOption(option: string): { readonly name: string; readonly value: string } {
  const at = option.search(/[=:]/);
  if (at >= 0) return { name: option.slice(0, at), value: option.slice(at + 1) };
  if (option === "no-new-privileges") return { name: option, value: "" };
  throw new InvalidArgument(`invalid security-opt: ${JSON.stringify(option)}`, {
    hint: "Write it as NAME=VALUE",
  });
}
