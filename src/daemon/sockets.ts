/** The API's listening sockets: opened with the right owner, and gone with the daemon. */
import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Api, ListenAddress } from "#api/types.ts";
import { Conflict, InvalidArgument, messageOf, Unavailable } from "#base/errors.ts";
import { isErrno, readIfExists } from "#base/fs.ts";
import type { Log } from "#base/log.ts";
import { DEFAULT_GROUP } from "./config.ts";
import type { InheritedSocket } from "./service-manager.ts";
import type { DaemonConfig, HostAddress } from "./types.ts";

export interface SocketDeps {
  readonly api: Pick<Api, "listen">;
  readonly inherited: readonly InheritedSocket[];
  readonly log: Log;
}

/**
 * Listens on every configured address.
 * @returns what removes the socket files again; listening itself ends with the API
 * @throws Conflict when another daemon answers there; Unavailable when the address cannot be bound
 */
export async function openSockets(
  config: Pick<DaemonConfig, "hosts" | "group" | "tls">,
  deps: SocketDeps,
): Promise<Disposable> {
  using undo = new DisposableStack();
  for (const host of config.hosts) {
    if (host.kind === "unix") undo.use(await listenUnix(host.path, config.group, deps));
    else for (const address of addressesOf(host, deps.inherited)) listenAt(address, config, deps);
  }
  return undo.move();
}

function addressesOf(
  host: Exclude<HostAddress, { kind: "unix" }>,
  inherited: readonly InheritedSocket[],
): ListenAddress[] {
  if (host.kind === "tcp") return [{ host: host.host, port: host.port }];
  const sockets = inherited.filter(({ name, fd }) => [name, String(fd), ""].includes(host.name));
  if (sockets.length === 0)
    throw new InvalidArgument(`no socket was passed for fd://${host.name}`, {
      hint: "only systemd can start a daemon with -H fd://, from a socket unit",
    });
  return sockets.map(({ fd }) => ({ fd }));
}

function listenAt(
  address: ListenAddress,
  { tls }: Pick<DaemonConfig, "tls">,
  { api, log }: SocketDeps,
): void {
  try {
    const { port } = api.listen(address, tls);
    log.info("API listening", {
      ...address,
      ...(port === undefined ? {} : { port }),
      tls: tls !== undefined,
    });
  } catch (error) {
    throw cannotListen(JSON.stringify(address), error);
  }
}

async function listenUnix(path: string, group: string, { api, log }: SocketDeps): Promise<Disposable> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  await removeStaleSocket(path);
  const umask = process.umask(0o177); // nobody may connect before the owner is right
  try {
    api.listen({ unix: path });
  } catch (error) {
    throw cannotListen(path, error);
  } finally {
    process.umask(umask);
  }
  const gid = groupId(group, log);
  chownSync(path, 0, gid ?? 0);
  chmodSync(path, 0o660);
  log.info("API listening", { unix: path, ...(gid === undefined ? {} : { group }) });
  const { ino } = statSync(path);
  return {
    [Symbol.dispose]() {
      if (inodeOf(path) === ino) rmSync(path, { force: true });
    },
  };
}

/** A socket nobody answers on is what a crash left. */
async function removeStaleSocket(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isSocket())
    throw new Conflict(`${path} is there and is no socket`, { hint: "choose another -H, or move it" });
  if (await isAnswered(path))
    throw new Conflict(`another daemon listens on ${path}`, {
      hint: "stop it, or give this one a -H of its own",
    });
  rmSync(path, { force: true });
}

async function isAnswered(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {} } });
    socket.terminate();
    return true;
  } catch (error) {
    if (isErrno(error, "ECONNREFUSED") || isErrno(error, "ENOENT")) return false;
    throw error;
  }
}

function inodeOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino;
}

/** @returns undefined when the default group does not exist, which is normal: the socket is root's then */
function groupId(name: string, log: Log): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  const line = (readIfExists("/etc/group") ?? "").split("\n").find((one) => one.startsWith(`${name}:`));
  if (line) return Number(line.split(":")[2]);
  if (name !== DEFAULT_GROUP)
    throw new InvalidArgument(`group ${name} does not exist`, {
      hint: `groupadd ${name}, or choose another --group`,
    });
  log.debug("no group for the socket: only root can use it", { group: name });
  return undefined;
}

function cannotListen(where: string, error: unknown): Unavailable {
  const code = (error as NodeJS.ErrnoException).code;
  return new Unavailable(`cannot listen on ${where}: ${code ? `${code}: ` : ""}${messageOf(error)}`, {
    cause: error,
  });
}
