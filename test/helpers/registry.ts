/** Debian's docker-registry on a machine's loopback. */
import { join } from "node:path";
import type { Machine } from "./machine.ts";

export interface Registry extends AsyncDisposable {
  /** "127.0.0.1:5000" */
  readonly address: string;
}

let nextPort = 5000;

export async function startRegistry(
  machine: Machine,
  login?: { readonly user: string; readonly password: string },
): Promise<Registry> {
  const port = nextPort++;
  const address = `127.0.0.1:${port}`;
  const root = join(machine.directory, `registry-${port}`);
  const auth = login ? `auth:\n  htpasswd:\n    realm: test\n    path: ${root}/htpasswd\n` : "";
  const config = `version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: ${root}/data\nhttp:\n  addr: ${address}\n${auth}`;
  const script = `mkdir -p ${root} && cat >${root}/config.yml
    ${login ? `htpasswd -Bbn ${login.user} ${login.password} >${root}/htpasswd` : ":"}
    setsid docker-registry serve ${root}/config.yml >${root}/log 2>&1 </dev/null & echo $!`;
  const { stdout } = await machine.run(["sh", "-c", script], { input: config });
  const pid = Number(stdout.trim());
  const answers = `exec 3<>/dev/tcp/127.0.0.1/${port}`;
  for (let tries = 0; (await machine.run(["bash", "-c", answers])).exitCode !== 0; tries++) {
    if (tries > 1600)
      throw new Error(`registry did not start: ${(await machine.run(["cat", `${root}/log`])).stdout}`);
    await Bun.sleep(25);
  }
  return { address, [Symbol.asyncDispose]: async () => void (await machine.run(["kill", String(pid)])) };
}
