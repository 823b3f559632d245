import { SysError } from "../ffi/errno.ts";
import type { Acknowledgement, MessageWriter } from "../netlink/codec.ts";
import { NLM_F } from "../netlink/constants.ts";
import type { FirewallElement, FirewallField } from "../types.ts";
import {
  BATCH_RESOURCE,
  NFNL_MSG_BATCH,
  NFPROTO,
  NFT_GOTO,
  NFT_MSG,
  NFTA_DATA_VALUE,
  NFTA_DATA_VERDICT,
  NFTA_LIST_ELEM,
  NFTA_SET_ELEM,
  NFTA_SET_ELEM_LIST,
  NFTA_TABLE_NAME,
  NFTA_VERDICT,
} from "./constants.ts";
import { be32, describeFields, encodeFields } from "./fields.ts";

/** An attribute's length has 16 bits, so many elements become several messages of one transaction. */
const MESSAGE_BYTES = 48 * 1024;

/** A change of elements the kernel refused; nothing of its transaction stands. */
export class FirewallElementError extends SysError {
  override readonly name = "FirewallElementError";
  /** The refused element; undefined where the kernel names none, as for a missing set. */
  readonly element: FirewallElement | undefined;

  constructor(verdict: Acknowledgement, object: string, element: FirewallElement | undefined) {
    super("nftables", verdict.errno, object, verdict.words);
    this.element = element;
  }
}

/** Elements one message carries, to find the one an error points at. */
interface Part {
  readonly sequence: number;
  readonly verb: "add to" | "remove from";
  readonly elements: readonly FirewallElement[];
  /** Where each element begins in the message. */
  readonly offsets: readonly number[];
}

export interface ElementChange {
  readonly add?: readonly FirewallElement[];
  readonly remove?: readonly FirewallElement[];
}

/** One nftables transaction: removals first, so that an element can be replaced. */
export class ElementBatch {
  readonly #table: string;
  readonly #parts: Part[] = [];

  constructor(table: string) {
    this.#table = table;
  }

  write(messages: MessageWriter, { add = [], remove = [] }: ElementChange): void {
    writeTransaction(messages, () => {
      for (const elements of bySet(remove)) this.#writeElements(messages, "remove from", elements);
      for (const elements of bySet(add)) this.#writeElements(messages, "add to", elements);
    });
  }

  /** The error for a verdict of the kernel on this batch. */
  error(verdict: Acknowledgement): FirewallElementError {
    const part = this.#parts.find(({ sequence }) => sequence === verdict.sequence);
    if (!part) return new FirewallElementError(verdict, `change of table ${this.#table}`, undefined);
    const index = part.offsets.findLastIndex((offset) => offset <= (verdict.offset ?? 0));
    const element = part.elements[index] ?? (part.elements.length === 1 ? part.elements[0] : undefined);
    const object = `${part.verb} set ${part.elements[0]?.set} of table ${this.#table}`;
    return new FirewallElementError(verdict, element ? `${object}: ${describe(element)}` : object, element);
  }

  #writeElements(messages: MessageWriter, verb: Part["verb"], elements: readonly FirewallElement[]): void {
    for (let start = 0; start < elements.length; ) {
      const offsets = writeElementMessage(messages, this.#table, verb, elements, start);
      const written = elements.slice(start, start + offsets.length);
      this.#parts.push({ sequence: messages.sequence, verb, elements: written, offsets });
      start += offsets.length;
    }
  }
}

export function writeDeleteTable(messages: MessageWriter, table: string, family: "inet" | "bridge"): void {
  writeTransaction(messages, () => {
    messages.message(NFT_MSG.DELTABLE, NLM_F.ACK, (message) => {
      writeHeader(message, family === "bridge" ? NFPROTO.BRIDGE : NFPROTO.INET, 0).textAttribute(
        NFTA_TABLE_NAME,
        table,
      );
    });
  });
}

/** nfnetlink commits what stands between the two markers, or none of it. */
export function writeTransaction(messages: MessageWriter, body: () => void): void {
  const marker = (message: MessageWriter) => void writeHeader(message, NFPROTO.UNSPEC, BATCH_RESOURCE);
  messages.message(NFNL_MSG_BATCH.BEGIN, 0, marker);
  body();
  messages.message(NFNL_MSG_BATCH.END, 0, marker);
}

/** @returns where in the message each element begins; as many as fitted */
function writeElementMessage(
  messages: MessageWriter,
  table: string,
  verb: Part["verb"],
  elements: readonly FirewallElement[],
  start: number,
): number[] {
  const adding = verb === "add to";
  const offsets: number[] = [];
  const type = adding ? NFT_MSG.NEWSETELEM : NFT_MSG.DELSETELEM;
  messages.message(type, NLM_F.ACK | (adding ? NLM_F.CREATE | NLM_F.EXCL : 0), (message) => {
    const [{ set, family }] = elements.slice(start, start + 1) as [FirewallElement];
    writeHeader(message, family === "bridge" ? NFPROTO.BRIDGE : NFPROTO.INET, 0);
    message.textAttribute(NFTA_SET_ELEM_LIST.TABLE, table);
    message.textAttribute(NFTA_SET_ELEM_LIST.SET, set);
    message.nested(NFTA_SET_ELEM_LIST.ELEMENTS, (list) => {
      for (let index = start; index < elements.length && list.offsetInMessage < MESSAGE_BYTES; index++) {
        offsets.push(list.offsetInMessage);
        writeElement(list, elements[index] as FirewallElement, adding);
      }
    });
  });
  return offsets;
}

function writeElement(list: MessageWriter, element: FirewallElement, withValue: boolean): void {
  list.nested(NFTA_LIST_ELEM, (message) => {
    message.nested(NFTA_SET_ELEM.KEY, (key) => key.attribute(NFTA_DATA_VALUE, encodeFields(element.key)));
    const { value } = element;
    if (!withValue || !value) return;
    message.nested(NFTA_SET_ELEM.DATA, (data) => writeData(data, value));
  });
}

function writeData(message: MessageWriter, value: readonly FirewallField[]): void {
  const [verdict] = value;
  if (verdict?.kind !== "goto") message.attribute(NFTA_DATA_VALUE, encodeFields(value));
  else
    message.nested(NFTA_DATA_VERDICT, (data) =>
      data.attribute(NFTA_VERDICT.CODE, be32(NFT_GOTO)).textAttribute(NFTA_VERDICT.CHAIN, verdict.value),
    );
}

/** struct nfgenmsg: u8 family, u8 version, u16 resource in network order. */
export function writeHeader(message: MessageWriter, family: number, resource: number): MessageWriter {
  return message
    .u8(family)
    .u8(0)
    .u8(resource >> 8)
    .u8(resource & 0xff);
}

function bySet(elements: readonly FirewallElement[]): Iterable<readonly FirewallElement[]> {
  return Map.groupBy(elements, ({ family = "inet", set }) => `${family} ${set}`).values();
}

function describe({ key, value }: FirewallElement): string {
  return value ? `${describeFields(key)} : ${describeFields(value)}` : describeFields(key);
}
