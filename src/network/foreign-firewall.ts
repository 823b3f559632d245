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
  /** "inet firewall forward": a chain that drops what is forwarded, and that no rule of ours can be put into. */
  readonly forwardDrop: string | undefined;
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
  const chains = runProgram(["nft", "list", "chains"]);
  return { inputDrops, forwardDrop: chains?.exitCode === 0 ? forwardDropIn(chains.stdout) : undefined };
}

/**
 * Pure: the first chain in what `nft list chains` prints that drops forwarded packets by default. Those of iptables are its
 * tables' `FORWARD`.
 */
export function forwardDropIn(chains: string): string | undefined {
  let [table, chain] = ["", ""];
  for (const line of chains.split("\n")) {
    table = /^table (\S+ \S+) \{/.exec(line)?.[1] ?? table;
    chain = /^\s+chain (\S+) \{/.exec(line)?.[1] ?? chain;
    const isIptables = /^ip6? filter$/.test(table) && chain === "FORWARD";
    if (/hook forward .*policy drop;/.test(line) && !table.startsWith("bridge ") && !isIptables)
      return `${table} ${chain}`;
  }
  return undefined;
}

/** Pure: what somebody who publishes a port may not expect of this host. */
export function publishNotice(
  policy: PublishedPortsPolicy,
  { inputDrops, forwardDrop }: ReturnType<typeof letMarkedPass>,
): string | undefined {
  const notices = [
    inputNotice(policy, inputDrops),
    forwardDrop &&
      `The host's nftables chain ${forwardDrop} drops forwarded packets by default, and whoever drops has the last word: published ports are reached from elsewhere only if it accepts what this engine has judged (meta mark & 0x${ACCEPT_MARK.toString(16)} != 0 accept).`,
  ].filter((notice) => notice !== undefined);
  return notices.length > 0 ? notices.join(" ") : undefined;
}

function inputNotice(policy: PublishedPortsPolicy, inputDrops: boolean): string | undefined {
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
