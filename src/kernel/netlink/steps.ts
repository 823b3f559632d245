import { SysError } from "../ffi/errno.ts";
import type { LinkStep } from "../types.ts";
import { writeAddress } from "./address.ts";
import type { Acknowledgement, MessageWriter } from "./codec.ts";
import { writeLinkChange, writeRename } from "./link.ts";
import type { LinkNames } from "./link-names.ts";
import { writeNeighbor } from "./neighbor.ts";
import { writeRoute } from "./route.ts";

/** A step of `Netlink.apply()` the kernel refused; the ones after it were still tried. */
export class LinkStepError extends SysError {
  override readonly name = "LinkStepError";
  /** Index of the step in the request. */
  readonly step: number;

  constructor(verdict: Acknowledgement, step: number, text: string) {
    super("netlink", verdict.errno, `step ${step}, ${text}`, verdict.words);
    this.step = step;
  }
}

/** One message for one step. Names become indexes where the message has no place for a name. */
export function writeStep(messages: MessageWriter, step: LinkStep, names: LinkNames): void {
  switch (step.op) {
    case "up":
    case "down":
    case "mtu":
      writeLinkChange(messages, step);
      break;
    case "rename": {
      const index = names.indexOf(step.link);
      writeRename(messages, index, step.name);
      names.renamed(index, step.name);
      break;
    }
    case "address":
      writeAddress(messages, { ...step, index: names.indexOf(step.link) });
      break;
    case "route":
      writeRoute(messages, step, step.link === undefined ? undefined : names.indexOf(step.link));
      break;
    case "neighbor":
      writeNeighbor(messages, names.indexOf(step.link), step.address, step.mac);
      break;
  }
}

/** The step in a few words, for an error. */
export function describeStep(step: LinkStep): string {
  switch (step.op) {
    case "up":
    case "down":
      return `${step.op} ${step.link}`;
    case "mtu":
      return `mtu ${step.mtu} of ${step.link}`;
    case "rename":
      return `rename ${step.link} to ${step.name}`;
    case "address":
      return `address ${step.address}/${step.prefixLength} on ${step.link}`;
    case "route":
      return `route to ${step.destination}${step.gateway ? ` by ${step.gateway}` : ""}${step.link === undefined ? "" : ` on ${step.link}`}`;
    case "neighbor":
      return `neighbor ${step.address} on ${step.link}`;
  }
}
