import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  credentialsKey,
  findCredentials,
  HUB_SERVER,
  registryAuthHeader,
  storeInHelper,
} from "./credentials.ts";

test("credentialsKey() knows all names of Docker Hub and strips addresses", () => {
  expect(["docker.io", "", "index.docker.io", "https://index.docker.io/v1/"].map(credentialsKey)).toEqual(
    Array(4).fill(HUB_SERVER),
  );
  expect(credentialsKey("https://reg:5000/v2/")).toBe("reg:5000");
});

const auth = (text: string) => ({ auth: Buffer.from(text).toString("base64") });

describe("findCredentials()", () => {
  test("findCredentials() decodes what the file holds, under any spelling of the server", async () => {
    expect(
      await findCredentials(
        { env: {}, config: { auths: { "https://reg:5000": auth("me:pa:ss") } } },
        "reg:5000",
      ),
    ).toEqual({
      username: "me",
      password: "pa:ss",
      serveraddress: "reg:5000",
    });
  });

  test("findCredentials() prefers tokens", async () => {
    const config = { auths: { [HUB_SERVER]: { ...auth("me:"), identitytoken: "T" } } };
    expect(await findCredentials({ env: {}, config }, "docker.io")).toEqual({
      username: "me",
      identitytoken: "T",
      serveraddress: HUB_SERVER,
    });
  });

  test("registryAuthHeader() is an empty object when nothing is known", async () => {
    expect(
      Buffer.from(await registryAuthHeader({ env: {}, config: {} }, "reg"), "base64url").toString(),
    ).toBe("{}");
  });
});

describe("credential helpers", () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "helper-"));
    const helper = join(directory, "docker-credential-fake");
    writeFileSync(
      helper,
      `#!/bin/sh
case "$1" in
get) read server; [ "$server" = reg ] && echo '{"Username":"me","Secret":"pw"}' && exit 0; echo "credentials not found in native keychain"; exit 1;;
store) cat > "${directory}/stored";;
esac
`,
    );
    chmodSync(helper, 0o755);
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  const env = () => ({ PATH: `${directory}:/usr/bin:/bin` });

  test("findCredentials() asks the helper of the registry, and takes no answer as none", async () => {
    const config = { credHelpers: { reg: "fake", other: "fake" } };
    expect(await findCredentials({ env: env(), config }, "reg")).toEqual({
      username: "me",
      password: "pw",
      serveraddress: "reg",
    });
    expect(await findCredentials({ env: env(), config }, "other")).toEqual({});
  });

  test("storeInHelper() hands a token over as such", async () => {
    await storeInHelper({ helper: "fake", env: env() }, { serveraddress: "reg", identitytoken: "T" });
    expect(JSON.parse(readFileSync(join(directory, "stored"), "utf8"))).toEqual({
      ServerURL: "reg",
      Username: "<token>",
      Secret: "T",
    });
  });

  test("storeInHelper() says which program is missing", async () => {
    const stored = storeInHelper({ helper: "absent", env: env() }, { serveraddress: "reg" });
    expect(stored).rejects.toThrow("docker-credential-absent is not installed");
    await stored.catch(() => {});
  });
});
