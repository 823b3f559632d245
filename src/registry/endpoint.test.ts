import { expect, test } from "bun:test";
import { endpointsOf, hostOfServerAddress, registryHost } from "./endpoint.ts";

test("registryHost() knows where Docker Hub's registry answers", () => {
  expect(registryHost("docker.io")).toBe("registry-1.docker.io");
  expect(registryHost("registry.example:5000")).toBe("registry.example:5000");
});

test("endpointsOf() tries plain HTTP only for insecure registries, and last", () => {
  expect(endpointsOf("r.example", { insecure: false }).map((url) => url.origin)).toEqual([
    "https://r.example",
  ]);
  expect(endpointsOf("127.0.0.1:5000", { insecure: true }).map((url) => url.origin)).toEqual([
    "https://127.0.0.1:5000",
    "http://127.0.0.1:5000",
  ]);
});

test.each([
  [undefined, "registry-1.docker.io"],
  ["", "registry-1.docker.io"],
  ["https://index.docker.io/v1/", "registry-1.docker.io"],
  ["registry.example:5000", "registry.example:5000"],
  ["http://127.0.0.1:5000", "127.0.0.1:5000"],
  ["https://registry.example/v2/", "registry.example"],
])("hostOfServerAddress() finds the host in %p", (address, host) => {
  expect(hostOfServerAddress(address)).toBe(host);
});
