/** Published ports beside a host firewall that drops by default. */
import { expect, test } from "bun:test";
import { ADD_NEIGHBOUR, HAS_IPTABLES, HOST_ADDRESS, NEIGHBOUR, useNetCheck } from "../helpers/netcheck.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const DROP_BY_DEFAULT = `
iptables -P INPUT DROP
iptables -A INPUT -i lo -j ACCEPT
iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
`;
const daemon = useDaemon({
  prepare: HAS_IPTABLES ? ADD_NEIGHBOUR + DROP_BY_DEFAULT : ADD_NEIGHBOUR,
  flags: ["--published-ports", "host-input"],
});
const docker = (...args: string[]) => daemon().dockerText(...args);
const { client, answer, answerInside, get } = useNetCheck(daemon);

test.skipIf(!HAS_IPTABLES)(
  "published-ports=host-input: the host's input rules decide who reaches a published port",
  async () => {
    const serve = ["busybox", "netcheck", "serve", "tcp", "80", "web"];
    const made = await daemon().docker(
      "run",
      "-d",
      "--name",
      "web",
      "-p",
      "8500:80",
      "-p",
      "127.0.0.1:8501:80",
      ...serve,
    );
    expect(made.stderr).toContain(
      "Published ports follow the host's input rules (published-ports=host-input)",
    );
    await answer("127.0.0.1", 8500);
    await answer("127.0.0.1", 8501);
    expect((await get(HOST_ADDRESS, 8500, { from: NEIGHBOUR })).exitCode).not.toBe(0);
    await daemon().machine.text(["iptables", "-A", "INPUT", "-p", "tcp", "--dport", "8500", "-j", "ACCEPT"]);
    expect((await answer(HOST_ADDRESS, 8500, { from: NEIGHBOUR })).name).toBe("web");
    expect((await get(HOST_ADDRESS, 8501, { from: NEIGHBOUR })).exitCode).not.toBe(0);
    await client("mate");
    expect(await answerInside("mate", HOST_ADDRESS, 8500)).toBe("web");
    const sctp = await daemon().docker("run", "--rm", "-p", "8502:80/sctp", "busybox", "true");
    expect(sctp.stderr).toContain("port 80/sctp cannot be published: with published-ports=host-input");
  },
);

test.skipIf(!HAS_IPTABLES)(
  "network rules tells what the firewall does, in words and as nft has it",
  async () => {
    const words = await daemon().wharfText("network", "rules");
    expect(words).toMatch(
      /^bridge +\S+ +172\.17\.0\.0\/16 +as the host's address +published ports +everything$/m,
    );
    expect(words).toMatch(/^0\.0\.0\.0:8500 +tcp +web +172\.17\.\d+\.\d+:80 +firewall, relay$/m);
    expect(words).toMatch(/^127\.0\.0\.1:8501 +tcp +web +172\.17\.\d+\.\d+:80 +firewall$/m);
    expect(words).toContain("Published ports follow the host's input rules.");
    expect(await daemon().wharfText("network", "rules", "--raw")).toContain("map dnat4any");
    await docker("rm", "-f", "web", "mate");
  },
);

testNothingIsLeft(daemon);
