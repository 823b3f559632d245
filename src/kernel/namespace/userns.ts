import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Internal } from "#base/errors.ts";
import { MS } from "../ffi/constants.ts";
import { mount, unmount } from "../mount/mounts.ts";
import type { IdMapping, UserNamespaceRequest, UserNamespaces } from "../types.ts";

/**
 * A process of several threads can neither make nor enter a user namespace. A short-lived helper makes it (and the
 * network namespace it is to own), waits until it is mapped and pinned, and ends.
 */
const HELPER = ["sh", "-c", "echo && read -r _"];

export function createUserNamespaces(prepareNetwork: (path: string) => void): UserNamespaces {
  return {
    async create(request) {
      const helper = Bun.spawn(commandFor(request), { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
      try {
        await untilReady(helper);
        pinAll(helper.pid, request);
        if (request.networkPath !== undefined) prepareNetwork(request.networkPath);
      } catch (error) {
        if (!request.isThere) remove(request.path);
        if (request.networkPath !== undefined) remove(request.networkPath);
        throw error;
      } finally {
        helper.kill("SIGKILL");
      }
    },
    remove,
  };
}

function commandFor({ path, networkPath, isThere }: UserNamespaceRequest): string[] {
  const network = networkPath === undefined ? [] : ["--net"];
  return isThere
    ? ["nsenter", `--user=${path}`, "unshare", ...network, ...HELPER]
    : ["unshare", "--user", ...network, ...HELPER];
}

async function untilReady(helper: Bun.Subprocess<"pipe", "pipe", "pipe">): Promise<void> {
  const reader = helper.stdout.getReader();
  const { done } = await reader.read();
  reader.releaseLock();
  if (!done) return;
  const words = (await new Response(helper.stderr).text()).trim();
  throw new Internal(`cannot make a user namespace: ${words || "unshare ended at once"}`, {
    hint: "see /proc/sys/user/max_user_namespaces and kernel.unprivileged_userns_clone",
  });
}

function pinAll(pid: number, { path, networkPath, isThere, uids, gids }: UserNamespaceRequest): void {
  if (!isThere) {
    writeFileSync(`/proc/${pid}/uid_map`, mapText(uids));
    writeFileSync(`/proc/${pid}/gid_map`, mapText(gids));
    pin(`/proc/${pid}/ns/user`, path);
  }
  if (networkPath !== undefined) pin(`/proc/${pid}/ns/net`, networkPath);
}

/** All lines in one write: the kernel takes a second one for a change, which there is none of. */
function mapText(mappings: readonly IdMapping[]): string {
  return mappings.map(({ containerId, hostId, size }) => `${containerId} ${hostId} ${size}\n`).join("");
}

function pin(source: string, path: string): void {
  remove(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  closeSync(openSync(path, "w", 0o444));
  mount(source, path, "", MS.BIND);
}

/** Gone already counts as done. */
function remove(path: string): void {
  unmount(path, true);
  rmSync(path, { force: true });
}
