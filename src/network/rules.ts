import { isErrno } from "#base/fs.ts";
import type { Log } from "#base/log.ts";
import type { Firewall, FirewallElement } from "#kernel/types.ts";
import { keepsApart, tableScript } from "./plan/table.ts";

export interface RulesDeps {
  readonly firewall: Firewall;
  readonly log: Log;
  readonly table: string;
  /** Everything that should be in the table now, from the records. */
  readonly elements: () => FirewallElement[];
  /** See `tableScript`. */
  readonly asksInputRules?: boolean;
}

/**
 * Our one table in the kernel. A change is one small transaction; where the kernel's table turns out to differ from what
 * we believe (someone flushed the rules), the whole is written anew from the records.
 */
export class Rules {
  readonly #deps: RulesDeps;
  /** False on a kernel whose nftables cannot look into bridges: containers' addresses are then not guarded there. */
  #guardsBridges = true;
  /** Whether the table has what keeps ports apart. */
  #keepsApart = false;

  constructor(deps: RulesDeps) {
    this.#deps = deps;
  }

  get guardsBridges(): boolean {
    return this.#guardsBridges;
  }

  /** Replaces the table by what the records say, atomically. */
  load(): void {
    this.#write(this.#deps.elements());
  }

  /** All of it or nothing; an element in both is left alone. */
  change(request: Change): void {
    const possible = (elements: readonly FirewallElement[]) =>
      this.#guardsBridges ? elements : elements.filter(({ family }) => family === undefined);
    const add = possible(without(request.add, request.remove));
    const remove = possible(without(request.remove, request.add));
    if (add.length === 0 && remove.length === 0) return;
    const writeAnew = () => this.#write([...without(without(this.#deps.elements(), remove), add), ...add]);
    if (keepsApart(add) && !this.#keepsApart) writeAnew();
    else this.#change({ add, remove }, writeAnew);
    this.#deps.firewall.forgetUdpStreams(udpPorts([...add, ...remove]));
  }

  text(): string {
    return this.#deps.firewall.list(this.#deps.table) ?? "";
  }

  delete(): void {
    this.#deps.firewall.deleteTable(this.#deps.table);
  }

  #change(change: Change, writeAnew: () => void): void {
    const { firewall, table, log } = this.#deps;
    try {
      firewall.change(table, change);
    } catch (error) {
      if (!isErrno(error, "ENOENT") && !isErrno(error, "EEXIST")) throw error;
      log.warn("the firewall table was changed by someone else; writing it anew", { table, error });
      writeAnew();
    }
  }

  #write(elements: readonly FirewallElement[]): void {
    const { table, firewall, log, asksInputRules = false } = this.#deps;
    const load = () => {
      firewall.load(tableScript({ table, elements, asksInputRules, guardsBridges: this.#guardsBridges }));
      this.#keepsApart = keepsApart(elements);
    };
    try {
      load();
    } catch (error) {
      if (!this.#guardsBridges) throw error;
      this.#guardsBridges = false;
      load(); // throws again where bridges were not the reason
      log.warn("this kernel cannot filter inside bridges: containers of one network may spoof each other", {
        error,
      });
    }
  }
}

interface Change {
  readonly add: readonly FirewallElement[];
  readonly remove: readonly FirewallElement[];
}

function without(
  elements: readonly FirewallElement[],
  others: readonly FirewallElement[],
): readonly FirewallElement[] {
  if (elements.length === 0 || others.length === 0) return elements;
  const excluded = new Set(others.map(identity));
  return elements.filter((element) => !excluded.has(identity(element)));
}

/** Host ports of UDP whose way changes: streams under way would keep to the old one. */
function udpPorts(elements: readonly FirewallElement[]): Set<number> {
  const keys = elements.map(({ key }) => key);
  const udp = keys.filter((key) => key.some(({ kind, value }) => kind === "protocol" && value === "udp"));
  return new Set(udp.flatMap((key) => key.flatMap((field) => (field.kind === "port" ? [field.value] : []))));
}

function identity(element: FirewallElement): string {
  return JSON.stringify([element.family, element.set, element.key, element.value]);
}
