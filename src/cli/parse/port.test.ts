import { describe, expect, test } from "bun:test";
import { parsePorts } from "./port.ts";

describe("parsePorts()", () => {
  const bindings = (spec: string) => parsePorts([spec], []).bindings;
  const cases: [spec: string, bindings: ReturnType<typeof bindings>][] = [
    ["80", { "80/tcp": [{ HostIp: "", HostPort: "" }] }],
    ["81:82", { "82/tcp": [{ HostIp: "", HostPort: "81" }] }],
    ["127.0.0.1::85/UDP", { "85/udp": [{ HostIp: "127.0.0.1", HostPort: "" }] }],
    ["[::1]:5:6", { "6/tcp": [{ HostIp: "::1", HostPort: "5" }] }],
    ["8000-8001:99", { "99/tcp": [{ HostIp: "", HostPort: "8000-8001" }] }],
    [
      "90-91:80-81",
      { "80/tcp": [{ HostIp: "", HostPort: "90" }], "81/tcp": [{ HostIp: "", HostPort: "91" }] },
    ],
    ["target=80,published=90,protocol=udp", { "80/udp": [{ HostIp: "", HostPort: "90" }] }],
  ];
  for (const [spec, expected] of cases)
    test(`parsePorts() reads ${spec}`, () => expect(bindings(spec)).toEqual(expected));

  test("parsePorts() exposes what is published and what is only noted", () => {
    expect(Object.keys(parsePorts(["80"], ["90-91/udp"]).exposed)).toEqual(["80/tcp", "90/udp", "91/udp"]);
  });

  const failures: [spec: string, message: string][] = [
    ["foo", "invalid containerPort: foo"],
    ["99999:80", "invalid hostPort: 99999"],
    ["1-3:1-2", "invalid ranges specified for container and host Ports: 1-2 and 1-3"],
    ["80:80/foo", "invalid proto: foo"],
    ["300.1.1.1:80:80", "invalid IP address: 300.1.1.1"],
    ["80:", "no port specified: 80:<empty>"],
  ];
  for (const [spec, message] of failures)
    test(`parsePorts() refuses ${spec}`, () => expect(() => bindings(spec)).toThrow(message));

  test("parsePorts() explains bad exposed ranges", () => {
    expect(() => parsePorts([], ["80-70"])).toThrow("invalid range specified for port: 80-70");
    expect(() => parsePorts([], ["x"])).toThrow('strconv.ParseUint: parsing "x": invalid syntax');
  });
});
