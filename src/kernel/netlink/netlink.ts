import { isErrno } from "#base/fs.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import type {
  AddressInfo,
  IpAddress,
  LinkInfo,
  LinkStep,
  Netlink,
  RouteInfo,
  SubInterface,
} from "../types.ts";
import { decodeAddress, writeListAddresses, writeRemoveAddress } from "./address.ts";
import type { MessageWriter } from "./codec.ts";
import { NETLINK, RT_TABLE, RTNLGRP } from "./constants.ts";
import { listenToGroups } from "./group.ts";
import {
  decodeLink,
  writeBridge,
  writeBridgePort,
  writeDeleteLink,
  writeDummy,
  writeGetLink,
  writeListLinks,
  writeSubInterface,
  writeVeth,
  writeVlan,
} from "./link.ts";
import { LinkNames } from "./link-names.ts";
import { writeStation } from "./neighbor.ts";
import { decodeRoute, writeListRoutes } from "./route.ts";
import { NetlinkSocket } from "./socket.ts";
import { describeStep, LinkStepError, writeStep } from "./steps.ts";

/** IFNAMSIZ with its NUL. */
const LONGEST_NAME = 15;

const KIND_MODULE: Readonly<Record<string, string>> = { vlan: "8021q" };

/** rtnetlink of the namespace the thread is in now; the socket stays there. */
export function openNetlink(): Netlink {
  return new RouteNetlink(new NetlinkSocket(NETLINK.ROUTE));
}

class RouteNetlink implements Netlink {
  readonly #socket: NetlinkSocket;

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  links(): LinkInfo[] {
    return this.#socket.dump("links", writeListLinks).map(decodeLink);
  }

  findLink(name: string): LinkInfo | undefined {
    if (name.length > LONGEST_NAME) return undefined;
    const messages = this.#socket.writer();
    writeGetLink(messages, name);
    const answer = this.#socket.get(messages, Errno.ENODEV, `link ${name}`);
    return answer && decodeLink(answer);
  }

  linkIndex(name: string): number | undefined {
    return name.length > LONGEST_NAME ? undefined : this.#socket.linkIndex(name);
  }

  addresses(): AddressInfo[] {
    return this.#socket
      .dump("addresses", writeListAddresses)
      .map(decodeAddress)
      .filter((address) => address !== undefined);
  }

  routes(tables: "main" | "all" = "main"): RouteInfo[] {
    return this.#socket
      .dump("routes", writeListRoutes)
      .map(decodeRoute)
      .filter((route) => route !== undefined)
      .filter(({ table }) => (tables === "main" ? table === RT_TABLE.MAIN : table !== RT_TABLE.LOCAL));
  }

  watchRoutes(changed: () => void): Disposable {
    const groups = [RTNLGRP.IPV4_ROUTE, RTNLGRP.IPV6_ROUTE];
    return listenToGroups({ protocol: NETLINK.ROUTE, groups, heard: changed, lost: changed });
  }

  createBridge(request: Parameters<Netlink["createBridge"]>[0]): LinkInfo {
    this.#change(`create bridge ${request.name}`, (messages) => writeBridge(messages, request));
    const link = this.findLink(request.name);
    if (!link) throw new SysError("netlink", Errno.ENODEV, `link ${request.name}`);
    return link;
  }

  createVeth(request: Parameters<Netlink["createVeth"]>[0]): void {
    this.#change(`create veth ${request.name}`, (messages) => writeVeth(messages, request));
  }

  createDummy(name: string): void {
    this.#create("dummy", name, (messages) => writeDummy(messages, name));
  }

  createVlan(request: Parameters<Netlink["createVlan"]>[0]): void {
    this.#create("vlan", request.name, (messages) => writeVlan(messages, request));
  }

  createSubInterface(request: SubInterface): void {
    this.#create(request.kind, request.name, (messages) => writeSubInterface(messages, request));
  }

  setBridgePort(link: string, flags: Parameters<Netlink["setBridgePort"]>[1]): void {
    const { station } = flags;
    this.#change(`bridge port ${link}`, (messages) => {
      writeBridgePort(messages, link, flags);
      if (station !== undefined) writeStation(messages, this.#names().indexOf(link), station);
    });
  }

  apply(steps: readonly LinkStep[]): void {
    const names = this.#names();
    const messages = this.#socket.writer();
    for (const step of steps) writeStep(messages, step, names);
    const refused = this.#socket.transact(messages).find((verdict) => verdict.errno !== 0);
    if (!refused) return;
    const index = messages.acknowledged.indexOf(refused.sequence);
    throw new LinkStepError(refused, index, describeStep(steps[index] as LinkStep));
  }

  removeAddress(link: string | number, address: IpAddress, prefixLength: number): void {
    const index = this.#names().indexOf(link);
    this.#change(`remove address ${address}/${prefixLength} of ${link}`, (messages) =>
      writeRemoveAddress(messages, { index, address, prefixLength }),
    );
  }

  deleteLink(name: string): void {
    try {
      this.#change(`delete link ${name}`, (messages) => writeDeleteLink(messages, name));
    } catch (error) {
      if (!isErrno(error, "ENODEV")) throw error;
    }
  }

  async deleteLinkAside(index: number): Promise<void> {
    using socket = new NetlinkSocket(NETLINK.ROUTE);
    const messages = socket.writer();
    writeDeleteLink(messages, index);
    const [verdict] = await socket.transactAside(messages);
    if (verdict && verdict.errno !== 0 && verdict.errno !== Errno.ENODEV)
      throw new SysError("netlink", verdict.errno, `delete link ${index}`, verdict.words);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  #change(object: string, write: (messages: MessageWriter) => void): void {
    const messages = this.#socket.writer();
    write(messages);
    const refused = this.#socket.transact(messages).find((verdict) => verdict.errno !== 0);
    if (refused) throw new SysError("netlink", refused.errno, object, refused.words);
  }

  /** A kind that lives in a module of its own may be missing. */
  #create(kind: string, name: string, write: (messages: MessageWriter) => void): void {
    try {
      this.#change(`create ${kind} ${name}`, write);
    } catch (error) {
      if (!isErrno(error, "EOPNOTSUPP")) throw error;
      const words = `this kernel has no links of the kind ${kind}; its module ${KIND_MODULE[kind] ?? kind} is not there or not loaded`;
      throw new SysError("netlink", Errno.EOPNOTSUPP, `create ${kind} ${name}`, words);
    }
  }

  #names(): LinkNames {
    return new LinkNames((name) => this.linkIndex(name));
  }
}
