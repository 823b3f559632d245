import { expect, test } from "bun:test";
import { readCase } from "../../../test/corpus/compose/cases.ts";
import { networkHash, serviceHash, volumeHash } from "./hash.ts";
import { loadProject } from "./load.ts";
import type { Project, Service } from "./types.ts";

/** What docker compose v5.6.0 computes for networks and volumes; services' are in test/corpus/compose. */
const RECORDED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  networks: {
    "network back": "19a683c5bcb80930ff15f250da2750be95dcb2ec0c6469092f5377e394eb3eae",
    "network default": "9233c9210449f8a494f89ea29e14489610bbb8c740b68ce5e474fe6816a5a9ca",
    "network front": "baf0994192abdc03a411ca405ea9c3be8417698705f30baf61a4efb29eb14cde",
    "network unused": "747656c9fcc5ce3685bfb4be70df1d6162a009332f2dca8521e927592716f208",
  },
  "networks-external": {
    "network default": "1de400123ec46dac129a6919a16d4182f8473fedfe21bc17cd1bb7d2c707e024",
    "network old": "0602f4e3cc8602572a80ec8e0c0bf5937d20f67a24ddd785c9f7fb92854ad982",
    "network out": "cbbbd34a8314959945b48364ae1aeefae300068c78d18ce3a1979a65ec63692a",
  },
  "volumes-short": {
    "network default": "9233c9210449f8a494f89ea29e14489610bbb8c740b68ce5e474fe6816a5a9ca",
    "volume a": "98f31a322c01bdd7bfe2292d246f66333435ece7cebccbffd1a7a81f0879dc91",
    "volume data": "504ad458c80a54e9120954e1d0ad581a3e0d7b50499e9f2755876d04a2d3321a",
    "volume data2": "177de5c99b0ddfecad926ed263b6d6f2384db04b55964eddeee013798b2ded4d",
    "volume named": "62aa9a9dd4677dc7b71af4c8112a4b3da69b295e8e64c3d04413c014d1328b52",
  },
  extensions: {
    "network default": "9233c9210449f8a494f89ea29e14489610bbb8c740b68ce5e474fe6816a5a9ca",
    "network n": "1fd0684324dc530b40f551fdf5e5926957129f07c58124519fedf24f9d28f320",
    "volume v": "f5ab3b7adb8666aa9c3279b1e8cdc8475785e9cd904140d52333f4ad970d3b8e",
  },
};

async function load(name: string): Promise<Project> {
  const { directory, environment } = readCase(name);
  return await loadProject({
    environment,
    currentDirectory: directory,
    files: ["compose.yaml"],
    projectDirectory: "/srv/demo",
    projectName: "demo",
  });
}

for (const [name, recorded] of Object.entries(RECORDED)) {
  test(`networkHash() and volumeHash() are docker compose's for ${name}`, async () => {
    const { networks, volumes } = await load(name);
    const hashes = [
      ...Object.entries(networks).map(([key, network]) => [`network ${key}`, networkHash(network)] as const),
      ...Object.entries(volumes).map(([key, volume]) => [`volume ${key}`, volumeHash(volume)] as const),
    ];
    expect(Object.fromEntries(hashes)).toEqual(recorded);
  });
}

test("serviceHash() does not count what does not change a container", () => {
  const service: Service = { name: "web", image: "nginx", extensions: {} };
  const same: Service = {
    ...service,
    scale: 3,
    pull_policy: "always",
    profiles: ["debug"],
    build: { context: "/src" },
    depends_on: { db: { condition: "service_started", required: true } },
    extensions: { "x-note": "anything" },
  };
  expect(serviceHash(same)).toBe(serviceHash(service));
  expect(serviceHash({ ...service, image: "nginx:2" })).not.toBe(serviceHash(service));
});

test("serviceHash() counts deploy without its replicas", () => {
  const deployed = (replicas: number): Service => ({ name: "web", deploy: { replicas }, extensions: {} });
  expect(serviceHash(deployed(1))).toBe(serviceHash(deployed(5)));
});
