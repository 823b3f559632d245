import { describe, expect, test } from "bun:test";
import { container, HASHES, observed, planInput, planText, project } from "../_testing/projects.ts";
import { LABEL } from "../labels.ts";
import { planStartOnly, planUp, touchedContainers } from "./plan.ts";
import { changedVolumes } from "./volumes.ts";

const HEALTHY = { condition: "service_healthy", required: true } as const;
const STARTED = { condition: "service_started", required: true } as const;

describe("planUp()", () => {
  test("planUp() makes what is missing, all at once, and starts it behind its conditions", () => {
    const shop = project({ db: {}, web: { depends_on: { db: HEALTHY } } });
    expect(planText(planUp(planInput(shop, observed(shop, [], { networks: {} }))))).toEqual([
      "0 createNetwork default",
      "1 createContainer shop-db-1 < 0",
      "2 createContainer shop-web-1 < 0",
      "3 startContainer shop-db-1 < 1",
      "4 waitFor db service_healthy < 3",
      "5 startContainer shop-web-1 < 4 2",
    ]);
  });

  test("planUp() shares one wait among all that wait for the same", () => {
    const shop = project({ db: {}, a: { depends_on: { db: HEALTHY } }, b: { depends_on: { db: HEALTHY } } });
    const waits = planUp(planInput(shop, observed(shop))).nodes.filter(
      ({ operation }) => operation.op === "waitFor",
    );
    expect(waits).toHaveLength(1);
  });

  test("planUp() does nothing where all is right", () => {
    const shop = project({ db: {}, web: { depends_on: { db: STARTED } } });
    const found = observed(
      shop,
      Object.values(shop.services).map((service) => container(service)),
    );
    expect(planUp(planInput(shop, found)).nodes).toEqual([]);
  });

  const web = project({ web: {} }).services.web!;
  const differences: [what: string, changes: Parameters<typeof container>[1]][] = [
    ["another configuration", { labels: { [LABEL.configHash]: "other" } }],
    ["another image", { labels: { [LABEL.image]: "sha256:other" } }],
    ["a network it is not in", { networkIds: [] }],
  ];
  for (const [what, changes] of differences)
    test(`planUp() replaces a container that has ${what}: the new one exists before the old one goes`, () => {
      const shop = project({ web: {} });
      const plan = planUp(planInput(shop, observed(shop, [container(web, changes)])));
      expect(planText(plan)).toEqual([
        "0 createContainer shop-web-1",
        "1 stopContainer shop-web-1 < 0",
        "2 removeContainer shop-web-1 < 1 0",
        "3 renameContainer shop-web-1 < 2",
        "4 startContainer shop-web-1 < 3",
      ]);
      expect(touchedContainers(plan)).toEqual(new Set([container(web).id]));
    });

  test("planUp() leaves differences alone when told so, and replaces everything when told so", () => {
    const shop = project({ web: {} });
    const other = observed(shop, [container(web, { labels: { [LABEL.configHash]: "other" } })]);
    expect(planUp(planInput(shop, other, { recreate: "never" })).nodes).toEqual([]);
    const same = observed(shop, [container(web)]);
    expect(planUp(planInput(shop, same, { recreate: "force" })).nodes).toHaveLength(5);
    const forDependencies = {
      targets: ["other"],
      recreate: "force",
      recreateDependencies: "diverged",
    } as const;
    expect(planUp(planInput(shop, same, forDependencies)).nodes).toEqual([]);
  });

  test("planUp() removes replicas with high numbers and wrong ones first", () => {
    const shop = project({ web: { scale: 1 } });
    const containers = [
      container(web, { number: 1, labels: { [LABEL.configHash]: "other" } }),
      container(web, { number: 2 }),
      container(web, { number: 3 }),
    ];
    expect(planText(planUp(planInput(shop, observed(shop, containers))))).toEqual([
      "0 stopContainer shop-web-3",
      "1 removeContainer shop-web-3 < 0",
      "2 stopContainer shop-web-1",
      "3 removeContainer shop-web-1 < 2",
    ]);
  });

  test("planUp() numbers new replicas after the highest there is", () => {
    const shop = project({ web: { scale: 2 } });
    const plan = planUp(planInput(shop, observed(shop, [container(web, { number: 4 })]), { starts: false }));
    expect(planText(plan)).toEqual(["0 createContainer shop-web-5"]);
  });

  test("planUp() refuses several containers with one name", () => {
    const shop = project({ web: { scale: 2, container_name: "fixed" } });
    expect(() => planUp(planInput(shop, observed(shop)))).toThrow("cannot have 2 replicas");
  });

  test("planUp() stops what asks for it while its dependency is replaced, and starts it again", () => {
    const shop = project({ db: {}, web: { depends_on: { db: { ...STARTED, restart: true } } } });
    const containers = [
      container(shop.services.db!, { labels: { [LABEL.configHash]: "other" } }),
      container(shop.services.web!),
    ];
    const texts = planText(planUp(planInput(shop, observed(shop, containers))));
    expect(texts.slice(0, 2)).toEqual(["0 stopContainer shop-web-1", "1 createContainer shop-db-1 < 0"]);
    expect(texts.at(-1)).toBe("6 startContainer shop-web-1 < 5 0");
  });

  test("planUp() replaces what shares a namespace with what is replaced", () => {
    const shop = project({ main: {}, side: { network_mode: "service:main", networks: {} } });
    const main = container(shop.services.main!, { labels: { [LABEL.configHash]: "other" } });
    const resolved = { ...shop.services.side!, network_mode: `container:${main.id}` };
    const side = container(resolved, { networkIds: [] });
    const ops = planUp(planInput(shop, observed(shop, [main, side]))).nodes;
    expect(ops.filter(({ operation }) => operation.op === "createContainer")).toHaveLength(2);
    const alone = observed(shop, [container(shop.services.main!), side]);
    expect(planUp(planInput(shop, alone)).nodes).toEqual([]);
  });

  test("planUp() moves containers to a network that is made anew, and leaves it when others hold it", () => {
    const shop = project({ web: {} });
    const networks = { default: { id: "n-default", name: "shop_default", configHash: "other" } };
    const found = observed(shop, [container(web)], { networks });
    expect(planText(planUp(planInput(shop, found)))).toEqual([
      "0 stopContainer shop-web-1",
      "1 disconnect shop-web-1 < 0",
      "2 removeNetwork shop_default < 1",
      "3 createNetwork default < 2",
      "4 connect shop-web-1 < 3 1",
      "5 startContainer shop-web-1 < 4",
    ]);
    const spare = { ...web, name: "spare" };
    const held = observed(shop, [container(web), container(spare)], { networks });
    const plan = planUp(planInput({ ...shop, disabledServices: { spare } }, held));
    expect([plan.nodes, plan.warnings]).toEqual([[], [expect.stringContaining("still used by spare")]]);
  });

  test("planUp() makes a changed volume anew only when that was agreed to", () => {
    const volume = { name: "shop_data", extensions: {} };
    const shop = project(
      { web: { volumes: [{ type: "volume", source: "data", target: "/d" }] } },
      { volumes: { data: volume } },
    );
    const mounts = [{ Type: "volume", Name: "shop_data", Destination: "/d" }] as never;
    const found = observed(shop, [container(shop.services.web!, { mounts })], {
      volumes: { data: { name: "shop_data", configHash: "other" } },
    });
    expect(changedVolumes({ project: shop, observed: found, hashes: HASHES })).toEqual(["data"]);
    expect(planUp(planInput(shop, found)).nodes).toEqual([]);
    expect(planText(planUp(planInput(shop, found, { recreateVolumes: new Set(["data"]) })))).toEqual([
      "0 stopContainer shop-web-1",
      "1 removeContainer shop-web-1 < 0",
      "2 removeVolume shop_data < 1",
      "3 createVolume data < 2",
      "4 createContainer shop-web-1 < 3",
      "5 startContainer shop-web-1 < 4",
    ]);
  });

  test("planUp() removes orphans only when asked to", () => {
    const shop = project({ web: {} });
    const orphan = container({ ...web, name: "old" });
    const found = observed(shop, [container(web)], { orphans: [orphan] });
    expect(planUp(planInput(shop, found)).nodes).toEqual([]);
    expect(planText(planUp(planInput(shop, found, { removeOrphans: true })))).toEqual([
      "0 stopContainer shop-old-1",
      "1 removeContainer shop-old-1 < 0",
    ]);
  });

  test("planUp() starts replicas that share a range of ports one after the other, others at once", () => {
    const ports = [{ target: 80, published: "8000-8010" }];
    const starts = (service: object) => {
      const shop = project({ web: { scale: 2, ...service } });
      return planText(planUp(planInput(shop, observed(shop)))).slice(2);
    };
    expect(starts({ ports })).toEqual([
      "2 startContainer shop-web-1 < 0",
      "3 startContainer shop-web-2 < 2 1",
    ]);
    expect(starts({})).toEqual(["2 startContainer shop-web-1 < 0", "3 startContainer shop-web-2 < 1"]);
  });
});

test("planStartOnly() starts what is there and makes nothing", () => {
  const shop = project({ db: {}, web: { depends_on: { db: HEALTHY } } });
  const stopped = container(shop.services.web!, { state: "exited" });
  const found = observed(shop, [container(shop.services.db!), stopped]);
  expect(planText(planStartOnly(planInput(shop, found)))).toEqual([
    "0 waitFor db service_healthy",
    "1 startContainer shop-web-1 < 0",
  ]);
});
