import type { ContainerState } from "#spec/docker/containers.ts";
import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool, string } from "../flag-kinds.ts";
import type { CliHost } from "../host.ts";
import { forwardSignals } from "../signals.ts";
import { joinStreams } from "../streams.ts";
import type { TerminalSize } from "../terminal.ts";
import { followTerminalSize } from "../tty-size.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER",
  arguments: ONE_ARGUMENT,
  completes: "containers",
  flags: {
    "detach-keys": string("Keys that leave the container running"),
    "no-stdin": bool("Do not send standard input"),
    "sig-proxy": bool("Send signals on to the process", { initial: true }),
  },
  async run({ session, args: [container], flags }) {
    const { host } = session;
    const { containers } = await session.client();
    const { Id, State, Config } = await containers.inspect(container!);
    checkRunning(State);
    const { Tty: tty = false, OpenStdin = false } = Config;
    const stdin = OpenStdin && !flags["no-stdin"];
    if (stdin && tty && !host.stdin.isTerminal()) throw new CliError("the input device is not a TTY");
    const detachKeys = flags["detach-keys"] || (session.config.detachKeys ?? "");
    const [channel, { result }] = await Promise.all([
      containers.attach(Id, { stdin, stdout: true, stderr: true, detachKeys }),
      containers.wait(Id, "not-running"),
    ]);
    using _signals =
      flags["sig-proxy"] && !tty ? forwardSignals((signal) => containers.kill(Id, signal)) : undefined;
    if (tty) await redraw(host, (size) => containers.resize(Id, size));
    using _size = tty ? followTerminalSize(host, (size) => containers.resize(Id, size)) : undefined;
    const outcome = await joinStreams(host, channel, { stdin, tty, detachKeys });
    channel.close();
    if (outcome === "detached") throw new CliError("read escape sequence");
    const { StatusCode, Error: failure } = await result;
    if (failure?.Message) throw new CliError(failure.Message);
    return StatusCode;
  },
});

function checkRunning({ Running, Paused, Restarting }: ContainerState): void {
  if (!Running) throw new CliError("You cannot attach to a stopped container, start it first");
  if (Paused) throw new CliError("You cannot attach to a paused container, unpause it first");
  if (Restarting) throw new CliError("You cannot attach to a restarting container, wait until it is running");
}

/** Programs draw their screen again when its size changes: here it becomes one larger, then right. */
async function redraw(host: CliHost, resize: (size: TerminalSize) => Promise<void>): Promise<void> {
  const size = host.stdout.size();
  if (size) await resize({ height: size.height + 1, width: size.width + 1 }).catch(() => {});
}
