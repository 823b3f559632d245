/** An attached `up`: output of all containers, until they have ended or the user stops them. */
import { messageOf } from "#base/errors.ts";
import type { Project } from "../../model/types.ts";
import type { PlanRun } from "../act/execute.ts";
import { allSettled } from "../graph.ts";
import { LABEL } from "../labels.ts";
import { forEachContainer, replicasOfProject, stopServices } from "../lifecycle.ts";
import { shortName } from "../names.ts";
import type { ComposeContext, ObservedContainer } from "../types.ts";
import { channelPieces, type LogSink, pumpLines } from "./lines.ts";
import { streamLogs } from "./logs.ts";
import { type MonitorEvent, monitor } from "./monitor.ts";

export interface SessionOptions {
  readonly sink: LogSink;
  /** Services whose output is shown. */
  readonly attachTo: ReadonlySet<string>;
  /** Services whose ends count; those of the call. */
  readonly services: ReadonlySet<string>;
  /** What the end of a container means for the others. */
  readonly onExit: "ignore" | "stop" | "stopOnFailure";
  /** The service whose exit code is the session's; "" for none. */
  readonly exitCodeFrom: string;
  readonly stopTimeoutSeconds?: number;
  /** Calls back at the user's first and second wish to end. */
  readonly onInterrupt: (callback: () => void) => Disposable;
  /** Calls back when the user wants to leave and the containers to go on. */
  readonly onDetach?: (callback: () => void) => Disposable;
}

/** @param run whose containers have been created and not yet started @returns the exit code */
export async function runSession(
  context: ComposeContext,
  project: Project,
  options: SessionOptions & { readonly run: PlanRun },
): Promise<number> {
  const session = new UpSession(context, project, options);
  return await session.follow(options.run);
}

/** What a shell reports for SIGINT. */
const INTERRUPTED_EXIT_CODE = 130;

class UpSession {
  readonly #context: ComposeContext;
  readonly #project: Project;
  readonly #options: SessionOptions;
  readonly #abort = new AbortController();
  readonly #streams: Promise<void>[] = [];
  /** Containers whose output comes over a connection that was opened before they were started. */
  readonly #attached = new Set<string>();
  readonly #alive = new Set<string>();
  /** Those that are known to run: their end will be told. */
  readonly #running = new Set<string>();
  readonly #work: Promise<void>[] = [];
  /** The plan has come to its end, well or not: nothing is started any more. */
  #isStarted = false;
  #cancelStart = () => {};
  #isDetached = false;
  #isEnding = false;
  #exitCode = 0;
  #isInterrupted = false;

  constructor(context: ComposeContext, project: Project, options: SessionOptions) {
    this.#context = context;
    this.#project = project;
    this.#options = options;
  }

  async follow(run: PlanRun): Promise<number> {
    this.#cancelStart = () => run.cancel();
    const { client } = this.#context;
    const { services } = this.#options;
    using _interrupts = this.#options.onInterrupt(() => this.#interrupt());
    // First the events, then who is there: nobody can end unheard in between.
    const events = await monitor(client, {
      project: this.#project.name,
      services,
      signal: this.#abort.signal,
    });
    const all = (await replicasOfProject(this.#context, this.#project)).filter(({ service }) =>
      services.has(service),
    );
    for (const { id, state } of all) {
      this.#alive.add(id);
      if (state === "running") this.#running.add(id);
    }
    await this.#attachAll(all.filter(({ service }) => this.#options.attachTo.has(service)));
    const watching = this.#watch(events);
    watching.catch(() => {}); // awaited below
    using _keys = this.#options.onDetach?.(() => this.#detach());
    try {
      if (!this.#isEnding) await run.start();
    } catch (error) {
      if (!this.#isEnding) {
        this.#abort.abort();
        await watching.catch(() => {});
        throw error;
      }
    }
    this.#isStarted = true;
    if (this.#isEnding)
      this.#inBackground(this.#stop([])); // what came up while the others were stopped
    else if (this.#alive.size === 0 || this.#isDetached) this.#abort.abort();
    await watching.catch((error) => {
      if (!this.#abort.signal.aborted) throw error;
    });
    await allSettled(this.#work);
    await allSettled(this.#streams);
    return this.#isInterrupted ? INTERRUPTED_EXIT_CODE : this.#exitCode;
  }

  /** Before they start, so that nothing they write is missed. */
  async #attachAll(containers: readonly ObservedContainer[]): Promise<void> {
    const sorted = [...containers].sort((a, b) => (a.name < b.name ? -1 : 1));
    const sources = sorted.map(({ name, labels }) => shortName(name, labels));
    if (sources.length > 0) await this.#options.sink.status("", `Attaching to ${sources.join(", ")}`);
    await Promise.all(sorted.map((container, index) => this.#attach(container.id, sources[index]!)));
  }

  async #attach(id: string, source: string): Promise<void> {
    const { containers } = this.#context.client;
    const [{ Config }, channel] = await Promise.all([
      containers.inspect(id),
      containers.attach(id, { stdout: true, stderr: true, signal: this.#abort.signal }),
    ]);
    this.#attached.add(id);
    const pump = pumpLines(channelPieces(channel), {
      source,
      isRaw: Config.Tty ?? false,
      sink: this.#options.sink,
    });
    this.#streams.push(pump.catch(() => {}));
  }

  async #watch(events: AsyncGenerator<MonitorEvent>): Promise<void> {
    for await (const event of events) {
      if (event.kind === "created") await this.#created(event);
      if (event.kind === "started") this.#started(event);
      if (event.kind === "exited") await this.#exited(event);
      if (this.#alive.size === 0 && this.#isStarted) break;
    }
  }

  async #created({ id, labels }: MonitorEvent): Promise<void> {
    this.#alive.add(id);
    const replaced = labels[LABEL.replace];
    if (replaced) await this.#options.sink.status(replaced, "has been recreated");
  }

  #started({ id, service, source, time }: MonitorEvent): void {
    this.#alive.add(id);
    this.#running.add(id);
    if (this.#isEnding) this.#inBackground(this.#stop([service])); // it came up after the others were told to stop
    if (!this.#options.attachTo.has(service) || this.#attached.has(id)) return;
    const { sink } = this.#options;
    this.#streams.push(streamLogs(this.#context, { id, source, sink, follow: true, since: time }));
  }

  async #exited(event: MonitorEvent): Promise<void> {
    const { onExit, exitCodeFrom, sink } = this.#options;
    const { source, exitCode, isRestarting, service, id } = event;
    await sink.status(source, `exited with code ${exitCode}${isRestarting ? " (restarting)" : ""}`);
    this.#running.delete(id);
    this.#attached.delete(id); // its stream ends with it: should it start again, that is a new one
    if (service === exitCodeFrom) this.#exitCode = exitCode;
    if (isRestarting) return;
    this.#alive.delete(id);
    const endsAll = onExit === "stop" || (onExit === "stopOnFailure" && exitCode !== 0);
    if (!endsAll || this.#isEnding) return;
    if (exitCodeFrom === "") this.#exitCode = exitCode;
    this.#end("Aborting on container exit...");
  }

  /** Not before everything has been started. */
  #detach(): void {
    if (this.#isEnding) return;
    this.#isDetached = true;
    if (this.#isStarted) this.#abort.abort();
  }

  #interrupt(): void {
    this.#isInterrupted = true;
    if (this.#isEnding) {
      this.#tell("Killing...");
      this.#inBackground(this.#kill());
      return;
    }
    this.#end("Gracefully Stopping... press Ctrl+C again to force");
  }

  #end(text: string): void {
    this.#isEnding = true;
    this.#cancelStart();
    this.#tell(text);
    this.#inBackground(this.#stop([]));
  }

  #tell(text: string): void {
    this.#inBackground(this.#options.sink.status("", text));
  }

  #inBackground(work: Promise<void>): void {
    this.#work.push(work.catch((error) => this.#context.warn(messageOf(error))));
  }

  async #stop(services: readonly string[]): Promise<void> {
    const { stopTimeoutSeconds, services: own } = this.#options;
    await stopServices(this.#context, this.#project, {
      services: services.length > 0 ? services : [...own],
      ...(stopTimeoutSeconds === undefined ? {} : { stopTimeoutSeconds }),
    });
    if (services.length === 0) await this.#forgetStopped();
  }

  /** Containers that never ran have no end to wait for. */
  async #forgetStopped(): Promise<void> {
    for (const { id, state } of await replicasOfProject(this.#context, this.#project))
      if (state === "created" || (state === "exited" && !this.#running.has(id))) this.#alive.delete(id);
    if (this.#alive.size === 0 && this.#isStarted) this.#abort.abort();
  }

  async #kill(): Promise<void> {
    const { containers } = this.#context.client;
    const all = await replicasOfProject(this.#context, this.#project);
    await forEachContainer(
      this.#context,
      all.filter(({ service, state }) => this.#options.services.has(service) && state === "running"),
      { working: "Killing", done: "Killed", call: ({ id }) => containers.kill(id) },
    );
  }
}
