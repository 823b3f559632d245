import { expect, test } from "bun:test";
import { type HostsText, hostsText, LOCALHOST_LINES } from "./hosts.ts";

function request(parts: Partial<HostsText>): HostsText {
  return {
    base: LOCALHOST_LINES,
    hostname: "web",
    domainname: "",
    endpoints: [],
    extraHosts: [],
    hostGateway: ["172.17.0.1"],
    hostNames: [],
    hostNameAddresses: ["172.17.0.1"],
    ...parts,
  };
}

const own = (text: string) => text.slice(LOCALHOST_LINES.length);
const ipv4 = { address: "172.17.0.2", prefixLength: 16, gateway: "172.17.0.1" };
const ipv6 = { address: "fd00::2", prefixLength: 64, gateway: "fd00::1" };

test("hostsText() is Docker's file: localhost, added hosts, the container", () => {
  const text = hostsText(
    request({
      endpoints: [{ ipv4, ipv6: undefined }],
      extraHosts: ["db:10.0.0.9", "host.docker.internal:host-gateway"],
    }),
  );
  expect(text).toBe(
    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\n" +
      "ff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n" +
      "10.0.0.9\tdb\n172.17.0.1\thost.docker.internal\n172.17.0.2\tweb\n",
  );
});

test("hostsText() has a line for each address of each network", () => {
  const second = { ...ipv4, address: "10.1.0.2" };
  const text = hostsText(
    request({
      endpoints: [
        { ipv4, ipv6 },
        { ipv4: second, ipv6: undefined },
      ],
    }),
  );
  expect(own(text)).toBe("172.17.0.2\tweb\nfd00::2\tweb\n10.1.0.2\tweb\n");
});

test("hostsText() gives the full name and the short one, wherever the dot was", () => {
  const endpoints = [{ ipv4, ipv6: undefined }];
  expect(own(hostsText(request({ endpoints, domainname: "example.org" })))).toBe(
    "172.17.0.2\tweb.example.org web\n",
  );
  expect(own(hostsText(request({ endpoints, hostname: "a.b" })))).toBe("172.17.0.2\ta.b a\n");
});

test("hostsText() takes IPv6 addresses with and without brackets, and one line for each gateway", () => {
  const text = hostsText(
    request({
      extraHosts: ["a:fd00::7", "b:[fd00::8]", "gw:host-gateway"],
      hostGateway: ["172.17.0.1", "fd00::1"],
    }),
  );
  expect(own(text)).toBe("fd00::7\ta\nfd00::8\tb\n172.17.0.1\tgw\nfd00::1\tgw\n");
});

test("hostsText() adds to the host's own file, also one that ends without a newline", () => {
  expect(hostsText(request({ base: "127.0.0.1 localhost", extraHosts: ["a:1.2.3.4"] }))).toBe(
    "127.0.0.1 localhost\n1.2.3.4\ta\n",
  );
});

for (const extra of ["nonsense", ":1.2.3.4", "a b:1.2.3.4", "x:1.2.3", "x\ny:1.2.3.4"])
  test(`hostsText() refuses ${JSON.stringify(extra)}`, () => {
    expect(() => hostsText(request({ extraHosts: [extra] }))).toThrow("add-host");
  });

test("hostsText() says what to do when host-gateway stands for nothing", () => {
  expect(() => hostsText(request({ extraHosts: ["x:host-gateway"], hostGateway: [] }))).toThrow(
    "unable to derive the IP value for host-gateway",
  );
});

test("hostsText() lists linked containers with all their names before the container itself", () => {
  const linked = [{ address: "10.0.0.2", names: ["my-db", "8f06c6476fc8", "db"] }];
  expect(hostsText(request({ linked }))).toContain("\n10.0.0.2\tmy-db 8f06c6476fc8 db\n");
});
