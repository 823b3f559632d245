import { messageOf } from "#base/errors.ts";
import type { Client } from "#client/client.ts";
import type { ContainerCreateRequest, ContainerWaitResponse } from "#spec/docker/containers.ts";
import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { createContainer, planFromFlags } from "../create/create.ts";
import { CONTAINER_FLAGS } from "../create/flags.ts";
import { CliError } from "../errors.ts";
import { bool, string } from "../flag-kinds.ts";
import type { Session } from "../session.ts";
import { RUN_FAILED, runExitCode, showRunFailure } from "./_run-failure.ts";

const RUN_FLAGS = {
  ...CONTAINER_FLAGS,
  detach: bool("Run in the background and print the container's id", { short: "d" }),
  "detach-keys": string("Keys that leave the container running"),
  "sig-proxy": bool("Send signals on to the process", { initial: true }),
};

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  arguments: SOME_ARGUMENTS,
  interspersed: false,
  completes: "images",
  flags: RUN_FLAGS,
  async run({ session, args: [image, ...command], flags, given }) {
    checkStreams(session, flags);
    const call = { session, image: image!, command, flags, given };
    const options = {
      detach: flags.detach,
      sigProxy: flags["sig-proxy"],
      detachKeys: flags["detach-keys"] || (session.config.detachKeys ?? ""),
    };
    try {
      const body = forRunning(session, await planFromFlags(call), flags);
      const client = await session.client();
      await client.http.warm().catch(() => {}); // tried again, and told, by the request
      const creating = createContainer(call, body);
      if (!flags.detach) setImmediate(prepareToAttach, client);
      const id = await creating;
      return flags.detach
        ? await startDetached(session, id)
        : await runAttached(session, { id, body, ...options });
    } catch (error) {
      await showRunFailure(session, error);
      return runExitCode(messageOf(error));
    }
  },
});

type RunFlags = Readonly<Record<"detach" | "tty" | "interactive", boolean>> & {
  readonly attach: readonly string[];
};

function checkStreams(session: Session, flags: RunFlags): void {
  if (flags.detach) {
    if (flags.attach.length > 0)
      throw new CliError("conflicting options: cannot specify both --attach and --detach");
    return;
  }
  const attachesStdin = flags.interactive || flags.attach.includes("stdin");
  if (attachesStdin && flags.tty && !session.host.stdin.isTerminal())
    throw new CliError("the input device is not a TTY");
}

/** What differs from `create`: a detached container has nothing attached, one with a terminal gets its size. */
function forRunning(session: Session, body: ContainerCreateRequest, flags: RunFlags): ContainerCreateRequest {
  if (flags.detach)
    return { ...body, AttachStdin: false, AttachStdout: false, AttachStderr: false, StdinOnce: false };
  const size = flags.tty ? session.host.stdout.size() : undefined;
  return size
    ? { ...body, HostConfig: { ...body.HostConfig, ConsoleSize: [size.height, size.width] } }
    : body;
}

/**
 * What attaching and waiting will need, while the engine creates the container: a connection for each, and the code. It
 * comes after the request, which would else wait until the engine has accepted these connections. What fails here is
 * tried again, and told, where it is used.
 */
function prepareToAttach({ http }: Client): void {
  for (let count = 0; count < 2; count++) http.warm().catch(() => {});
  void import("./_attached.ts");
}

async function startDetached(session: Session, id: string): Promise<number> {
  const { containers } = await session.client();
  await containers.start(id);
  await session.print(`${id}\n`);
  return 0;
}

export interface AttachedRun {
  readonly id: string;
  readonly body: ContainerCreateRequest;
  readonly sigProxy: boolean;
  readonly detachKeys: string;
}

/** Starts a container with what it says and is told connected; waits for its end. @returns the exit code for a shell */
export async function runAttached(
  session: Session,
  { id, body, sigProxy, detachKeys }: AttachedRun,
): Promise<number> {
  const { containers } = await session.client();
  const { startAttached } = await import("./_attached.ts");
  const container = {
    id,
    stdin: body.AttachStdin ?? false,
    stdout: body.AttachStdout ?? false,
    stderr: body.AttachStderr ?? false,
    tty: body.Tty ?? false,
    autoRemove: body.HostConfig?.AutoRemove ?? false,
    detachKeys,
    sigProxy,
  };
  const ended = await startAttached(session, container, () => containers.start(id));
  return ended ? await exitCodeOf(session, ended.result) : 0;
}

async function exitCodeOf(session: Session, result: Promise<ContainerWaitResponse>): Promise<number> {
  try {
    const { StatusCode, Error: failure } = await result;
    if (!failure?.Message) return StatusCode;
    await session.warn(`Error waiting for container: ${failure.Message}\n`);
  } catch (error) {
    await session.warn(`error waiting for container: ${messageOf(error)}\n`);
  }
  return RUN_FAILED;
}
