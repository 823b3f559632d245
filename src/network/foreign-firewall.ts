import type { Log } from "#base/log.ts";
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
export function letMarkedPass({ runProgram, log, table }: ForeignFirewallDeps): void {
  for (const program of PROGRAMS) {
    const rules = runProgram([program, "-w", "-S"]);
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
