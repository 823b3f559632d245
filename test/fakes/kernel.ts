import { SysError } from "#kernel/ffi/errno.ts";
import type {
  AddressInfo,
  FirewallElement,
  FirewallWatch,
  Kernel,
  LinkInfo,
  LinkStep,
  Netlink,
  NetworkNamespace,
  RouteInfo,
} from "#kernel/types.ts";

const ENOENT = 2;
const EEXIST = 17;
const EADDRINUSE = 98;

/** The network side of a kernel that only remembers: what was asked, and what is there now. */
export class FakeNetworkKernel {
  /** Every change, in order, as one line each. */
  readonly calls: string[] = [];
  /** A change whose line contains this fails with EPERM. */
  failOn: string | undefined;
  readonly links = new Map<string, LinkInfo>();
  readonly addresses: AddressInfo[] = [];
  routes: RouteInfo[] = [];
  /** Paths of pinned namespaces. */
  readonly pins = new Set<string>();
  readonly sysctls = new Map<string, string>([["net/ipv4/ip_forward", "0"]]);
  /** Elements of each table, as JSON. */
  readonly tables = new Map<string, Set<string>>();
  readonly scripts: string[] = [];
  /** "0.0.0.0:80/tcp" held by us, and by programs of the host. */
  readonly heldPorts = new Set<string>();
  readonly foreignPorts = new Set<string>();
  #lastIndex = 1;

  /** Who hears of foreign changes of the firewall. */
  routesChanged: (() => void) | undefined;
  firewallWatch: FirewallWatch | undefined;

  /** Only the parts that networks use. */
  get kernel(): Kernel {
    const parts = {
      features: { ipv6: false },
      netns: this.#namespaces(),
      host: this.#netlink("host"),
      sysctl: {
        get: (key: string) => this.sysctls.get(key),
        set: (key: string, value: string) => {
          this.#record(`sysctl ${key}=${value}`);
          this.sysctls.set(key, value);
          return true;
        },
      },
      firewall: this.#firewall(),
      ports: {
        reserve: (port: { address: string; port: number; protocol: string }) => this.#reserve(port),
        ephemeralRange: () => ({ first: 32768, last: 60999 }),
      },
    };
    return parts as unknown as Kernel;
  }

  addLink(link: Partial<LinkInfo> & { readonly name: string }): LinkInfo {
    const defaults = { mac: "", mtu: 1500, up: false, kind: undefined, masterIndex: undefined };
    const added = { index: ++this.#lastIndex, ...defaults, ...link };
    this.links.set(link.name, added);
    return added;
  }

  /** Elements of a table now, without their order. */
  elements(table: string): FirewallElement[] {
    return [...(this.tables.get(table) ?? [])].map((text) => JSON.parse(text) as FirewallElement);
  }

  #record(call: string): void {
    if (this.failOn !== undefined && call.includes(this.failOn)) throw new SysError(call, 1, "");
    this.calls.push(call);
  }

  #namespaces(): Kernel["netns"] {
    const open = (path: string): NetworkNamespace => {
      if (!this.pins.has(path)) throw new SysError("open", ENOENT, path);
      return {
        path,
        fd: 7,
        netlink: this.#netlink(path),
        run: (work) => work(),
        [Symbol.dispose]() {},
      };
    };
    return {
      create: (path) => {
        this.#record(`create netns ${path}`);
        if (this.pins.has(path)) throw new SysError("pin", EEXIST, path);
        this.pins.add(path);
        return open(path);
      },
      open,
      remove: (path) => {
        this.#record(`remove netns ${path}`);
        this.pins.delete(path);
      },
      isPinned: (path) => this.pins.has(path),
    };
  }

  #netlink(where: string): Netlink {
    const fake: Partial<Netlink> = {
      links: () => [...this.links.values()],
      findLink: (name) => this.links.get(name),
      linkIndex: (name) => this.links.get(name)?.index,
      addresses: () => this.addresses,
      routes: () => this.routes,
      createBridge: ({ name }) => {
        this.#record(`create bridge ${name}`);
        return this.addLink({ name, kind: "bridge" });
      },
      createVeth: ({ name, masterIndex, peerName }) => {
        this.#record(`create veth ${name} ${peerName}`);
        this.addLink({ name, masterIndex, kind: "veth" });
      },
      setBridgePort: (link, flags) => this.#record(`bridge port ${link} ${JSON.stringify(flags)}`),
      apply: (steps) => {
        for (const step of steps) this.#applyLinkStep(where, step);
      },
      removeAddress: (link, address, prefixLength) => {
        this.#record(`${where}: remove address ${link} ${address}/${prefixLength}`);
        const at = this.addresses.findIndex((one) => one.address === address);
        if (at >= 0) this.addresses.splice(at, 1);
      },
      deleteLink: (name) => {
        this.#record(`delete link ${name}`);
        this.links.delete(name);
      },
      watchRoutes: (changed) => {
        this.routesChanged = changed;
        return { [Symbol.dispose]() {} };
      },
      deleteLinkAside: async (index) => {
        const link = [...this.links.values()].find((one) => one.index === index);
        this.#record(`delete link ${link?.name}`);
        if (link) this.links.delete(link.name);
      },
    };
    return fake as Netlink;
  }

  #applyLinkStep(where: string, { op, ...step }: LinkStep): void {
    this.#record(`${where}: ${op} ${Object.values(step).join(" ")}`);
    if (op === "address" && "prefixLength" in step && where === "host")
      this.addresses.push({
        linkIndex: Number(step.link),
        address: step.address,
        prefixLength: step.prefixLength,
      });
  }

  #firewall(): Kernel["firewall"] {
    return {
      load: (script) => {
        this.#record("load table");
        this.scripts.push(script);
        this.tables.set(/^table inet (\S+)/.exec(script)![1]!, new Set(elementsOf(script)));
      },
      change: (table, { add = [], remove = [] }) => {
        this.#record(`change table: ${add.length} more, ${remove.length} less`);
        const elements = this.tables.get(table);
        if (!elements) throw new SysError("nftables", ENOENT, table);
        const next = new Set(elements);
        for (const key of remove.map(keyOf))
          if (!next.delete(key)) throw new SysError("nftables", ENOENT, key);
        for (const key of add.map(keyOf)) {
          if (next.has(key)) throw new SysError("nftables", EEXIST, key);
          next.add(key);
        }
        this.tables.set(table, next);
      },
      watch: (_table, watch) => {
        this.firewallWatch = watch;
        return { [Symbol.dispose]() {} };
      },
      list: (table) => (this.tables.has(table) ? [...this.tables.get(table)!].join("\n") : undefined),
      redirectLoopback() {},
      forgetUdpStreams: (ports) => {
        if (ports.size > 0) this.#record(`forget udp streams to ${[...ports]}`);
      },
      deleteTable: (table) => {
        this.#record(`delete table ${table}`);
        this.tables.delete(table);
      },
    };
  }

  #reserve({ address, port, protocol }: { address: string; port: number; protocol: string }) {
    const key = `${address}:${port}/${protocol}`;
    if (this.foreignPorts.has(key) || this.heldPorts.has(key)) throw new SysError("bind", EADDRINUSE, key);
    this.heldPorts.add(key);
    return { port, [Symbol.dispose]: () => void this.heldPorts.delete(key) };
  }
}

function keyOf({ set, key, value }: FirewallElement): string {
  return JSON.stringify({ set, key, value });
}

/** The elements of a script of ours, back from text. */
function elementsOf(script: string): string[] {
  return [...script.matchAll(/^ {2}(?:set|map) (\w+) \{.*elements = \{ (.*) \} \}$/gm)].flatMap(
    ([, set, list]) => list!.split(", ").map((text) => keyOf(elementOf(set!, text))),
  );
}

function elementOf(set: string, text: string): FirewallElement {
  const [key, value] = text.split(" : ").map((fields) => fields.split(" . ").map(fieldOf));
  return { set, key: key!, ...(value ? { value } : {}) };
}

function fieldOf(text: string): FirewallElement["key"][number] {
  if (text.startsWith('"')) return { kind: "ifname", value: text.slice(1, -1) };
  if (/^(?:tcp|udp|sctp)$/.test(text)) return { kind: "protocol", value: text as "tcp" };
  if (text.startsWith("goto ")) return { kind: "goto", value: text.slice(5) };
  if (/^\d+$/.test(text)) return { kind: "port", value: Number(text) };
  return { kind: text.includes(":") ? "ipv6" : "ipv4", value: text };
}
