/** Debian's docker-registry as a process of a test, on loopback. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runOrThrow } from "#base/spawn.ts";

export interface RegistrySettings {
  /** Its configuration, log and data go here; given back to nobody. */
  readonly directory: string;
  /** "127.0.0.1:5000", "registry.test:5443" */
  readonly address: string;
  /** YAML of the `auth:` section, indented by two. */
  readonly auth?: string;
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientCa?: string };
}

export interface RegistryProcess extends AsyncDisposable {
  readonly address: string;
}

const START_DEADLINE_MS = 45_000;

export async function startDockerRegistry(settings: RegistrySettings): Promise<RegistryProcess> {
  const { directory, address } = settings;
  mkdirSync(directory, { recursive: true });
  const config = join(directory, "config.yml");
  writeFileSync(config, configOf(settings));
  const child = Bun.spawn(["docker-registry", "serve", config], {
    stdout: Bun.file(join(directory, "log")),
    stderr: Bun.file(join(directory, "err")),
    stdin: "ignore",
  });
  const [hostname, port] = address.split(":") as [string, string];
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await answers(hostname, Number(port)))) {
    if (Date.now() > deadline)
      throw new Error(`docker-registry did not start: ${await Bun.file(join(directory, "err")).text()}`);
    await Bun.sleep(20);
  }
  return {
    address,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}

function configOf({ directory, address, auth, tls }: RegistrySettings): string {
  const lines = [
    "version: 0.1",
    "log:",
    "  level: error",
    "storage:",
    "  filesystem:",
    `    rootdirectory: ${directory}/data`,
    "http:",
    `  addr: 127.0.0.1:${address.split(":")[1]}`,
  ];
  if (tls) lines.push("  tls:", `    certificate: ${tls.certificate}`, `    key: ${tls.key}`);
  if (tls?.clientCa) lines.push("    clientcas:", `      - ${tls.clientCa}`);
  if (auth) lines.push("auth:", auth);
  return `${lines.join("\n")}\n`;
}

async function answers(hostname: string, port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname, port, socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

export interface Authority {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** An authority of our own and a certificate it signed for `name`, as PEM files in `directory`. */
export async function makeCertificates(directory: string, name: string): Promise<Authority> {
  mkdirSync(directory, { recursive: true });
  const file = (suffix: string) => join(directory, `${name}.${suffix}`);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const openssl = (...args: string[]) => runOrThrow(["openssl", "req", "-x509", ...newKey, ...args]);
  await openssl("-keyout", file("ca.key"), "-out", file("ca.crt"), "-subj", "/CN=Test Authority");
  await openssl(
    ...["-CA", file("ca.crt"), "-CAkey", file("ca.key"), "-keyout", file("key"), "-out", file("crt")],
    ...[
      "-subj",
      `/CN=${name}`,
      "-addext",
      `subjectAltName=DNS:${name}`,
      "-addext",
      "basicConstraints=critical,CA:FALSE",
    ],
  );
  return { ca: file("ca.crt"), certificate: file("crt"), key: file("key") };
}
