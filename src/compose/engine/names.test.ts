import { expect, test } from "bun:test";
import { project } from "./_testing/projects.ts";
import { encodeDependsOn, LABEL, parseDependsOn } from "./labels.ts";
import { canonicalName, containerName, imageName, shortName } from "./names.ts";
import { planLinks, resolveReferences } from "./references.ts";

test("containerName() and imageName() join project, service and number, unless the service says its own", () => {
  expect(containerName("shop", { name: "web" }, 2, "-")).toBe("shop-web-2");
  expect(containerName("shop", { name: "web", container_name: "mine" }, 1, "_")).toBe("mine");
  expect([
    imageName("shop", { name: "web" }, "_"),
    imageName("shop", { name: "web", image: "bb" }, "-"),
  ]).toEqual(["shop_web", "bb"]);
});

test("shortName() leaves the project out of names that have it, with both separators", () => {
  const labels = { [LABEL.project]: "shop", [LABEL.service]: "web", [LABEL.containerNumber]: "1" };
  expect(["shop-web-1", "shop_web_1", "mine"].map((name) => shortName(name, labels))).toEqual([
    "web-1",
    "web_1",
    "mine",
  ]);
});

test("canonicalName() is the name that is no link's", () => {
  expect(canonicalName(["/other/alias", "/web"])).toBe("web");
});

test("parseDependsOn() reads what encodeDependsOn() writes, and what old tools wrote", () => {
  const dependencies = {
    db: { condition: "service_healthy", restart: true, required: false },
    mq: { condition: "service_started", restart: false, required: false },
  } as const;
  expect(encodeDependsOn(dependencies)).toBe("db:service_healthy:true,mq:service_started:false");
  expect(parseDependsOn(encodeDependsOn(dependencies))).toEqual(dependencies);
  expect(parseDependsOn("db")).toEqual({
    db: { condition: "service_started", restart: true, required: false },
  });
  expect(parseDependsOn("")).toEqual({});
});

const CONTAINERS = {
  main: [
    { id: "id2", name: "b" },
    { id: "id1", name: "a" },
  ],
};

test("resolveReferences() puts the first container of a service in the place of its name", () => {
  const { side } = project({
    side: {
      network_mode: "service:main",
      ipc: "service:main",
      pid: "host",
      volumes_from: ["main:ro", "container:x:ro"],
    },
  }).services;
  expect(resolveReferences(side!, CONTAINERS)).toMatchObject({
    network_mode: "container:id1",
    ipc: "container:id1",
    pid: "host",
    volumes_from: ["id1:ro", "x:ro"],
  });
  expect(resolveReferences(side!, CONTAINERS, { isForHash: true }).volumes_from).toEqual(["id1", "x"]);
  expect(() => resolveReferences(side!, {})).toThrow("service main: container missing");
});

test("planLinks() names every container of the other service three ways, and external ones as they are", () => {
  const { web } = project({ web: { links: ["main:db"], external_links: ["far", "other:near"] } }).services;
  const links = planLinks(web!, CONTAINERS, { project: "shop", separator: "-", number: 1 });
  expect(links.slice(0, 3)).toEqual(["b:db", "b:main-1", "b:shop-main-1"]);
  expect(links.slice(-2)).toEqual(["far:far", "other:near"]);
});
