import { expect, test } from "bun:test";
import { exampleInput } from "./_example.ts";
import { sysctlsOf } from "./sysctls.ts";

const OPEN = { "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647" };
const { namespaces } = exampleInput();

test("sysctlsOf() opens low ports and ping in a network of the container's own", () => {
  expect(sysctlsOf(exampleInput())).toEqual(OPEN);
  expect(sysctlsOf(exampleInput({}, { NetworkMode: "container:x" }))).toEqual({});
  expect(sysctlsOf(exampleInput({}, {}, { namespaces: { ...namespaces, network: "host" } }))).toEqual({});
});

test("sysctlsOf() lets the user decide", () => {
  const asked = { "net.ipv4.ip_unprivileged_port_start": "1024", "kernel.shmmax": "1" };
  expect(sysctlsOf(exampleInput({ Domainname: "d" }, { Sysctls: asked }))).toEqual({
    ...OPEN,
    "kernel.domainname": "d",
    ...asked,
  });
});

test("sysctlsOf() refuses what would change the host", () => {
  expect(() => sysctlsOf(exampleInput({}, { Sysctls: { "vm.swappiness": "1" } }))).toThrow(
    "would change the host",
  );
  const host = { namespaces: { ...namespaces, network: "host" as const } };
  expect(() => sysctlsOf(exampleInput({}, { Sysctls: { "net.a": "1" } }, host))).toThrow(
    "sysctl 'net.a' is not allowed in host network namespace",
  );
});
