import { expect, test } from "bun:test";
import { emptyProject } from "./empty.ts";
import { selectServices, withProfiles } from "./select.ts";
import type { Project, Service } from "./types.ts";

function service(name: string, more: Partial<Service> = {}): Service {
  return { name, image: "x", networks: { [name]: null }, extensions: {}, ...more };
}

function needs(...names: string[]): Pick<Service, "depends_on"> {
  const dependency = { condition: "service_started", required: true } as const;
  return { depends_on: Object.fromEntries(names.map((name) => [name, dependency])) };
}

const ALL = [
  service("web", needs("api")),
  service("api", needs("db")),
  service("db"),
  service("debug", { profiles: ["debug"], ...needs("db") }),
];

const PROJECT: Project = withProfiles(
  {
    ...emptyProject("demo"),
    services: Object.fromEntries(ALL.map((one) => [one.name, one])),
    networks: Object.fromEntries(
      [...ALL, { name: "spare" }].map(({ name }) => [name, { name, extensions: {} }]),
    ),
  },
  [],
);

test("selectServices() takes what a service depends on with it, and the networks they use", () => {
  const { services, networks, disabledServices } = selectServices(PROJECT, ["api"], "include");
  expect(Object.keys(services)).toEqual(["api", "db"]);
  expect(Object.keys(networks)).toEqual(["api", "db"]);
  expect(Object.keys(disabledServices)).toEqual(["debug", "web"]);
});

test("selectServices() leaves dependencies out, and out of the service, when they are not wanted", () => {
  const { services } = selectServices(PROJECT, ["api"], "ignore");
  expect(Object.keys(services)).toEqual(["api"]);
  expect(services.api?.depends_on).toBeUndefined();
});

test("selectServices() finds what depends on a service", () => {
  expect(Object.keys(selectServices(PROJECT, ["api"], "dependents").services)).toEqual(["web", "api"]);
});

test("selectServices() activates the profiles of a service that is named", () => {
  expect(Object.keys(selectServices(PROJECT, ["debug"], "include").services)).toEqual(["db", "debug"]);
});

test("selectServices() without names leaves out only what nobody uses", () => {
  const { services, networks } = selectServices(PROJECT, [], "include");
  expect(Object.keys(services)).toEqual(["web", "api", "db"]);
  expect(Object.keys(networks)).toEqual(["web", "api", "db"]);
});

test("selectServices() refuses names that are not there, whatever objects inherit", () => {
  for (const name of ["nope", "constructor", "__proto__"])
    expect(() => selectServices(PROJECT, [name], "include")).toThrow(`no such service: ${name}`);
});
