import { chmodSync, rmSync } from "node:fs";
import type { Socket } from "bun";
import { createKernel } from "#kernel/linux.ts";
import { LineChannel } from "./channel.ts";
import { NameServer } from "./server.ts";
import type { Command, CommandAnswer } from "./types.ts";

/** How long a name server without containers stays for the next one; a start costs a tenth of a second. */
const LINGER_MS = 10_000;

/**
 * The name server's own process. It ends when it serves no container and its daemon is gone or has not needed it for a
 * while.
 * @param argv path of the socket to listen at, our version
 */
export async function runNameServer([path, version]: readonly string[]): Promise<number> {
  if (!path || !version) throw new Error("usage: wharf name-server SOCKET VERSION (the daemon runs this)");
  for (const signal of ["SIGHUP", "SIGINT"] as const) process.on(signal, () => {}); // meant for the daemon
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const server = new NameServer({ kernel: createKernel() });
  const idle = new IdleTimer(() => server.size === 0, end);
  rmSync(path, { force: true });
  const listener = Bun.listen<Connection>({ unix: path, socket: handlers(server, version, idle, end) });
  chmodSync(path, 0o600);
  idle.check();
  await ended;
  listener.stop(true);
  server[Symbol.dispose]();
  return 0;
}

interface Connection {
  channel: LineChannel<Command>;
}

function handlers(
  server: NameServer,
  version: string,
  idle: IdleTimer,
  end: () => void,
): Bun.SocketHandler<Connection> {
  return {
    open(socket) {
      idle.connected(1);
      const channel = new LineChannel<Command>(socket as unknown as Socket<undefined>, (command) => {
        if (command.op === "quit") return end();
        const answer: CommandAnswer = { number: command.number, failures: obey(server, command) };
        channel.send(answer);
        idle.check();
      });
      socket.data = { channel };
      channel.send({ version });
    },
    data(socket, bytes) {
      try {
        socket.data.channel.data(bytes);
      } catch {
        socket.terminate(); // not our daemon
      }
    },
    drain: (socket) => socket.data.channel.drained(),
    close() {
      idle.connected(-1);
      idle.check();
    },
  };
}

function obey(server: NameServer, command: Exclude<Command, { op: "quit" }>): CommandAnswer["failures"] {
  switch (command.op) {
    case "sync":
      return server.sync(command.views);
    case "set":
      return server.set(command.view);
    case "close":
      server.delete(command.id);
      return [];
  }
}

/** Ends the process when there is nothing left to do. */
class IdleTimer {
  readonly #isIdle: () => boolean;
  readonly #end: () => void;
  #connections = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(isIdle: () => boolean, end: () => void) {
    this.#isIdle = isIdle;
    this.#end = end;
  }

  connected(change: 1 | -1): void {
    this.#connections += change;
  }

  check(): void {
    clearTimeout(this.#timer);
    if (!this.#isIdle()) return;
    this.#timer = setTimeout(this.#end, this.#connections > 0 ? LINGER_MS : LINGER_MS / 10);
  }
}
