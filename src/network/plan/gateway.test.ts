import { expect, test } from "bun:test";
import type { EndpointRecord } from "../types.ts";
import { gatewayEndpoint, planDefaultRoutes, portTargets } from "./gateway.ts";

function endpoint(networkName: string, parts: { priority?: number; gateway?: string; six?: boolean } = {}) {
  const { priority = 0, gateway = `10.0.0.1`, six = false } = parts;
  return {
    id: networkName,
    networkName,
    interfaceName: `if-${networkName}`,
    ipv4: { address: `ip-${networkName}`, prefixLength: 24, gateway: gateway || undefined },
    ipv6: six ? { address: `six-${networkName}`, prefixLength: 64, gateway: "fd00::1" } : undefined,
    settings: { GwPriority: priority },
  } as unknown as EndpointRecord;
}

test("gatewayEndpoint() is the first by name, unless another has a higher priority or it leads nowhere", () => {
  const [b, a, inner] = [endpoint("b"), endpoint("a"), endpoint("_inner", { gateway: "" })];
  expect(gatewayEndpoint([b, a, inner], 4)).toBe(a);
  expect(gatewayEndpoint([endpoint("z", { priority: 1 }), a], 4)?.networkName).toBe("z");
  expect(gatewayEndpoint([inner], 4)).toBeUndefined();
  expect(gatewayEndpoint([a], 6)).toBeUndefined();
});

test("portTargets() are the addresses of each family's way out", () => {
  expect(portTargets([endpoint("a"), endpoint("b", { six: true })])).toEqual({ 4: "ip-a", 6: "six-b" });
});

test("planDefaultRoutes() has a route for each family that now leads elsewhere", () => {
  const [a, b] = [endpoint("a"), endpoint("b", { six: true })];
  const four = { op: "route", destination: "0.0.0.0/0", gateway: "10.0.0.1", replace: true } as const;
  expect(planDefaultRoutes([], [a])).toEqual([{ ...four, link: "if-a" }]);
  expect(planDefaultRoutes([a], [a, b])).toEqual([
    { op: "route", link: "if-b", destination: "::/0", gateway: "fd00::1", replace: true },
  ]);
  expect(planDefaultRoutes([a, b], [b])).toEqual([{ ...four, link: "if-b" }]);
  expect(planDefaultRoutes([a], [])).toEqual([]);
});
