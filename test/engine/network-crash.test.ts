/** The daemon is killed between any two steps of what changes networks; the next one leaves nothing without an owner. */
import { expect, test } from "bun:test";
import { startDaemon } from "../helpers/daemon.ts";
import { until } from "../helpers/suite.ts";

/** How many moments of the work are tried; more by hand. */
const MOMENTS = Number(process.env.WHARF_TEST_MOMENTS ?? 6);
/** Between two moments: the work takes some tenths of a second. */
const STEP_MS = 60;

test("kill -9 between any two steps of network create, connect, publish, disconnect and rm", async () => {
  await using d = await startDaemon();
  const docker = (...args: string[]) => d.dockerText(...args);
  const machine = (...argv: string[]) => d.machine.text(argv);
  const table = /table inet (wharf\S*)/.exec(await machine("nft", "list", "tables"))![1]!;
  const elements = async () =>
    JSON.stringify(
      (
        await machine("sh", "-c", `nft list table inet ${table}; nft list table bridge ${table} || true`)
      ).match(/elements = \{[^}]*\}/g) ?? [],
    );
  const bridges = async () =>
    (await machine("ip", "-o", "link", "show", "type", "bridge")).match(/wh-\w+/g) ?? [];
  await docker("run", "-d", "--name", "stay", "-p", "8400:80", "busybox", "sleep", "1000");
  await docker("network", "create", "kept");
  const before = { elements: await elements(), bridges: await bridges() };

  for (let moment = 0; moment < MOMENTS; moment++) {
    const script = `docker network create --ipv6 fleeting && docker network connect fleeting stay &&
      docker network connect --alias x kept stay && docker run -d --name guest --network fleeting -p 8401:80 busybox sleep 1000 &&
      docker network disconnect fleeting stay && docker network disconnect kept stay && docker rm -f guest && docker network rm fleeting`;
    const client = d.machine.run(["sh", "-c", script], { env: { DOCKER_HOST: `unix://${d.socket}` } });
    await Bun.sleep(10 + moment * STEP_MS);
    await d.kill("SIGKILL");
    await client;
    await d.start();
    // What the records say is what there is, and both can be taken back to how it was.
    const inspected = JSON.parse(await docker("inspect", "stay"))[0].NetworkSettings.Networks as object;
    const links = (await docker("exec", "stay", "sh", "-c", "ls /sys/class/net"))
      .split(/\s+/)
      .filter((n) => n !== "lo");
    expect(links).toHaveLength(Object.keys(inspected).length);
    if ((await docker("ps", "-aq", "--filter", "name=guest")) !== "") await docker("rm", "-f", "guest");
    for (const name of Object.keys(inspected).filter((one) => one !== "bridge"))
      await docker("network", "disconnect", name, "stay");
    await docker("network", "prune", "-f", "--filter", "label!=none");
    await docker("network", "create", "kept");
    const after = async () => ({ elements: await elements(), bridges: (await bridges()).length });
    const left = await until(
      `moment ${moment}`,
      after,
      ({ bridges: count }) => count === before.bridges.length,
    );
    const anonymous = (text: string) => text.replaceAll(/wh-\w+|172\.\d+\.\d+\.\d+/g, "X");
    expect(anonymous(left.elements)).toBe(anonymous(before.elements));
    const veths = async () => (await machine("sh", "-c", "ip -o link | grep -c veth || true")).trim();
    expect(await until("one pair", veths, (count) => count === "1")).toBe("1");
    expect((await machine("ls", `${d.execRoot}/netns`)).trim().split("\n")).toHaveLength(1);
  }
});
