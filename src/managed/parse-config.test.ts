import { describe, expect, test } from "bun:test";
import { InvalidArgument } from "#base/errors.ts";
import { parsePluginConfig } from "./parse-config.ts";

const LEAST = { Entrypoint: ["/p"], Interface: { Socket: "p.sock" } };

describe("parsePluginConfig()", () => {
  test("reads names whatever their case, and fills in what Docker shows of absent ones", () => {
    const text = JSON.stringify({
      ENTRYPOINT: ["/p"],
      interface: { socket: "p.sock" },
      env: [{ name: "A" }],
    });
    expect(parsePluginConfig(text)).toEqual({
      Args: { Description: "", Name: "", Settable: null, Value: null },
      Description: "",
      Documentation: "",
      Entrypoint: ["/p"],
      Env: [{ Description: "", Name: "A", Settable: null, Value: null }],
      Interface: { Socket: "p.sock", Types: null },
      IpcHost: false,
      Linux: { AllowAllDevices: false, Capabilities: null, Devices: null },
      Mounts: null,
      Network: { Type: "" },
      PidHost: false,
      PropagatedMount: "",
      User: {},
      WorkDir: "",
    });
  });

  const HOSTILE: Readonly<Record<string, object>> = {
    "Interface.Socket": { Interface: { Socket: "../../../run/docker.sock" } },
    Entrypoint: { Entrypoint: [] },
    "Interface.Types": { Interface: { Socket: "a", Types: ["volumedriver"] } },
    "Interface.ProtocolScheme": { Interface: { Socket: "a", ProtocolScheme: "grpc" } },
    "Network.Type": { Network: { Type: "container:web" } },
    "Env: ": { Env: [{ Name: "A=B" }] },
    "Mounts: ": { Mounts: [{ Destination: "/../etc" }] },
    "PropagatedMount: ": { PropagatedMount: "/" },
    "WorkDir: ": { WorkDir: "here" },
    "Linux.Capabilities: it must be a list": { Linux: { Capabilities: "ALL" } },
    "Env: it must be an object": { Env: ["A"] },
    "PidHost: it must be a boolean": { PidHost: "yes" },
  };
  for (const [text, change] of Object.entries(HOSTILE))
    test(`refuses ${JSON.stringify(change)}`, () => {
      const parsing = () => parsePluginConfig(JSON.stringify({ ...LEAST, ...change }));
      expect(parsing).toThrow(InvalidArgument);
      expect(parsing).toThrow(`invalid plugin config: ${text}`);
    });

  for (const text of ["", "[]", "null", '"x"', "{"])
    test(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parsePluginConfig(text)).toThrow(InvalidArgument);
    });
});
