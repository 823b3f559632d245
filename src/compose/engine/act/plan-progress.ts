import { messageOf } from "#base/errors.ts";
import type { Operation, Plan, PlanNode } from "../plan/types.ts";
import type { ComposeContext, ProgressEvent } from "../types.ts";

interface Words {
  readonly id: (operation: never, target: string) => string;
  readonly working: string;
  readonly done: string;
}

type OperationOf<K extends Operation["op"]> = Extract<Operation, { op: K }>;

/** What is told of each operation; those that are missing are steps nobody needs to see, or tell for themselves. */
const WORDS: { readonly [K in Operation["op"]]?: Words } = {
  createNetwork: words(
    (one: OperationOf<"createNetwork">) => `Network ${one.network.name}`,
    "Creating",
    "Created",
  ),
  removeNetwork: words((one: OperationOf<"removeNetwork">) => `Network ${one.name}`, "Removing", "Removed"),
  createVolume: words(
    (one: OperationOf<"createVolume">) => `Volume ${one.volume.name}`,
    "Creating",
    "Created",
  ),
  removeVolume: words((one: OperationOf<"removeVolume">) => `Volume ${one.name}`, "Removing", "Removed"),
  createContainer: words(
    (one: OperationOf<"createContainer">) => `Container ${one.name}`,
    "Creating",
    "Created",
  ),
  stopContainer: words(
    (one: OperationOf<"stopContainer">) => `Container ${one.container.name}`,
    "Stopping",
    "Stopped",
  ),
  removeContainer: words(
    (one: OperationOf<"removeContainer">) => `Container ${one.container.name}`,
    "Removing",
    "Removed",
  ),
  startContainer: words(
    (_: OperationOf<"startContainer">, target) => `Container ${target}`,
    "Starting",
    "Started",
  ),
};

function words<K extends Operation>(
  id: (operation: K, target: string) => string,
  working: string,
  done: string,
): Words {
  return { id: id as Words["id"], working, done };
}

/** Tells of a plan as it is run. The steps of one replacement are one thing to the user. */
export class PlanProgress {
  readonly #context: Pick<ComposeContext, "onProgress">;
  readonly #left = new Map<string, number>();
  readonly #begun = new Set<string>();

  constructor(context: Pick<ComposeContext, "onProgress">, { nodes }: Plan) {
    this.#context = context;
    for (const { replaces } of nodes)
      if (replaces) this.#left.set(replaces.id, (this.#left.get(replaces.id) ?? 0) + 1);
  }

  began(node: PlanNode, target: string): void {
    const { replaces } = node;
    if (!replaces) this.#tell(node, target, "working");
    else if (!this.#begun.has(replaces.id)) {
      this.#begun.add(replaces.id);
      this.#context.onProgress({ id: `Container ${replaces.name}`, status: "working", text: "Recreate" });
    }
  }

  ended(node: PlanNode, target: string): void {
    const { replaces } = node;
    if (!replaces) this.#tell(node, target, "done");
    else if (this.#countDown(replaces.id) === 0)
      this.#context.onProgress({ id: `Container ${replaces.name}`, status: "done", text: "Recreated" });
  }

  failed(node: PlanNode, target: string, error: unknown): void {
    const id = node.replaces ? `Container ${node.replaces.name}` : idOf(node.operation, target);
    if (id) this.#context.onProgress({ id, status: "error", text: messageOf(error) });
  }

  #countDown(id: string): number {
    const left = this.#left.get(id)! - 1;
    this.#left.set(id, left);
    return left;
  }

  #tell({ operation }: PlanNode, target: string, status: ProgressEvent["status"]): void {
    const found = WORDS[operation.op];
    if (!found) return;
    const text = status === "working" ? found.working : found.done;
    this.#context.onProgress({ id: found.id(operation as never, target), status, text });
  }
}

function idOf(operation: Operation, target: string): string | undefined {
  return WORDS[operation.op]?.id(operation as never, target);
}
