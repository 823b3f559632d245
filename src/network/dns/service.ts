import { closeSync, openSync } from "node:fs";
import type { Clock } from "#base/clock.ts";
import { Internal } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import type { Log } from "#base/log.ts";
import { LineChannel } from "./channel.ts";
import type { Command, CommandAnswer, Greeting, SandboxView } from "./types.ts";

/** A start takes a tenth of a second; on a busy machine a few. */
const START_DEADLINE_MS = 15_000;
const START_POLL_MS = 5;
/** Between attempts to bring a name server back that died with containers to serve. */
const REVIVE_MS = 500;

export interface NameServiceOptions {
  /** Our own executable in the role; gets the socket's path and the version. */
  readonly command: readonly string[];
  readonly socketPath: string;
  readonly logPath: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Names for containers, by a process that outlives the daemon. */
export interface NameService {
  /** Tells of a container, new or changed. */
  set(view: SandboxView): void;
  close(id: string): void;
  /** At daemon start: these containers and no others. */
  sync(views: readonly SandboxView[]): void;
  /** Until the container's last view is in force. @throws Internal when it cannot be served */
  settled(id: string): Promise<void>;
  /** Lets go of the process, which stays as long as it has containers. */
  [Symbol.dispose](): void;
}

/** Where names are nobody's business: tests of everything else. */
export const NO_NAMES: NameService = {
  set() {},
  close() {},
  sync() {},
  settled: () => Promise.resolve(),
  [Symbol.dispose]() {},
};

export class NameServerClient implements NameService {
  readonly #options: NameServiceOptions;
  /** What the name server should know. */
  readonly #views = new Map<string, SandboxView>();
  readonly #unsettled = new Map<string, Promise<void>>();
  readonly #answers = new Map<number, SentCommand>();
  #connection: Promise<Connection> | undefined;
  #lastNumber = 0;
  #isClosed = false;

  constructor(options: NameServiceOptions) {
    this.#options = options;
  }

  set(view: SandboxView): void {
    this.#views.set(view.id, view);
    this.#await(
      view.id,
      this.#tell((number) => ({ op: "set", number, view })),
    );
  }

  close(id: string): void {
    if (!this.#views.delete(id)) return;
    this.#unsettled.delete(id);
    if (this.#connection) this.#tell((number) => ({ op: "close", number, id })).catch(() => {});
  }

  sync(views: readonly SandboxView[]): void {
    this.#views.clear();
    for (const view of views) this.#views.set(view.id, view);
    // An old one may serve containers that are gone; without one there is nothing to tell.
    const begun = views.length > 0 ? this.#connect() : this.#connectIfThere();
    begun.catch((error) => this.#options.log.error("containers have no names", { error }));
  }

  async settled(id: string): Promise<void> {
    await this.#unsettled.get(id);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    void this.#connection?.then(({ channel }) => channel.close()).catch(() => {});
  }

  #await(id: string, answered: Promise<CommandAnswer>): void {
    const settled = answered.then(({ failures }) => {
      const failure = failures.find((one) => one.id === id);
      if (failure) throw new Internal(`cannot serve names to container ${id}: ${failure.message}`);
    });
    settled.catch(() => {}); // told to whoever waits
    this.#unsettled.set(id, settled);
    void settled
      .finally(() => {
        if (this.#unsettled.get(id) === settled) this.#unsettled.delete(id);
      })
      .catch(() => {});
  }

  async #tell(command: (number: number) => Command): Promise<CommandAnswer> {
    const { channel } = await this.#connect();
    return await this.#send(channel, command);
  }

  #send(channel: Connection["channel"], command: (number: number) => Command): Promise<CommandAnswer> {
    const number = ++this.#lastNumber;
    const { promise, resolve, reject } = Promise.withResolvers<CommandAnswer>();
    this.#answers.set(number, { channel, resolve, reject });
    channel.send(command(number));
    return promise;
  }

  /** A new connection begins with all that is known, so that it does not matter which name server answers. */
  #connect(): Promise<Connection> {
    this.#connection ??= this.#connectOrStart().catch((error) => {
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
  }

  async #connectIfThere(): Promise<void> {
    const found = await this.#dial();
    if (!found) return;
    this.#connection = Promise.resolve(found);
    await this.#greet(found);
  }

  async #connectOrStart(): Promise<Connection> {
    const found = await this.#dial();
    const isOurs = found && (await found.greeting).version === this.#options.version;
    const connection = isOurs ? found : await this.#start();
    await this.#greet(connection);
    if (found && !isOurs) found.channel.send({ op: "quit" } satisfies Command);
    return connection;
  }

  async #greet({ channel }: Connection): Promise<void> {
    const views = [...this.#views.values()];
    const { failures } = await this.#send(channel, (number) => ({ op: "sync", number, views }));
    for (const { id, message } of failures)
      this.#options.log.error("cannot serve names to a container", { container: id, reason: message });
  }

  async #start(): Promise<Connection> {
    const { command, socketPath, logPath, version, clock } = this.#options;
    const log = openSync(logPath, "a", 0o640);
    const child = Bun.spawn([...command, socketPath, version], {
      stdio: ["ignore", "ignore", log],
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
      cwd: "/",
      detached: true,
    });
    closeSync(log);
    child.unref();
    for (let waitedMs = 0; waitedMs < START_DEADLINE_MS; waitedMs += START_POLL_MS) {
      const connection = await this.#dial();
      if (connection && (await connection.greeting).version === version) return connection;
      connection?.channel.close(); // the old one still has the name
      if (child.exitCode !== null) break;
      await clock.sleep(START_POLL_MS);
    }
    throw new Internal(`the name server does not come up; see ${logPath}`);
  }

  /** Undefined: nobody listens. */
  async #dial(): Promise<Connection | undefined> {
    const greeting = Promise.withResolvers<Greeting>();
    greeting.promise.catch(() => {});
    let channel!: LineChannel<Greeting | CommandAnswer>;
    const take = (message: Greeting | CommandAnswer) => {
      if ("version" in message) greeting.resolve(message);
      else this.#answered(message);
    };
    try {
      const socket = await Bun.connect({
        unix: this.#options.socketPath,
        socket: {
          open: (opened) => {
            channel = new LineChannel(opened, take);
          },
          data: (_socket, bytes) => channel.data(bytes),
          drain: () => channel.drained(),
          close: () => {
            greeting.reject(new Internal("the name server closed the connection"));
            this.#lost(channel);
          },
        },
      });
      channel ??= new LineChannel(socket, take);
      return { channel, greeting: greeting.promise };
    } catch (error) {
      if (isErrno(error, "ENOENT") || isErrno(error, "ECONNREFUSED")) return undefined;
      throw error;
    }
  }

  #answered(answer: CommandAnswer): void {
    this.#answers.get(answer.number)?.resolve(answer);
    this.#answers.delete(answer.number);
  }

  /** It died, or had nothing to do any more. */
  #lost(channel: unknown): void {
    const lost = new Internal("the name server ended");
    for (const [number, answer] of this.#answers) {
      if (answer.channel !== channel) continue;
      this.#answers.delete(number);
      answer.reject(lost);
    }
    const current = this.#connection;
    const forget = (connection: Connection) => {
      if (connection.channel !== channel || this.#connection !== current) return;
      this.#connection = undefined;
      if (!this.#isClosed && this.#views.size > 0) void this.#revive();
    };
    current?.then(forget, () => {}); // whoever began it hears of the failure
  }

  async #revive(): Promise<void> {
    const { clock, log } = this.#options;
    log.warn("the name server ended: starting another", { containers: this.#views.size });
    while (!this.#isClosed && this.#views.size > 0) {
      try {
        await this.#connect();
        return;
      } catch (error) {
        log.error("containers have no names", { error });
        await clock.sleep(REVIVE_MS);
      }
    }
  }
}

/** A command that was sent and not answered yet. */
interface SentCommand {
  readonly channel: Connection["channel"];
  readonly resolve: (answer: CommandAnswer) => void;
  readonly reject: (error: Error) => void;
}

interface Connection {
  readonly channel: LineChannel<Greeting | CommandAnswer>;
  readonly greeting: Promise<Greeting>;
}
