import type { Log } from "#base/log.ts";
import type { PublishedPortsPolicy } from "#spec/network-rules.ts";
import { ACCEPT_MARK } from "./plan/table.ts";

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ForeignFirewallDeps {
  /** Runs a program to its end; undefined when there is no such program. */
  readonly runProgram: (argv: readonly string[]) => CommandResult | undefined;
  readonly log: Log;
  /** Names our rule, so that each engine of a host removes only its own. */
  readonly table: string;
}

const PROGRAMS = ["iptables", "ip6tables"] as const;

/**
 * A drop in somebody else's forward chain wins over every accept of ours. Where iptables drops by default, as Docker makes
 * it do, one rule lets pass what our own table has judged and marked. Called at start, never for a container.
 */
export function letMarkedPass({ runProgram, log, table }: ForeignFirewallDeps): {
  /** Whether what is for the host itself is dropped unless a rule lets it in. */
  readonly inputDrops: boolean;
} {
  let inputDrops = false;
  for (const program of PROGRAMS) {
    const rules = runProgram([program, "-w", "-S"]);
    if (rules?.exitCode === 0 && /^-P INPUT DROP$/m.test(rules.stdout)) inputDrops = true;
    if (rules?.exitCode !== 0 || !dropsForwarded(rules.stdout)) continue;
    if (hasRule(rules.stdout, table)) continue;
    const added = runProgram([program, "-w", "-I", "FORWARD", ...ruleOf(table)]);
    if (added?.exitCode === 0) log.info("let our packets pass a firewall that drops by default", { program });
    else
      log.warn("a firewall drops by default and our rule was refused", {
        program,
        error: added?.stderr.trim(),
      });
  }
  return { inputDrops };
}

/** Pure: what somebody who publishes a port may not expect of this host. */
export function publishNotice(policy: PublishedPortsPolicy, inputDrops: boolean): string | undefined {
  if (policy === "host-input")
    return "Published ports follow the host's input rules (published-ports=host-input): what those drop does not reach the container, and the container sees the host as its client.";
  return inputDrops
    ? "Published ports do not follow the host's input rules, which drop by default: they are open, as in Docker (published-ports=docker)."
    : undefined;
}

/** Takes the rule away again; where there is none, nothing happens. */
export function forgetMarked({ runProgram, table }: ForeignFirewallDeps): void {
  for (const program of PROGRAMS) {
    const rules = runProgram([program, "-w", "-S", "FORWARD"]);
    if (rules && hasRule(rules.stdout, table)) runProgram([program, "-w", "-D", "FORWARD", ...ruleOf(table)]);
  }
}

/** Docker's chains count as well: its daemon sets the policy to drop a moment after it made them. */
function dropsForwarded(rules: string): boolean {
  return /^-P FORWARD DROP$/m.test(rules) || /^-N DOCKER/m.test(rules);
}

function hasRule(rules: string, table: string): boolean {
  return rules.includes(`--comment ${commentOf(table)} `);
}

function ruleOf(table: string): string[] {
  const mark = `0x${ACCEPT_MARK.toString(16)}`;
  return [
    "-m",
    "mark",
    "--mark",
    `${mark}/${mark}`,
    "-m",
    "comment",
    "--comment",
    commentOf(table),
    "-j",
    "ACCEPT",
  ];
}

function commentOf(table: string): string {
  return `checked-by-${table}`;
}

/** The real `runProgram`. */
export function runHostProgram(argv: readonly string[]): CommandResult | undefined {
  if (!Bun.which(argv[0]!)) return undefined;
  const result = Bun.spawnSync([...argv], { stdin: "ignore", env: { ...process.env, LC_ALL: "C" } });
  return { exitCode: result.exitCode, stdout: result.stdout.toString(), stderr: result.stderr.toString() };
}
