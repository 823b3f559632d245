import type { ContainerWaitResponse } from "#spec/docker/containers.ts";
import type { Session } from "../session.ts";
import { forwardSignals } from "../signals.ts";
import { joinStreams } from "../streams.ts";

export interface AttachedContainer {
  readonly id: string;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
  /** "" means the usual ones. */
  readonly detachKeys: string;
  readonly autoRemove: boolean;
  /** Send signals on to the container's process. */
  readonly sigProxy: boolean;
}

/**
 * Attaches and waits, and only then starts, so that neither output nor exit code can be missed. Resolves when the output
 * has ended.
 * @returns the container's end, or undefined when the user left it running
 */
export async function startAttached(
  session: Session,
  container: AttachedContainer,
  start: () => Promise<void>,
): Promise<{ readonly result: Promise<ContainerWaitResponse> } | undefined> {
  const { id, stdin, stdout, stderr, tty, detachKeys } = container;
  const { containers } = await session.client();
  using _signals = container.sigProxy ? forwardSignals((signal) => containers.kill(id, signal)) : undefined;
  const [channel, waiting] = await Promise.all([
    containers.attach(id, { stdin, stdout, stderr, detachKeys }),
    containers.wait(id, container.autoRemove ? "removed" : "next-exit"),
  ]);
  const joined = joinStreams(session.host, channel, { stdin, tty, detachKeys });
  joined.catch(() => {}); // it is awaited below: a failure while the container starts must not end the process
  try {
    await start();
  } catch (error) {
    channel.close();
    await joined.catch(() => {}); // puts the terminal back
    throw error;
  }
  using _size = tty
    ? (await import("../tty-size.ts")).followTerminalSize(session.host, (size) => containers.resize(id, size))
    : undefined;
  const outcome = await joined;
  channel.close();
  return outcome === "ended" ? waiting : undefined;
}
