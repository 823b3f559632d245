import type { HttpResponse } from "#client/connection.ts";
import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool, string } from "../flag-kinds.ts";
import { parseTimestamp } from "../parse/time.ts";
import type { Session } from "../session.ts";
import { framesTo } from "../streams.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER",
  arguments: ONE_ARGUMENT,
  completes: "containers",
  flags: {
    details: bool("Also show what the log driver adds"),
    follow: bool("Go on showing what is written", { short: "f" }),
    since: string('Only what was written after this time (such as "2026-01-02T13:23:37Z", or "42m" ago)'),
    tail: string("Only so many lines from the end", { short: "n", initial: "all" }),
    timestamps: bool("Show when each line was written", { short: "t" }),
    until: string('Only what was written before this time (such as "2026-01-02T13:23:37Z", or "42m" ago)'),
  },
  async run({ session, args: [container], flags }) {
    const time = (name: "since" | "until") => timeOf(name, flags[name], session.host.now());
    const { containers } = await session.client();
    const response = await containers.logs(container!, {
      stdout: true,
      stderr: true,
      follow: flags.follow,
      timestamps: flags.timestamps,
      details: flags.details,
      tail: flags.tail,
      since: time("since"),
      until: time("until"),
    });
    const { host } = session;
    const isFramed = await sendsFrames(session, container!, response);
    await response.pump(isFramed ? framesTo(host) : (bytes) => host.stdout.put(bytes));
  },
});

function timeOf(name: string, text: string, nowMs: number): string {
  if (text === "") return "";
  try {
    return parseTimestamp(text, nowMs);
  } catch (error) {
    throw new CliError(`invalid value for ${JSON.stringify(name)}: ${(error as Error).message}`);
  }
}

/** Engines before API 1.42 do not say which kind of stream they send: there the container has to be asked. */
async function sendsFrames(session: Session, container: string, response: HttpResponse): Promise<boolean> {
  const type = response.headers["content-type"] ?? "";
  if (type.startsWith("application/vnd.docker.multiplexed-stream")) return true;
  if (type.startsWith("application/vnd.docker.raw-stream")) return false;
  const { containers } = await session.client();
  return !(await containers.inspect(container)).Config.Tty;
}
