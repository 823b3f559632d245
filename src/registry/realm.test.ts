import { expect, test } from "bun:test";
import { mayReceiveCredentials } from "./realm.ts";

const honest = [
  ["https://registry-1.docker.io", "https://auth.docker.io/token"],
  ["https://ghcr.io", "https://ghcr.io/token"],
  ["https://registry.gitlab.com", "https://gitlab.com/jwt/auth"],
  ["https://registry.example.com:5000", "https://auth.example.com/token"],
  ["https://quay.io", "https://quay.io:8443/v2/auth"],
  ["https://hub.corp", "https://login.hub.corp/token"],
  ["https://10.1.2.3:5000", "https://10.1.2.3:5001/token"],
  ["http://127.0.0.1:5000", "http://127.0.0.1:5001/token"],
  ["http://localhost:5000", "http://127.0.0.1:5001/token"],
  ["http://registry.lan:5000", "http://registry.lan:5001/token"],
];

test.each(honest)("mayReceiveCredentials() lets %s have its realm %s", (registry, realm) => {
  expect(mayReceiveCredentials(new URL(registry), new URL(realm))).toBe(true);
});

const malicious = [
  ["https://registry.example.com", "https://evil.test/token"],
  ["https://registry.example.com", "http://registry.example.com/token"],
  ["https://registry.example.com", "https://registry.example.com.evil.test/token"],
  ["https://registry.example.com", "https://evilexample.com/token"],
  ["https://ghcr.io", "https://evil.io/token"],
  ["https://shop.co.uk", "https://evil.co.uk/token"],
  ["https://registry.com", "https://com/token"],
  ["https://10.1.2.3:5000", "https://10.1.2.4/token"],
  ["https://10.1.2.3", "https://9.1.2.3/token"],
  ["http://registry.lan:5000", "http://auth.lan/token"],
  ["http://registry.corp.example", "http://auth.corp.example/token"],
  ["http://127.0.0.1:5000", "https://evil.test/token"],
];

test.each(malicious)("mayReceiveCredentials() does not let %s send them to %s", (registry, realm) => {
  expect(mayReceiveCredentials(new URL(registry), new URL(realm))).toBe(false);
});
