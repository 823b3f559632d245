import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { COMPOSE_CORPUS, type CorpusCase, readCase } from "../../../test/corpus/compose/cases.ts";
import { type ConfigRequest, renderConfig } from "./render-config.ts";
import type { LoadOptions } from "./types.ts";

const CASES = readdirSync(COMPOSE_CORPUS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => readCase(name));

const PROJECT: ConfigRequest = {
  question: "project",
  format: "yaml",
  services: [],
  hashOf: "",
  keepsUnused: false,
  separator: "-",
  resolveDigests: false,
  locksDigests: false,
};

const ANSWERS: Readonly<Record<string, ConfigRequest>> = {
  "yaml.txt": PROJECT,
  "json.txt": { ...PROJECT, format: "json" },
  "hash.txt": { ...PROJECT, question: "hash", hashOf: "*" },
};

function optionsOf({ directory, environment, flags }: CorpusCase): LoadOptions {
  const values = (flag: string) => flags.filter((_, index) => flags[index - 1] === flag);
  return {
    environment,
    currentDirectory: directory,
    files: values("-f"),
    envFiles: values("--env-file"),
    profiles: values("--profile"),
    projectName: values("-p")[0],
    projectDirectory: values("--project-directory")[0],
  };
}

async function answer(one: CorpusCase, request: ConfigRequest): Promise<string> {
  const resolveDigest = () => Promise.reject(new Error("nothing is asked of a registry here"));
  const text = await renderConfig(request, { load: optionsOf(one), resolveDigest });
  return text.replaceAll(one.directory, "@DIRECTORY@");
}

describe("renderConfig() prints what docker compose prints:", () => {
  for (const one of CASES) {
    for (const [file, request] of Object.entries(ANSWERS)) {
      const path = `${one.directory}/${file}`;
      if (!existsSync(path)) continue;
      test(`${one.name}, ${file}`, async () => {
        expect(await answer(one, request)).toBe(readFileSync(path, "utf8"));
      });
    }
  }
});

describe("renderConfig() refuses what docker compose refuses, and says where:", () => {
  for (const one of CASES) {
    if (existsSync(`${one.directory}/yaml.txt`)) continue;
    test(one.name, async () => {
      const failure = await answer(one, PROJECT).then(
        () => "not refused",
        (error) => String(error.message),
      );
      expect(failure).toMatch(WITHOUT_PLACE[one.name] ?? /\/compose\.yaml:\d+:\d+: /);
    });
  }
});

/** Wrong as a whole. */
const WITHOUT_PLACE: Readonly<Record<string, RegExp>> = {
  "bad-empty": /^empty compose file$/,
  "bad-extends-cycle": /^Circular reference:\n {2}a in .*\n {2}extends b in /,
};
