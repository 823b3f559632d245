/** What systemd hands to a service and wants to hear from it. */

import type { Log } from "#base/log.ts";
import { sendDatagram } from "#kernel/process/notify.ts";

const FIRST_FD = 3;

export interface InheritedSocket {
  readonly fd: number;
  /** FileDescriptorName= of the socket unit; "unknown" where it has none. */
  readonly name: string;
}

export interface ServiceManager {
  readonly sockets: readonly InheritedSocket[];
  ready(status: string): void;
  reloading(): void;
  stopping(): void;
}

type Environment = Record<string, string | undefined>;

/** Variables that were for this process only, or would change how our own executable behaves as a helper. */
const NOT_FOR_CHILDREN = /^(?:LISTEN_PID|LISTEN_FDS|LISTEN_FDNAMES|NOTIFY_SOCKET|BUN_.*|NODE_OPTIONS)$/;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Reads what the service manager passed in the environment and takes it out, so that no child inherits it.
 * @see https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html
 * @see https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
 */
export function takeServiceManager(env: Environment, pid: number, log: Log): ServiceManager {
  const sockets = env.LISTEN_PID === String(pid) ? inheritedSockets(env) : [];
  const notifySocket = env.NOTIFY_SOCKET;
  for (const name of Object.keys(env)) if (NOT_FOR_CHILDREN.test(name)) delete env[name];
  env.PATH ||= DEFAULT_PATH;
  const tell = (message: string) => {
    if (!notifySocket) return;
    try {
      sendDatagram(notifySocket, message);
    } catch (error) {
      log.warn("the service manager cannot be told", { message, error });
    }
  };
  return {
    sockets,
    ready: (status) => tell(`READY=1\nSTATUS=${status}\n`),
    reloading: () => tell(`RELOADING=1\nMONOTONIC_USEC=${Math.floor(Bun.nanoseconds() / 1000)}\n`),
    stopping: () => tell("STOPPING=1\n"),
  };
}

function inheritedSockets(env: Environment): InheritedSocket[] {
  const count = Number(env.LISTEN_FDS ?? 0) || 0;
  const names = (env.LISTEN_FDNAMES ?? "").split(":");
  return Array.from({ length: count }, (_, i) => ({ fd: FIRST_FD + i, name: names[i] || "unknown" }));
}
