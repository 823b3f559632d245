import type { Kernel } from "#kernel/types.ts";
import type { StateStore } from "#state/types.ts";

/** What only looks is no step: an engine that dies before it has done what the last step left. */
const LOOKS = new Set([
  "addresses",
  "count",
  "ephemeralRange",
  "find",
  "findLink",
  "forgetUdpStreams",
  "get",
  "isPinned",
  "keysWithPrefix",
  "linkIndex",
  "links",
  "list",
  "listFrom",
  "open",
  "routes",
  "watch",
  "watchRoutes",
]);

/** For tests: the life of an engine that is killed before one of its steps. */
export class Life {
  #left = Number.POSITIVE_INFINITY;
  #isDead = false;

  get isDead(): boolean {
    return this.#isDead;
  }

  /** It dies before the step of this number, from now on. */
  endsBefore(step: number): void {
    this.#left = step;
  }

  kernel(kernel: Kernel): Kernel {
    const { netns } = kernel;
    const inside = (path: string, make: (path: string) => ReturnType<typeof netns.open>) => {
      const namespace = make(path);
      return {
        path,
        fd: namespace.fd,
        run: namespace.run.bind(namespace),
        netlink: this.#mortal(namespace.netlink),
        [Symbol.dispose]: () => namespace[Symbol.dispose](),
      };
    };
    return {
      ...kernel,
      host: this.#mortal(kernel.host),
      firewall: this.#mortal(kernel.firewall),
      sysctl: this.#mortal(kernel.sysctl),
      ports: this.#mortal(kernel.ports),
      netns: this.#mortal({
        ...netns,
        create: (path) => inside(path, netns.create),
        open: (path) => inside(path, netns.open),
      }),
    };
  }

  state(state: StateStore): StateStore {
    return {
      collection: (definition) => this.#mortal(state.collection(definition)),
      transaction: (work) => state.transaction(work),
      [Symbol.dispose]() {},
    };
  }

  #step(): void {
    if (this.#isDead || --this.#left <= 0) {
      this.#isDead = true;
      throw new Error("the engine is dead");
    }
  }

  #mortal<T extends object>(part: T): T {
    return new Proxy(part, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function" || typeof name === "symbol") return value;
        return (...args: unknown[]) => {
          if (this.#isDead || !LOOKS.has(name)) this.#step();
          return value.apply(target, args);
        };
      },
    });
  }
}
