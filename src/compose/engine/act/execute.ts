/** Runs a plan: what can go on at once does, what fails keeps everything after it from being begun. */
import { Cancelled } from "#base/errors.ts";
import type { Project } from "../../model/types.ts";
import { LABEL } from "../labels.ts";
import type { Operation, Plan, PlanNode } from "../plan/types.ts";
import type { Referable } from "../references.ts";
import type { ComposeContext, Observed } from "../types.ts";
import type { HookOutput } from "./hooks.ts";
import type { ServiceImages } from "./images.ts";
import { type Acting, act } from "./operations.ts";
import { PlanProgress } from "./plan-progress.ts";
import { StateWatch } from "./watch.ts";

export interface ExecuteInput {
  readonly project: Project;
  readonly observed: Observed;
  readonly images: ServiceImages;
  readonly plan: Plan;
  /** Seconds containers get to end by themselves; absent: what each was made with. */
  readonly stopTimeoutSeconds?: number;
  /** For each condition that is waited for; 0: no end. */
  readonly waitTimeoutMs?: number;
  readonly onHookOutput?: HookOutput;
}

/** A plan under way. Its two halves run one after the other; between them nothing has been started. */
export class PlanRun implements Disposable {
  readonly #context: ComposeContext;
  readonly #plan: Plan;
  readonly #acting: Acting;
  readonly #progress: PlanProgress;
  readonly #done = new Map<number, Promise<void>>();
  readonly #watch: StateWatch | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(context: ComposeContext, input: ExecuteInput) {
    this.#context = context;
    this.#plan = input.plan;
    this.#progress = new PlanProgress(context, input.plan);
    const waits = input.plan.nodes.some(({ operation }) => operation.op === "waitFor");
    const label = [`${LABEL.project}=${input.project.name}`];
    this.#watch = waits && !context.dryRun ? new StateWatch(context.client, { label }) : undefined;
    this.#acting = {
      ...input,
      containers: Object.fromEntries(
        Object.entries(input.observed.containers).map(([name, all]) => [name, [...all]]),
      ),
      created: new Map(),
      watch: this.#watch,
    };
  }

  /** Containers of services as they are now, by service. */
  get containers(): Readonly<Record<string, readonly Referable[] | undefined>> {
    return this.#acting.containers;
  }

  /** Networks, volumes and containers. */
  create(): Promise<void> {
    return this.#run("create");
  }

  /** Starts, in the order of what depends on what. */
  start(): Promise<void> {
    return this.#run("start");
  }

  /** What has not been begun is not begun any more. */
  cancel(): void {
    this.#failure ??= { error: new Cancelled("cancelled by the user") };
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
  }

  /** @throws the first failure, when nothing runs any more */
  async #run(phase: PlanNode["phase"]): Promise<void> {
    for (const node of this.#plan.nodes) if (node.phase === phase) this.#done.set(node.id, this.#node(node));
    await Promise.all(this.#done.values());
    if (this.#failure) throw this.#failure.error;
  }

  /** Resolves also when it failed: what comes after looks for the failure itself. */
  async #node(node: PlanNode): Promise<void> {
    await Promise.all(node.after.map((id) => this.#done.get(id)));
    if (this.#failure) return;
    this.#progress.began(node, this.#nameOf(node.operation));
    try {
      await act(this.#context, this.#acting, node);
      this.#progress.ended(node, this.#nameOf(node.operation));
    } catch (error) {
      this.#progress.failed(node, this.#nameOf(node.operation), error);
      this.#failure ??= { error };
    }
  }

  #nameOf(operation: Operation): string {
    if (!("target" in operation)) return "";
    return "found" in operation.target ? operation.target.found.name : operation.target.name;
  }
}
