import { describe, expect, test } from "bun:test";
import { endpointText, hostHeader, parseEndpoint } from "./endpoint.ts";
import { sshCommand } from "./ssh.ts";

describe("parseEndpoint()", () => {
  const cases: [text: string, endpoint: ReturnType<typeof parseEndpoint>][] = [
    ["unix:///run/w.sock", { scheme: "unix", path: "/run/w.sock" }],
    ["tcp://10.0.0.1:2375", { scheme: "tcp", host: "10.0.0.1", port: 2375, basePath: "" }],
    ["tcp://host", { scheme: "tcp", host: "host", port: 2375, basePath: "" }],
    ["host:99", { scheme: "tcp", host: "host", port: 99, basePath: "" }],
    ["tcp://[::1]:5/base/", { scheme: "tcp", host: "::1", port: 5, basePath: "/base" }],
    ["https://host", { scheme: "tcp", host: "host", port: 2376, basePath: "", tls: { verify: true } }],
    ["ssh://me@box:22", { scheme: "ssh", user: "me", host: "box", port: 22 }],
    ["ssh://box/run/w.sock", { scheme: "ssh", host: "box", path: "/run/w.sock" }],
  ];
  for (const [text, endpoint] of cases)
    test(`parseEndpoint() reads ${text}`, () => expect(parseEndpoint(text)).toEqual(endpoint));

  for (const text of [
    "",
    "unix://",
    "npipe:////./pipe/x",
    "tcp://",
    "tcp://a:b",
    "ssh://-oProxyCommand=x",
    "ssh://u:p@h",
  ])
    test(`parseEndpoint() refuses ${JSON.stringify(text)}`, () =>
      expect(() => parseEndpoint(text)).toThrow("unable to parse docker host"));

  test("parseEndpoint() adds TLS material and its port to tcp addresses", () => {
    const tls = { verify: true, ca: "PEM" };
    expect(parseEndpoint("tcp://host", tls)).toEqual({
      scheme: "tcp",
      host: "host",
      port: 2376,
      basePath: "",
      tls,
    });
  });
});

test("hostHeader() puts IPv6 addresses in brackets", () => {
  expect(hostHeader(parseEndpoint("tcp://[::1]:5"))).toBe("[::1]:5");
});

for (const text of ["unix:///run/w.sock", "tcp://[::1]:5/base", "ssh://me@box:22/run/w.sock"])
  test(`endpointText() gives ${text} back`, () => expect(endpointText(parseEndpoint(text))).toBe(text));

test("sshCommand() separates the host from ssh's options and hands over the socket path", () => {
  const command = sshCommand({ scheme: "ssh", user: "me", host: "box", port: 22, path: "/run/w.sock" });
  expect(command.slice(0, -1)).toEqual([
    "ssh",
    "-l",
    "me",
    "-p",
    "22",
    "-o",
    "ConnectTimeout=30",
    "-T",
    "--",
    "box",
  ]);
  expect(command.at(-1)).toStartWith(
    "env DOCKER_HOST='unix:///run/w.sock' WHARF_HOST='unix:///run/w.sock' sh -c '",
  );
});
