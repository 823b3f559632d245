import { expect, test } from "bun:test";
import { silentLog } from "#base/log.ts";
import { forgetMarked, forwardDropIn, letMarkedPass, publishNotice } from "./foreign-firewall.ts";

/** An iptables that has these rules; ip6tables is not installed. */
function host(rules: string[], table = "wharf") {
  const calls: string[] = [];
  const runProgram = (argv: readonly string[]) => {
    const [program, ...args] = argv;
    if (program !== "iptables") return undefined;
    const command = args.join(" ");
    if (!command.includes("-S")) calls.push(command);
    if (command.includes("-I FORWARD")) rules.unshift(`-A FORWARD ${command.split("-I FORWARD ")[1]}`);
    return { exitCode: 0, stdout: `${rules.join("\n")}\n`, stderr: "" };
  };
  return { calls, deps: { runProgram, log: silentLog, table } };
}

const RULE = "-m mark --mark 0x40000000/0x40000000 -m comment --comment checked-by-wharf -j ACCEPT";

for (const rules of [["-P FORWARD DROP"], ["-P FORWARD ACCEPT", "-N DOCKER-USER"]])
  test(`letMarkedPass() adds one rule beside ${rules.at(-1)}, once`, () => {
    const { calls, deps } = host(rules);
    letMarkedPass(deps);
    letMarkedPass(deps);
    expect(calls).toEqual([`-w -I FORWARD ${RULE}`]);
  });

test("letMarkedPass() leaves a firewall alone that lets packets through", () => {
  const { calls, deps } = host(["-P INPUT DROP", "-P FORWARD ACCEPT"]);
  letMarkedPass(deps);
  expect(calls).toEqual([]);
});

test("forgetMarked() removes its own rule and not another engine's", () => {
  const { calls, deps } = host(["-P FORWARD DROP"]);
  letMarkedPass({ ...deps, table: "wharf-two" });
  forgetMarked(deps);
  expect(calls).toHaveLength(1);
  letMarkedPass(deps);
  forgetMarked(deps);
  expect(calls.slice(1)).toEqual([`-w -I FORWARD ${RULE}`, `-w -D FORWARD ${RULE}`]);
});

test("forwardDropIn() names a chain of nft itself that drops, not those of iptables", () => {
  const chains = (table: string, chain: string, policy: string) =>
    `table ${table} {\n\tchain ${chain} {\n\t\ttype filter hook forward priority filter; policy ${policy};\n\t}\n\tchain other {\n\t}\n}\n`;
  expect(forwardDropIn(chains("ip filter", "FORWARD", "drop") + chains("inet mine", "fwd", "drop"))).toBe(
    "inet mine fwd",
  );
  for (const [table, chain, policy] of [
    ["ip6 filter", "FORWARD", "drop"],
    ["inet mine", "fwd", "accept"],
    ["bridge mine", "fwd", "drop"],
  ] as const)
    expect(forwardDropIn(chains(table, chain, policy))).toBeUndefined();
});

test("publishNotice() says all that is out of the ordinary", () => {
  const [calm, strict] = [
    { inputDrops: false, forwardDrop: undefined },
    { inputDrops: true, forwardDrop: "inet mine fwd" },
  ];
  expect(publishNotice("docker", calm)).toBeUndefined();
  expect(publishNotice("docker", strict)).toMatch(
    /^Published ports do not follow .* The host's nftables chain inet mine fwd drops/,
  );
  expect(publishNotice("host-input", calm)).toStartWith("Published ports follow the host's input rules");
});
