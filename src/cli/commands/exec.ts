import { defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool, list, string } from "../flag-kinds.ts";
import { checkEnv, parseKeyValueFile, resolveEnv } from "../parse/env.ts";
import type { Session } from "../session.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER COMMAND [ARG...]",
  arguments: { min: 2 },
  interspersed: false,
  completes: "containers",
  flags: {
    detach: bool("Run the command in the background", { short: "d" }),
    "detach-keys": string("Keys that leave the command running"),
    env: list("Set an environment variable", { short: "e", each: checkEnv }),
    "env-file": list("Read environment variables from a file"),
    interactive: bool("Keep stdin open even when nothing is attached to it", { short: "i" }),
    privileged: bool("Give the command almost everything root on the host can do"),
    tty: bool("Give it a terminal", { short: "t" }),
    user: string("User to run as (<name|uid>[:<group|gid>])", { short: "u" }),
    workdir: string("Directory to start in", { short: "w" }),
  },
  async run({ session, args: [container, ...words], flags }) {
    const { host } = session;
    const { detach, tty, interactive } = flags;
    const stdin = interactive && !detach;
    const detachKeys = flags["detach-keys"] || (session.config.detachKeys ?? "");
    const env = await planEnv(session, flags["env-file"], flags.env);
    if (stdin && tty && !host.stdin.isTerminal()) throw new CliError("the input device is not a TTY");
    const { execs } = await session.client();
    const size = tty && !detach ? host.stdout.size() : undefined;
    const terminal = { Tty: tty, ConsoleSize: size ? [size.height, size.width] : null };
    const { Id } = await execs.create(container!, {
      ...terminal,
      User: flags.user,
      Privileged: flags.privileged,
      AttachStdin: stdin,
      AttachStdout: !detach,
      AttachStderr: !detach,
      Detach: detach,
      DetachKeys: detachKeys,
      Env: env.length > 0 ? env : null,
      WorkingDir: flags.workdir,
      Cmd: words,
    });
    if (detach) return await execs.startDetached(Id, terminal);
    return await runAttached(session, { id: Id, stdin, tty, detachKeys, terminal });
  },
});

async function planEnv(
  session: Session,
  files: readonly string[],
  given: readonly string[],
): Promise<string[]> {
  const { env } = session.host;
  const readText = files.length > 0 ? (await import("../files.ts")).readText : undefined;
  const fromFiles = files.flatMap((path) => parseKeyValueFile(readText!(path), env));
  return [...fromFiles, ...given.map((text) => resolveEnv(text, env))];
}

interface AttachedExec {
  readonly id: string;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly detachKeys: string;
  readonly terminal: { readonly Tty: boolean; readonly ConsoleSize: number[] | null };
}

async function runAttached(
  session: Session,
  { id, stdin, tty, detachKeys, terminal }: AttachedExec,
): Promise<number> {
  const { execs, http } = await session.client();
  const [channel, { joinStreams }] = await Promise.all([execs.start(id, terminal), import("../streams.ts")]);
  http.warm().catch(() => {}); // for the exit code, while the command runs; tried again, and told, when it is asked for
  using _size = tty
    ? (await import("../tty-size.ts")).followTerminalSize(session.host, (size) => execs.resize(id, size))
    : undefined;
  const outcome = await joinStreams(session.host, channel, { stdin, tty, detachKeys });
  channel.close();
  if (outcome === "detached") throw new CliError("read escape sequence");
  return await execs.exitCode(id);
}
