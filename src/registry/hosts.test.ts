import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HostsOptions, hostPolicy } from "./hosts.ts";

const certsDir = mkdtempSync(join(tmpdir(), "certs-"));
afterAll(() => rmSync(certsDir, { recursive: true }));

function put(host: string, files: Record<string, string>): void {
  mkdirSync(join(certsDir, host), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(certsDir, host, name), text);
}

const addresses: Record<string, string[]> = { "inside.example": ["10.1.2.3"], "six.example": ["fd00::5"] };
const options: HostsOptions = {
  insecureRegistries: ["old.example:5000", "plain.example", "10.1.0.0/16", "fd00::/8", "nonsense/99x"],
  certsDir,
  lookup: async (name) => {
    const found = addresses[name];
    if (!found) throw new Error("no such host");
    return found;
  },
};

test.each([
  ["registry.example", false],
  ["127.0.0.1:5000", true],
  ["127.9.9.9", true],
  ["localhost:5000", true],
  ["[::1]:5000", true],
  ["localhost.evil.example", false],
  ["127.0.0.1.evil.example", false],
  ["old.example:5000", true],
  ["old.example", false],
  ["plain.example:1234", true],
  ["10.1.255.1:5000", true],
  ["10.2.0.1:5000", false],
  ["inside.example", true],
  ["six.example:443", true],
  ["[fd00::7]:5000", true],
  ["unknown.example", false],
])("hostPolicy() knows whether %s may be insecure: %p", async (host, insecure) => {
  const policy = await hostPolicy(host, options);
  expect(policy.insecure).toBe(insecure);
  expect(policy.tls.rejectUnauthorized).toBe(!insecure);
});

test("hostPolicy() adds the host's own authorities to the system's and shows its client certificate", async () => {
  put("own.example:5000", { "ca.crt": "OWN CA", "client.cert": "CERT", "client.key": "KEY", "note.txt": "" });
  const { tls } = await hostPolicy("own.example:5000", options);
  expect(tls.ca).toEndWith("OWN CA");
  expect({ cert: tls.cert, key: tls.key }).toEqual({ cert: "CERT", key: "KEY" });
});

test("hostPolicy() checks the certificate of a loopback registry whose authority is known", async () => {
  put("127.0.0.1:5443", { "ca.crt": "OWN CA" });
  expect((await hostPolicy("127.0.0.1:5443", options)).insecure).toBe(false);
});

test("hostPolicy() names the half of a client certificate that is missing", async () => {
  put("half.example", { "client.cert": "CERT" });
  await expect(hostPolicy("half.example", options)).rejects.toThrow(
    "missing key client.key for client certificate client.cert. CA certificates must use the extension .crt",
  );
  put("other.example", { "client.key": "KEY" });
  await expect(hostPolicy("other.example", options)).rejects.toThrow(
    "missing client certificate client.cert for key client.key",
  );
});
