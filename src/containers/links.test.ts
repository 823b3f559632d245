import { expect, test } from "bun:test";
import { parseLink } from "#spec/docker/links.ts";
import { ContainersLab } from "../../test/fakes/containers-lab.ts";
import { linkVariables } from "./links.ts";

test("parseLink() reads what clients send and what inspect shows", async () => {
  expect(parseLink("web:db")).toEqual({ target: "web", alias: "db" });
  expect(parseLink("web")).toEqual({ target: "web", alias: "web" });
  expect(parseLink("/web:/me/db")).toEqual({ target: "web", alias: "db" });
});

test("linkVariables() are those dockerd gives", async () => {
  const ports = ["443/tcp", "5001/udp", "80/tcp", "5000/udp", "5002/udp", "80/udp"];
  const env = ["FOO=bar", "EMPTY=", "PATH=/x", "HOME=/y", "A=b=c"];
  const facts = { alias: "my-db", name: "/web/my-db", address: "10.0.0.2", ports, env };
  const variables = linkVariables(facts);
  expect(variables.filter((text) => !/_PORT_\d/.test(text))).toEqual([
    "MY_DB_PORT=tcp://10.0.0.2:80",
    "MY_DB_NAME=/web/my-db",
    "MY_DB_ENV_FOO=bar",
    "MY_DB_ENV_EMPTY=",
    "MY_DB_ENV_A=b=c",
  ]);
  expect(variables.filter((text) => text.startsWith("MY_DB_PORT_80_TCP"))).toEqual([
    "MY_DB_PORT_80_TCP=tcp://10.0.0.2:80",
    "MY_DB_PORT_80_TCP_ADDR=10.0.0.2",
    "MY_DB_PORT_80_TCP_PORT=80",
    "MY_DB_PORT_80_TCP_PROTO=tcp",
  ]);
  expect(variables.filter((text) => /START|END/.test(text))).toEqual([
    "MY_DB_PORT_5000_UDP_START=udp://10.0.0.2:5000",
    "MY_DB_PORT_5000_UDP_PORT_START=5000",
    "MY_DB_PORT_5000_UDP_END=udp://10.0.0.2:5002",
    "MY_DB_PORT_5000_UDP_PORT_END=5002",
  ]);
});

test("links follow a rename, a removal and a new start", async () => {
  using lab = new ContainersLab();
  const db = await lab.create("db", { ExposedPorts: { "80/tcp": {} } });
  const web = await lab.create("web", { HostConfig: { Links: ["db:store"] } });
  const links = () => lab.containers.get(web).hostConfig.Links;
  expect(links()).toEqual(["/db:/web/store"]);
  expect(lab.containers.start(web)).rejects.toThrow(
    "Cannot link to a non running container: /db AS /web/store",
  );
  await lab.settle();
  await lab.containers.start(db);
  await lab.containers.start(web);
  await lab.containers.rename(db, "data");
  expect(links()).toEqual(["/data:/web/store"]);
  const names = (await lab.containers.list({ all: true })).map(({ name, linkNames }) => [name, ...linkNames]);
  expect(names).toEqual([["web"], ["data", "/web/store"]]);
  await lab.containers.restart(db, {});
  await lab.containers.remove(db, { force: true, volumes: false, link: false });
  expect(links()).toEqual([]);
  expect(await lab.leaks()).toEqual([]);
});
