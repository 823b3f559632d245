import { Internal, InvalidArgument, Unavailable } from "#base/errors.ts";
import { type RunResult, run } from "#base/spawn.ts";
import type { ContainerTop } from "#spec/docker/containers.ts";
import { cgroupPathOf } from "./cgroup-path.ts";
import type { Context } from "./context.ts";
import { emitContainerEvent, subjectOf } from "./emit.ts";
import { nextStatus } from "./lifecycle.ts";

/** The host's `ps` with the user's options, and of its lines those that belong to the container. */
export async function topContainer(
  ctx: Context,
  nameOrId: string,
  psArgs: string,
  runPs: (argv: readonly string[]) => Promise<RunResult> = run,
): Promise<ContainerTop> {
  const record = ctx.records.resolve(nameOrId);
  const args = psArgs.trim() || "-ef";
  if (/\bpid\s*=/i.test(args))
    throw new InvalidArgument(`specifying "${args}" is not allowed: ps must show PID as it is`);
  nextStatus(subjectOf(ctx, record), "top");
  const pids = new Set(ctx.runtime.pids(cgroupPathOf(ctx.settings, record)));
  const { exitCode, stdout, stderr } = await runIfThere(runPs, ["ps", ...args.split(/\s+/)]);
  if (exitCode !== 0) throw new InvalidArgument(complaintOf(stderr));
  const processes = selectProcesses(stdout, pids);
  emitContainerEvent(ctx, record, "top");
  return processes;
}

/** The first line says why; its usage follows. "ps:" stands before errors of other engines too, and clients look for it. */
function complaintOf(stderr: string): string {
  const [first = ""] = stderr.trim().split("\n");
  return `ps: ${first.replace(/^ps: /, "")}`;
}

async function runIfThere(
  runPs: (argv: readonly string[]) => Promise<RunResult>,
  argv: readonly string[],
): Promise<RunResult> {
  try {
    return await runPs(argv);
  } catch (error) {
    throw new Unavailable("cannot list processes: this host has no program ps", {
      cause: error,
      hint: 'install the package "procps"',
    });
  }
}

/** Pure. The last column may have blanks in it. @throws Internal when the output has no column PID */
export function selectProcesses(output: string, pids: ReadonlySet<number>): ContainerTop {
  const [head = "", ...lines] = output.split("\n");
  const titles = head.trim().split(/\s+/);
  const pidColumn = titles.indexOf("PID");
  if (pidColumn < 0) throw new Internal("couldn't find PID field in ps output");
  const rows = lines.map((line) => splitRow(line, titles.length));
  return { Titles: titles, Processes: rows.filter((row) => pids.has(Number(row[pidColumn]))) };
}

function splitRow(line: string, columns: number): string[] {
  const fields = line.trim().split(/\s+/);
  return fields.length <= columns
    ? fields
    : [...fields.slice(0, columns - 1), fields.slice(columns - 1).join(" ")];
}
