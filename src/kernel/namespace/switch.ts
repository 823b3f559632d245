import { AT, CLONE_NEWNET, O } from "../ffi/constants.ts";
import { syscall } from "../ffi/syscall.ts";
import { close, openat } from "../files/at.ts";

/**
 * Moves this thread between network namespaces, for synchronous work only: another task of the event loop must
 * never find itself in a container's namespace. A thread that cannot return ends the process, since from then on
 * every socket and every rule would be made in the wrong place.
 */
export class NamespaceSwitch implements Disposable {
  readonly #hostFd = openOwn();
  #currentFd = this.#hostFd;

  /** Runs `work` in the namespace the engine started in, from wherever the thread is. */
  inHost<T>(work: () => T): T {
    return this.inside(this.#hostFd, work);
  }

  inside<T>(fd: number, work: () => T): T {
    if (fd === this.#currentFd) return work();
    return this.#visit(
      () => syscall("setns", `fd ${fd}`, fd, CLONE_NEWNET),
      () => fd,
      work,
    );
  }

  /**
   * Makes an empty namespace and runs `work` in it.
   * @returns its descriptor; the namespace ends with the last one unless `work` pinned it
   */
  create(work: () => void): number {
    return this.#visit(
      () => syscall("unshare", "CLONE_NEWNET", CLONE_NEWNET),
      openOwn,
      (fd) => {
        try {
          work();
          return fd;
        } catch (error) {
          close(fd);
          throw error;
        }
      },
    );
  }

  /** `enter` throws before the thread has moved; whatever throws later, the thread goes back. */
  #visit<T>(enter: () => void, descriptor: () => number, work: (fd: number) => T): T {
    const previousFd = this.#currentFd;
    enter();
    try {
      this.#currentFd = descriptor();
      return synchronous(work(this.#currentFd));
    } finally {
      returnOrAbort(previousFd);
      this.#currentFd = previousFd;
    }
  }

  [Symbol.dispose](): void {
    close(this.#hostFd);
  }
}

function openOwn(): number {
  return openat(AT.FDCWD, "/proc/thread-self/ns/net", O.RDONLY);
}

function synchronous<T>(result: T): T {
  if (result instanceof Promise) throw new Error("work inside a network namespace must not be asynchronous");
  return result;
}

function returnOrAbort(fd: number): void {
  try {
    syscall("setns", "back", fd, CLONE_NEWNET);
  } catch (error) {
    console.error(`cannot leave a network namespace, giving up: ${error}`);
    process.abort();
  }
}
