import { expect, test } from "bun:test";
import { proxyFor, withoutCredentials } from "./proxy.ts";

const settings = {
  http: "plain.proxy:3128",
  https: "http://ann:secret@tls.proxy:3129",
  no: "corp.example, .only-below.example,*.star.example,10.1.0.0/16,192.0.2.7,with-port.example:5000,[2001:db8::1]:5000,fd00::/8",
};

test.each([
  ["http://registry.example/v2/", "http://plain.proxy:3128"],
  ["https://registry.example/v2/", "http://ann:secret@tls.proxy:3129"],
  ["https://localhost:5000", undefined],
  ["http://127.8.8.8:5000", undefined],
  ["http://[::1]:5000", undefined],
  ["https://corp.example", undefined],
  ["https://registry.corp.example:5000", undefined],
  ["https://notcorp.example", settings.https],
  ["https://only-below.example", settings.https],
  ["https://a.only-below.example", undefined],
  ["https://star.example", settings.https],
  ["https://a.b.star.example", undefined],
  ["https://10.1.2.3", undefined],
  ["https://10.2.2.3", settings.https],
  ["https://192.0.2.7:5000", undefined],
  ["https://with-port.example:5000", undefined],
  ["https://with-port.example", settings.https],
  ["https://[2001:db8::1]:5000", undefined],
  ["https://[2001:db8::1]", settings.https],
  ["https://[fd00::5]", undefined],
])("proxyFor() of %s is %p", (address, proxy) => {
  expect(proxyFor(new URL(address), settings)).toBe(proxy as never);
});

test("proxyFor() knows no proxy where none is set, and none at all for a star", () => {
  expect(proxyFor(new URL("https://a.example"), { http: "p", https: "", no: "" })).toBeUndefined();
  expect(proxyFor(new URL("http://a.example"), { http: "p", https: "p", no: "x,*" })).toBeUndefined();
});

test.each([
  ["http://ann:secret@proxy:1", "http://xxxxx:xxxxx@proxy:1"],
  ["ann:secret@proxy:1", "xxxxx:xxxxx@proxy:1"],
  ["http://proxy:1", "http://proxy:1"],
  ["", ""],
])("withoutCredentials(%p) is %p", (proxy, shown) => {
  expect(withoutCredentials(proxy)).toBe(shown);
});
