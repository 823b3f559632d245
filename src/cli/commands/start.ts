import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { CliError, shownMessage } from "../errors.ts";
import { bool, string } from "../flag-kinds.ts";
import type { Session } from "../session.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  arguments: SOME_ARGUMENTS,
  completes: "containers",
  flags: {
    attach: bool("Show the output and send signals on", { short: "a" }),
    checkpoint: string("Go on from this checkpoint"),
    "checkpoint-dir": string("Directory of checkpoints", { hidden: true }),
    "detach-keys": string("Keys that leave the container running"),
    interactive: bool("Send standard input", { short: "i" }),
  },
  async run({ session, args, flags }) {
    const checkpoint = { checkpoint: flags.checkpoint, checkpointDir: flags["checkpoint-dir"] };
    const detachKeys = flags["detach-keys"] || (session.config.detachKeys ?? "");
    if (!flags.attach && !flags.interactive) return await startAll(session, args, checkpoint);
    if (args.length > 1) throw new CliError("you cannot start and attach multiple containers at once");
    return await attachAndStart(session, args[0]!, {
      interactive: flags.interactive,
      detachKeys,
      checkpoint,
    });
  },
});

interface Checkpoint {
  readonly checkpoint: string;
  readonly checkpointDir: string;
}

async function startAll(session: Session, names: readonly string[], checkpoint: Checkpoint): Promise<number> {
  const { containers } = await session.client();
  const failed: string[] = [];
  for (const name of names) {
    try {
      await containers.start(name, checkpoint);
      await session.print(`${name}\n`);
    } catch (error) {
      await session.warn(`${shownMessage(error)}\n`);
      failed.push(name);
    }
  }
  if (failed.length > 0) throw new CliError(`Error: failed to start containers: ${failed.join(", ")}`);
  return 0;
}

interface AttachedStart {
  readonly interactive: boolean;
  readonly detachKeys: string;
  readonly checkpoint: Checkpoint;
}

async function attachAndStart(
  session: Session,
  name: string,
  { interactive, detachKeys, checkpoint }: AttachedStart,
): Promise<number> {
  const { containers } = await session.client();
  const { Id: id, Config, HostConfig } = await containers.inspect(name);
  const { Tty: tty = false, OpenStdin = false } = Config;
  const stdin = interactive && OpenStdin;
  if (stdin && tty && !session.host.stdin.isTerminal()) throw new CliError("the input device is not a TTY");
  const { startAttached } = await import("./_attached.ts");
  const streams = { stdin, stdout: true, stderr: true, tty, detachKeys };
  const container = { id, ...streams, autoRemove: HostConfig.AutoRemove ?? false, sigProxy: !tty };
  const ended = await startAttached(session, container, () => containers.start(id, checkpoint));
  return ended ? (await ended.result).StatusCode : 0;
}
