import { expect, test } from "bun:test";
import { parseLocation } from "./location.ts";

test.each([
  [
    "docker://r.io:5000/a/b:1",
    { kind: "registry", reference: { domain: "r.io:5000", path: "a/b", tag: "1" } },
  ],
  [
    "docker://debian",
    { kind: "registry", reference: { domain: "docker.io", path: "library/debian", tag: "latest" } },
  ],
  ["debian:12", { kind: "engine", name: "debian:12" }],
  ["r.io:5000/a", { kind: "engine", name: "r.io:5000/a" }],
  ["localhost:5000/a", { kind: "engine", name: "localhost:5000/a" }],
  ["engine:debian", { kind: "engine", name: "debian" }],
  ["docker-daemon:debian:12", { kind: "engine", name: "debian:12" }],
  ["ssh://ann@far:22/a/b:1", { kind: "engine", host: "ssh://ann@far:22", name: "a/b:1" }],
  ["oci:some/dir", { kind: "oci", path: "some/dir", name: undefined }],
  ["oci:/dir:name:with:colons", { kind: "oci", path: "/dir", name: "name:with:colons" }],
  ["oci-archive:a.tar:1", { kind: "oci-archive", path: "a.tar", name: "1" }],
  ["docker-archive:a.tar:x:1", { kind: "docker-archive", path: "a.tar", name: "x:1" }],
])("parseLocation() of %s", (text, location) => {
  expect(parseLocation(text) as unknown).toEqual(location);
});

test.each([
  ["docker:debian", "a registry is written docker://NAME"],
  ["ssh://host", "an engine behind ssh is written"],
  ["oci:", "there is no path in it"],
  ["oci::x", "there is no path in it"],
  ["docker://A", "must be lowercase"],
  ["a b", "invalid reference format"],
])("parseLocation() refuses %s", (text, message) => {
  expect(() => parseLocation(text)).toThrow(message);
});
