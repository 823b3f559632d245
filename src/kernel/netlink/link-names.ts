import { Errno, SysError } from "../ffi/errno.ts";
import { LOOPBACK_INDEX } from "./constants.ts";

/** Link names as they are while the messages of one request are written, which may rename some. */
export class LinkNames {
  readonly #indexes = new Map([["lo", LOOPBACK_INDEX]]);
  readonly #lookUp: (name: string) => number | undefined;

  constructor(lookUp: (name: string) => number | undefined) {
    this.#lookUp = lookUp;
  }

  /** @throws SysError ENODEV */
  indexOf(link: string | number): number {
    if (typeof link === "number") return link;
    const index = this.#indexes.get(link) ?? this.#lookUp(link);
    if (index === undefined) throw new SysError("netlink", Errno.ENODEV, `link ${link}`);
    this.#indexes.set(link, index);
    return index;
  }

  /** The link is known by its new name from the next message on. */
  renamed(index: number, name: string): void {
    for (const [old, known] of this.#indexes) if (known === index) this.#indexes.delete(old);
    this.#indexes.set(name, index);
  }
}
