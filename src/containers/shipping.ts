import { existsSync, mkdirSync } from "node:fs";
import { basename } from "node:path";
import { namesIn } from "#base/fs.ts";
import { splitLines } from "#base/streams.ts";
import { logSubject } from "./container-log.ts";
import type { Context } from "./context.ts";
import type { ShipOrder, ShipReport } from "./logs/forward/reports.ts";
import { isDoomed, markRemoved, removeSpool, writeTarget } from "./logs/forward/spool.ts";
import { isByPlugin, isRemote } from "./logs/options.ts";
import { logSpoolRoot, pathsOf } from "./paths.ts";
import type { ContainerRecord } from "./types.ts";

type Helper = Bun.Subprocess<"pipe", "pipe", "inherit">;
type Parts = Pick<Context, "settings" | "log" | "closing" | "clock" | "records" | "logPlugin">;

/** After a helper that ended by itself. */
const START_AGAIN_MS = 2000;

/**
 * Ships the logs of containers whose driver sends them somewhere, in a process of its own that runs only while there is
 * something to ship: endpoints may be slow, dead or many, and none of that is the daemon's or a container's business.
 */
export class LogShipping {
  readonly #ctx: Parts;
  readonly #command: readonly string[];
  /** The last order for each spool that is not done yet. */
  readonly #orders = new Map<string, ShipOrder>();
  #lastNumber = 0;
  #helper: Helper | undefined;

  constructor(ctx: Parts, command: readonly string[]) {
    this.#ctx = ctx;
    this.#command = command;
  }

  /** A run is about to begin: its lines go where the container's configuration says now. */
  begin(record: ContainerRecord): void {
    const directory = this.#spoolOf(record.id);
    const { LogConfig } = record.hostConfig;
    const { Type = "", Config } = LogConfig ?? {};
    const plugin = isByPlugin(LogConfig) ? this.#ctx.logPlugin(Type) : undefined;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeTarget(directory, {
      driver: Type,
      options: Config ?? {},
      subject: logSubject(this.#ctx, record),
      plugin,
    });
    this.#order({ directory, isRunning: true });
  }

  /** The process has ended, or never ran: what is written is all there will be. */
  ended(record: ContainerRecord): void {
    const directory = this.#spoolOf(record.id);
    if (isRemote(record.hostConfig.LogConfig) && existsSync(directory))
      this.#order({ directory, isRunning: false });
  }

  /** The container goes: its spool follows when everything is sent. */
  removed(id: string): void {
    const directory = this.#spoolOf(id);
    if (!existsSync(directory)) return;
    markRemoved(directory);
    this.#order({ directory, isRunning: false });
  }

  /** Goes on with what the last daemon left. @param running ids of containers that run */
  recover(running: ReadonlySet<string>): void {
    for (const id of namesIn(logSpoolRoot(this.#ctx.settings))) {
      const directory = this.#spoolOf(id);
      if (isDoomed(id) || !existsSync(`${directory}/target.json`)) removeSpool(directory);
      else if (this.#ctx.records.get(id)) this.#order({ directory, isRunning: running.has(id) });
      else this.removed(id);
    }
  }

  close(): void {
    this.#helper?.stdin.end();
  }

  #spoolOf(id: string): string {
    return pathsOf(this.#ctx.settings, id).logSpool;
  }

  #order(request: Pick<ShipOrder, "directory" | "isRunning">): void {
    if (this.#ctx.closing.aborted) return;
    const order = { ...request, number: ++this.#lastNumber };
    this.#orders.set(order.directory, order);
    if (this.#helper) this.#tell(this.#helper, order);
    else this.#start();
  }

  #tell(helper: Helper, order: ShipOrder): void {
    helper.stdin.write(`${JSON.stringify(order)}\n`);
    void helper.stdin.flush();
  }

  #start(): void {
    const helper = Bun.spawn([...this.#command], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
      cwd: "/",
    });
    this.#helper = helper;
    for (const order of this.#orders.values()) this.#tell(helper, order);
    void this.#listen(helper).catch((error) =>
      this.#ctx.log.error("the log shipper cannot be heard", { error }),
    );
  }

  async #listen(helper: Helper): Promise<void> {
    for await (const line of splitLines(helper.stdout)) this.#hear(helper, JSON.parse(line) as ShipReport);
    await helper.exited;
    if (this.#helper === helper) this.#helper = undefined;
    if (this.#ctx.closing.aborted || this.#orders.size === 0) return;
    if (helper.exitCode !== 0) {
      this.#ctx.log.error("the log shipper ended by itself and is started again", { code: helper.exitCode });
      await this.#ctx.clock.sleep(START_AGAIN_MS, this.#ctx.closing);
    }
    if (!this.#helper && !this.#ctx.closing.aborted) this.#start();
  }

  #hear(helper: Helper, report: ShipReport): void {
    const fields = { container: basename(report.directory) };
    const { log } = this.#ctx;
    if (report.kind === "failing")
      log.warn("log endpoint takes no lines; they are kept", { ...fields, reason: report.reason });
    else if (report.kind === "recovered") log.info("log endpoint takes lines again", fields);
    else if (report.kind === "dropped")
      log.warn("log endpoint is too slow: lines dropped", { ...fields, lines: report.lines });
    else if (report.kind === "lost")
      log.warn("log lines were never sent: their spool was full", { ...fields, bytes: report.bytes });
    else this.#done(helper, report);
  }

  /** A helper without work ends; the next container with such a driver starts another. */
  #done(
    helper: Helper,
    { directory, number }: { readonly directory: string; readonly number: number },
  ): void {
    if (this.#orders.get(directory)?.number === number) this.#orders.delete(directory);
    if (this.#orders.size > 0 || this.#helper !== helper) return;
    this.#helper = undefined;
    helper.stdin.end();
  }
}
