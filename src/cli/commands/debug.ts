import { messageOf } from "#base/errors.ts";
import type { ContainerCreateRequest, ContainerInspect } from "#spec/docker/containers.ts";
import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { createContainer } from "../create/create.ts";
import { CliError } from "../errors.ts";
import { bool, string } from "../flag-kinds.ts";
import type { Session } from "../session.ts";
import { runExitCode, showRunFailure } from "./_run-failure.ts";
import { runAttached } from "./run.ts";

/** Small, and it has a shell and the tools to look around with. */
const DEFAULT_IMAGE = "busybox:latest";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [COMMAND] [ARG...]",
  arguments: SOME_ARGUMENTS,
  interspersed: false,
  completes: "containers",
  flags: {
    image: string("Image with the tools (or WHARF_DEBUG_IMAGE; else busybox)"),
    privileged: bool("Give it all the rights there are"),
    pull: string('Fetch the image ("always", "missing", "never")', { initial: "missing" }),
  },
  async run({ session, args: [name, ...words], flags }) {
    const image = flags.image || session.host.env.WHARF_DEBUG_IMAGE || DEFAULT_IMAGE;
    try {
      const { containers } = await session.client();
      const target = await containers.inspect(name!);
      const body = planDebug(session, { target, image, command: words, privileged: flags.privileged });
      const id = await createContainer(
        { session, image, flags: { platform: "", cidfile: "", name: "", quiet: true, pull: flags.pull } },
        body,
      );
      return await runAttached(session, {
        id,
        body,
        sigProxy: true,
        detachKeys: session.config.detachKeys ?? "",
      });
    } catch (error) {
      if (error instanceof CliError) throw error;
      await showRunFailure(session, error);
      return runExitCode(messageOf(error));
    }
  },
});

interface DebugPlan {
  readonly target: ContainerInspect;
  readonly image: string;
  readonly command: readonly string[];
  readonly privileged: boolean;
}

/** A container with tools of its own in the namespaces of another, whose files it has at /target. */
function planDebug(
  session: Session,
  { target, image, command, privileged }: DebugPlan,
): ContainerCreateRequest {
  const { stdin, stdout } = session.host;
  const tty = stdin.isTerminal() && stdout.isTerminal();
  const size = tty ? stdout.size() : undefined;
  return {
    Image: image,
    Entrypoint: [""],
    Cmd: command.length > 0 ? [...command] : ["sh"],
    Env: [`DEBUG_TARGET=${target.Name.replace(/^\//, "")}`],
    WorkingDir: "/target",
    Tty: tty,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      AutoRemove: true,
      ...(target.State.Running ? joined(target) : { NetworkMode: "none" }),
      CapAdd: ["SYS_PTRACE"], // to look into other processes, /proc/1/root among them
      Privileged: privileged,
      Annotations: { "wharf.debug": target.Id },
      ...(size ? { ConsoleSize: [size.height, size.width] } : {}),
    },
  };
}

/** Its network, its processes, and its shared memory where it shares that. */
function joined({ Id, HostConfig }: ContainerInspect): ContainerCreateRequest["HostConfig"] {
  const other = `container:${Id}`;
  const isShared = HostConfig.IpcMode === "shareable";
  return { NetworkMode: other, PidMode: other, ...(isShared ? { IpcMode: other } : {}) };
}
