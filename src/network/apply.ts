import { Internal, InvalidArgument } from "#base/errors.ts";
import type { Log } from "#base/log.ts";
import type { Kernel, NetworkNamespace } from "#kernel/types.ts";
import type {
  BridgeStep,
  NetStep,
  ParentStep,
  SubInterfaceStep,
  SysctlStep,
  VethStep,
} from "./plan/steps.ts";
import type { Rules } from "./rules.ts";

export interface ApplyDeps {
  readonly kernel: Pick<Kernel, "netns" | "host" | "sysctl">;
  readonly rules: Pick<Rules, "change">;
  readonly log: Log;
  /** How links of a plan that is undone go; absent: at once. */
  readonly removeLink?: (name: string) => void;
}

/** Runs the steps; a failure undoes the finished ones in reverse. On success the caller owns the teardown. */
export function applySteps(deps: ApplyDeps, steps: readonly NetStep[]): DisposableStack {
  using undo = new DisposableStack();
  using namespaces = new OpenNamespaces(deps.kernel);
  for (const step of steps) {
    const isOurs = applyStep(deps, namespaces, step);
    if (isOurs) undo.defer(() => undoStep(deps, step));
  }
  return undo.move();
}

/** What `applySteps` did with the same steps, undone from their facts alone; "already gone" counts as done. */
export function undoSteps(deps: ApplyDeps, steps: readonly NetStep[]): void {
  using undo = new DisposableStack();
  for (const step of steps) undo.defer(() => undoStep(deps, step));
}

/** @returns whether undoing the step is ours: what was there before it stays */
function applyStep(deps: ApplyDeps, namespaces: OpenNamespaces, step: NetStep): boolean {
  const { kernel, rules } = deps;
  switch (step.op) {
    case "namespace":
      namespaces.create(step.path);
      return true;
    case "bridge":
      return ensureBridge(deps, step);
    case "sysctl":
      setSysctl(deps, namespaces, step);
      return false;
    case "veth":
      createVeth(kernel, namespaces.at(step.netns), step);
      return true;
    case "parent":
      return ensureParent(kernel, step);
    case "sub-interface":
      createSubInterface(kernel, namespaces.at(step.netns), step);
      return true;
    case "bridge-port":
      kernel.host.setBridgePort(step.link, {
        hairpin: step.hairpin,
        isolated: step.isolated,
        station: step.station,
      });
      return false;
    case "links":
      namespaces.at(step.netns).netlink.apply(step.steps);
      return false;
    case "rules":
      rules.change(step);
      return true;
  }
}

function undoStep({ kernel, rules, removeLink }: ApplyDeps, step: NetStep): void {
  const remove = removeLink ?? ((name: string) => kernel.host.deleteLink(name));
  switch (step.op) {
    case "parent":
      if (!step.foreign) remove(step.name);
      break;
    case "sub-interface":
      if (step.endsWith === "endpoint") removeSubInterface(kernel, step);
      break;
    case "namespace":
      kernel.netns.remove(step.path);
      break;
    case "bridge":
      if (!step.foreign) remove(step.name);
      break;
    case "veth":
      if (step.endsWith === "endpoint") remove(step.host);
      break;
    case "rules":
      rules.change({ add: step.remove, remove: step.add });
      break;
    case "sysctl":
    case "bridge-port":
    case "links":
      break; // these go with the link or the namespace they belong to
  }
}

function ensureBridge({ kernel }: ApplyDeps, step: BridgeStep): boolean {
  const { host } = kernel;
  using undo = new DisposableStack();
  const existing = host.findLink(step.name);
  const link = existing ?? host.createBridge(step);
  if (!existing) {
    undo.defer(() => host.deleteLink(step.name));
    for (const [key, value] of Object.entries(step.sysctls)) kernel.sysctl.set(key, value);
  }
  const present = host.addresses().filter(({ linkIndex }) => linkIndex === link.index);
  const missing = step.addresses.filter(
    ({ address, prefixLength }) =>
      !present.some((one) => one.address === address && one.prefixLength === prefixLength),
  );
  host.apply([
    ...missing.map((address) => ({ op: "address", link: link.index, ...address }) as const),
    { op: "up", link: link.index },
  ]);
  undo.move();
  return !existing;
}

function setSysctl({ kernel, log }: ApplyDeps, namespaces: OpenNamespaces, step: SysctlStep): void {
  const { netns, key, value, isRequired = false } = step;
  const set = () => kernel.sysctl.set(key, value) || kernel.sysctl.get(key) === undefined;
  const stands = netns === undefined ? set() : namespaces.at(netns).run(set);
  if (isRequired && (namespaces.at(netns!).run(() => kernel.sysctl.get(key)) ?? "") !== value)
    throw new InvalidArgument(
      `cannot set ${key.replaceAll("/", ".")} to "${value}": the kernel refused it or has no such switch`,
    );
  if (!stands) log.warn("the kernel refused a network switch", { key, value, netns });
}

function createVeth(kernel: ApplyDeps["kernel"], namespace: NetworkNamespace, step: VethStep): void {
  const bridge = kernel.host.linkIndex(step.bridge);
  if (bridge === undefined) throw new Error(`bridge ${step.bridge} is gone`);
  kernel.host.createVeth({
    name: step.host,
    masterIndex: bridge,
    mtu: step.mtu,
    peerName: step.peer,
    peerMac: step.mac,
    peerNetnsFd: namespace.fd,
  });
}

function ensureParent({ host }: ApplyDeps["kernel"], step: ParentStep): boolean {
  if (host.findLink(step.name)) return false;
  if (step.kind === "dummy") host.createDummy(step.name);
  else host.createVlan({ name: step.name, parentIndex: parentIndex(host, step.on), id: step.id });
  host.apply([{ op: "up", link: step.name }]);
  return true;
}

function createSubInterface(
  { host }: ApplyDeps["kernel"],
  namespace: NetworkNamespace,
  { parent, name, mtu, type }: SubInterfaceStep,
): void {
  host.createSubInterface({
    name,
    parentIndex: parentIndex(host, parent),
    netnsFd: namespace.fd,
    ...(mtu === undefined ? {} : { mtu }),
    ...type,
  });
}

/** It is in the container's namespace, which may have gone. */
function removeSubInterface(kernel: ApplyDeps["kernel"], step: SubInterfaceStep): void {
  if (!kernel.netns.isPinned(step.netns)) return;
  using namespace = kernel.netns.open(step.netns);
  namespace.netlink.deleteLink(step.name);
}

function parentIndex(host: ApplyDeps["kernel"]["host"], name: string): number {
  const index = host.linkIndex(name);
  if (index === undefined) throw new Internal(`the parent interface ${name} is not on this host`);
  return index;
}

/** Each namespace of a plan is opened once. */
class OpenNamespaces implements Disposable {
  readonly #kernel: Pick<Kernel, "netns">;
  readonly #open = new Map<string, NetworkNamespace>();

  constructor(kernel: Pick<Kernel, "netns">) {
    this.#kernel = kernel;
  }

  create(path: string): void {
    this.#open.set(path, this.#kernel.netns.create(path));
  }

  at(path: string): NetworkNamespace {
    const known = this.#open.get(path);
    if (known) return known;
    const opened = this.#kernel.netns.open(path);
    this.#open.set(path, opened);
    return opened;
  }

  [Symbol.dispose](): void {
    for (const namespace of this.#open.values()) namespace[Symbol.dispose]();
  }
}
