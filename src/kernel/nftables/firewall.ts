import { Internal } from "#base/errors.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import type { NamespaceSwitch } from "../namespace/switch.ts";
import { NETLINK } from "../netlink/constants.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import type { Firewall, FirewallElement, FirewallWatch, LoopbackRedirect } from "../types.ts";
import { ElementBatch, writeDeleteTable } from "./batch.ts";
import { forgetUdpStreams } from "./conntrack.ts";
import { redirectLoopback } from "./loopback-redirect.ts";
import { watchFirewall } from "./watch.ts";

const RUNS_REMEMBERED = 16;

/** Scripts by the `nft` program, which knows the language; elements by nfnetlink, 10 microseconds each. */
export function createFirewall(namespaces: NamespaceSwitch): Firewall {
  return new NftFirewall(namespaces);
}

class NftFirewall implements Firewall {
  readonly #namespaces: NamespaceSwitch;
  #opened: NetlinkSocket | undefined;
  /** The last runs of nft, whose sockets are named after them: notices of their changes come a moment later. */
  readonly #ownRuns: number[] = [];

  constructor(namespaces: NamespaceSwitch) {
    this.#namespaces = namespaces;
  }

  load(script: string): void {
    const { exitCode, stderr, pid } = nft(["-f", "-"], script);
    this.#ownRuns.push(pid);
    if (this.#ownRuns.length > RUNS_REMEMBERED) this.#ownRuns.shift();
    if (exitCode !== 0) throw new Internal(`nft refused a script: ${stderr.trim()}`);
  }

  change(
    table: string,
    request: { readonly add?: readonly FirewallElement[]; readonly remove?: readonly FirewallElement[] },
  ): void {
    const messages = this.#socket.writer();
    const batch = new ElementBatch(table);
    batch.write(messages, request);
    const refused = this.#socket.transact(messages).find((verdict) => verdict.errno !== 0);
    if (refused) throw batch.error(refused);
  }

  list(table: string): string | undefined {
    const { exitCode, stdout, stderr } = this.#namespaces.inHost(() => nft(["list", "table", "inet", table]));
    if (exitCode === 0) return stdout;
    if (stderr.includes("No such file or directory")) return undefined;
    throw new Internal(`nft cannot list table ${table}: ${stderr.trim()}`);
  }

  deleteTable(table: string): void {
    for (const family of ["inet", "bridge"] as const) {
      const messages = this.#socket.writer();
      writeDeleteTable(messages, table, family);
      const refused = this.#socket.transact(messages).find((verdict) => verdict.errno !== 0);
      const isGone = !refused || refused.errno === Errno.ENOENT || refused.errno === Errno.EOPNOTSUPP;
      if (!isGone) throw new SysError("nftables", refused.errno, `delete table ${table}`, refused.words);
    }
  }

  forgetUdpStreams(ports: ReadonlySet<number>): void {
    if (ports.size > 0) forgetUdpStreams(this.#socket, ports);
  }

  watch(table: string, watch: FirewallWatch): Disposable {
    const isOwn = (sender: number) => this.#ownRuns.includes(sender) || sender === this.#opened?.portId;
    return this.#namespaces.inHost(() =>
      watchFirewall({
        table,
        isOwn,
        damaged: () => watch.damaged(),
        othersChanged: () => watch.othersChanged(),
      }),
    );
  }

  redirectLoopback(request: LoopbackRedirect): void {
    redirectLoopback(request);
  }

  /** Made on first use, in the host's namespace even when that use comes from within another. */
  get #socket(): NetlinkSocket {
    this.#opened ??= this.#namespaces.inHost(() => new NetlinkSocket(NETLINK.NETFILTER));
    return this.#opened;
  }
}

function nft(
  args: readonly string[],
  script = "",
): { readonly exitCode: number; readonly stdout: string; readonly stderr: string; readonly pid: number } {
  try {
    const result = Bun.spawnSync(["nft", ...args], {
      stdin: Buffer.from(script),
      env: { ...process.env, LC_ALL: "C" },
    });
    const { exitCode, pid } = result;
    return { exitCode, pid, stdout: result.stdout.toString(), stderr: result.stderr.toString() };
  } catch (error) {
    throw new Internal(`cannot run nft: ${(error as Error).message}`, {
      cause: error,
      hint: "install the package nftables",
    });
  }
}
