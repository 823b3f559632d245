import { expect, test } from "bun:test";
import { loadConfig } from "./config.ts";
import { parseFlags } from "./flags.ts";

function imagesOf(argv: readonly string[], file: object = {}, env: Record<string, string> = {}) {
  const readFile = (path: string) => (path === "/etc/wharf/daemon.json" ? JSON.stringify(file) : undefined);
  return loadConfig(parseFlags(argv), { readFile, env }).config.images;
}

test("mirrors of Docker Hub and of any other registry are in order, with one slash at the end", () => {
  const { registries } = imagesOf(
    ["--registry-mirror", "https://a.example", "--registry-mirror=http://b:5000/x//"],
    {
      registries: {
        "quay.io": { mirrors: ["https://m.example/quay"], fallback: false },
        "index.docker.io": { mirrors: ["https://c.example/"] },
      },
    },
  );
  expect(registries).toEqual({
    "docker.io": {
      mirrors: ["https://a.example/", "http://b:5000/x/", "https://c.example/"],
      fallback: true,
    },
    "quay.io": { mirrors: ["https://m.example/quay/"], fallback: false },
  });
});

test.each([
  ["mirror.example:5000", `invalid mirror: no scheme specified for "mirror.example:5000"`],
  ["ftp://m.example", `invalid mirror: unsupported scheme "ftp" in "ftp://m.example"`],
  ["https://m.example/?a=b", 'invalid mirror: query or fragment at end of the URI "https://m.example/?a=b"'],
  [
    "https://ann:secret@m.example",
    'invalid mirror: username/password not allowed in URI "https://ann:xxxxx@m.example/"',
  ],
])("the mirror %s is refused", (mirror, message) => {
  expect(() => imagesOf(["--registry-mirror", mirror])).toThrow(message);
});

test.each([
  [{ "https://quay.io": { mirrors: ["https://m.example"] } }, '"https://quay.io" is no registry'],
  [{ "quay.io": { mirrors: [], fallback: false } }, "nothing could be pulled"],
  [{ "quay.io": { mirrors: ["https://m.example"], order: 1 } }, "registries must be an object of"],
  [{ "quay.io": ["https://m.example"] }, "registries must be an object of"],
])("%j is no way to write registries", (registries, message) => {
  expect(() => imagesOf([], { registries })).toThrow(message);
});

test("proxies come from flags, the file, or the environment, each name by itself", () => {
  const env = { HTTP_PROXY: "http://env:1", https_proxy: "http://env:2", NO_PROXY: "a" };
  expect(imagesOf([], {}, env).proxies).toEqual({ http: "http://env:1", https: "http://env:2", no: "a" });
  const file = { proxies: { "http-proxy": "http://file:1", "no-proxy": "b" } };
  expect(imagesOf(["--https-proxy", "flag:2"], file, env).proxies).toEqual({
    http: "http://file:1",
    https: "flag:2",
    no: "b",
  });
  expect(() => imagesOf(["--http-proxy", "http://flag:1"], file)).toThrow(
    "specified both as a flag and in the configuration file: http-proxy",
  );
  expect(() => imagesOf(["--http-proxy", "socks5://flag:1"])).toThrow(
    "http-proxy must be an address such as",
  );
  expect(() => imagesOf([], { proxies: { ftp: "x" } })).toThrow("proxies must be an object with the keys");
});
