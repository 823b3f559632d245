import type { Kernel } from "#kernel/types.ts";
import type { AttachStream, DirectConnection, PendingAttach } from "../types.ts";
import { type InheritedReader, type SupervisorOptions, supervisorArguments } from "./arguments.ts";
import { inheritedAttachStream } from "./attach-stream.ts";
import { ControlConnection, type ControlHandlers } from "./control-connection.ts";

/** Nothing of the daemon's environment reaches runtimes and, through them, containers. */
const ENVIRONMENT = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };

export interface SpawnRequest {
  /** The supervisor, with what must come before its own arguments. */
  readonly program: readonly string[];
  readonly options: Omit<SupervisorOptions, "sealedRuntime" | "attach">;
  /** Descriptor of the runtime's sealed copy, asked for when it is used; stays the giver's. */
  readonly sealedRuntime: () => number | undefined;
  readonly attach: readonly PendingAttach[];
}

export interface SpawnedSupervisor {
  readonly control: ControlConnection;
  /** The readers that were waiting, already handed to them. */
  readonly readers: readonly AttachStream[];
  /** Clients whose own connections the supervisor has inherited. */
  readonly direct: readonly DirectConnection[];
}

/**
 * Starts a supervisor, detached so that it outlives us, with its first control connection and the readers that waited.
 * @throws when the program cannot be run; the readers' streams are destroyed then
 */
export async function spawnSupervisor(
  files: Pick<Kernel["files"], "socketPair" | "close">,
  request: SpawnRequest,
  handlers: ControlHandlers,
): Promise<SpawnedSupervisor> {
  const inherited: number[] = [];
  const ownEnd = () => {
    const [ours, theirs] = files.socketPair();
    inherited.push(theirs);
    return ours;
  };
  const controlFd = ownEnd();
  const direct: DirectConnection[] = [];
  const readers: AttachStream[] = [];
  const waiting = request.attach.map((reader): WaitingReader => {
    const connection = reader.direct?.();
    if (connection) {
      direct.push(connection);
      return { fd: connection.fd, ...reader.options, detachKeys: connection.detachKeys };
    }
    const stream = inheritedAttachStream(ownEnd());
    reader.connected(stream);
    readers.push(stream);
    return { fd: inherited.at(-1)!, ...reader.options };
  });
  try {
    runDetached(request, inherited[0]!, waiting);
  } catch (error) {
    files.close(controlFd);
    for (const reader of readers) reader.destroy();
    throw error;
  } finally {
    for (const fd of inherited) files.close(fd);
  }
  return { control: await ControlConnection.open({ fd: controlFd }, handlers), readers, direct };
}

interface WaitingReader extends InheritedReader {
  readonly fd: number;
}

function runDetached(request: SpawnRequest, control: number, readers: readonly WaitingReader[]): void {
  const sealed = request.sealedRuntime();
  const args = supervisorArguments({
    ...request.options,
    sealedRuntime: sealed !== undefined,
    attach: readers,
  });
  const child = Bun.spawn([...request.program, ...args], {
    stdio: [
      "ignore",
      "ignore",
      "ignore",
      control,
      ...(sealed === undefined ? [] : [sealed]),
      ...readers.map(({ fd }) => fd),
    ] as unknown as ["ignore", "ignore", "ignore"],
    env: ENVIRONMENT,
    cwd: "/",
    detached: true,
  });
  child.unref();
}
