import { expect, test } from "bun:test";
import type { Service } from "../model/types.ts";
import { project } from "./_testing/projects.ts";
import {
  type ProviderCall,
  parametersOf,
  parseProviderLine,
  releaseProvider,
  withProviders,
} from "./providers.ts";

const PROVIDER: Partial<Service> = {
  provider: { type: "cloud", options: { size: ["big"], tag: ["a", "b"] } },
};
const dependsOn = (name: string) => ({ [name]: { condition: "service_started", required: true } as const });

interface Answers {
  readonly metadata?: string;
  readonly lines?: readonly string[];
  readonly exitCode?: number;
  readonly words?: string;
}

/** A context whose programs answer so, and what was asked of them. */
function lab({ metadata, lines = [], exitCode = 0, words = "" }: Answers) {
  const calls: (readonly string[])[] = [];
  const told: string[] = [];
  const context = {
    dryRun: false,
    onProgress: ({ id, text }: { id: string; text: string }) => void told.push(`${id} ${text}`),
    runProvider: async ({ args }: ProviderCall, onLine: (line: string) => void) => {
      calls.push(args);
      const isQuestion = args[1] === "metadata";
      for (const line of isQuestion ? [metadata ?? ""] : lines) if (line) onLine(line);
      return { exitCode: isQuestion && metadata === undefined ? 1 : exitCode, words };
    },
  };
  return { context, calls, told };
}

const say = (type: string, message: string) => JSON.stringify({ type, message });

test("withProviders() runs the program, and gives its variables to those that depend on it", async () => {
  const { context, calls, told } = lab({
    lines: [
      say("info", "renting"),
      say("setenv", "URL=x=y"),
      say("rawsetenv", "PLAIN=1"),
      say("debug", "no"),
    ],
  });
  const shop = project({
    db: PROVIDER,
    web: { image: "x", depends_on: { ...dependsOn("db"), ...dependsOn("other") }, environment: { A: "1" } },
    other: { image: "x" },
  });
  const { services } = await withProviders(context, shop);
  expect(Object.keys(services).sort()).toEqual(["other", "web"]);
  expect(services.web).toMatchObject({ environment: { A: "1", DB_URL: "x=y", PLAIN: "1" } });
  expect(Object.keys(services.web!.depends_on!)).toEqual(["other"]);
  expect(services.other!.environment).toBeUndefined();
  expect(calls).toEqual([
    ["compose", "metadata"],
    ["compose", "--project-name=shop", "up", "--size=big", "--tag=a", "--tag=b", "db"],
  ]);
  expect(told).toEqual(["db Creating", "db renting", "db Created"]);
});

test("releaseProvider() gives a program the options it says it knows", async () => {
  const metadata = JSON.stringify({ down: { parameters: [{ name: "size", required: true }] } });
  const { context, calls } = lab({ metadata });
  await releaseProvider(context, project({}), { name: "db", extensions: {}, ...PROVIDER });
  expect(calls[1]).toEqual(["compose", "--project-name=shop", "down", "--size=big", "db"]);
});

const FAILING: { title: string; answers: Answers; says: string }[] = [
  {
    title: "says so",
    answers: { lines: [say("error", "no money")] },
    says: "its provider cloud failed: no money",
  },
  { title: "ends badly", answers: { exitCode: 3, words: "oops" }, says: "its provider cloud failed: oops" },
  { title: "ends badly in silence", answers: { exitCode: 3 }, says: "it ended with code 3" },
  {
    title: "writes something else",
    answers: { lines: ["hello"] },
    says: 'wrote "hello", which is no message',
  },
  {
    title: "sets what is no variable",
    answers: { lines: [say("setenv", "novalue")] },
    says: "which is no variable",
  },
  {
    title: "needs an option",
    answers: { metadata: JSON.stringify({ up: { parameters: [{ name: "region", required: true }] } }) },
    says: 'needs the option "region"',
  },
];

for (const { title, answers, says } of FAILING)
  test(`withProviders() fails with a program that ${title}`, async () => {
    const { context, told } = lab(answers);
    await expect(withProviders(context, project({ db: PROVIDER }))).rejects.toThrow(says);
    expect(told.at(-1)).toContain(says);
  });

test("withProviders() refuses a provider that waits for a container", async () => {
  const { context } = lab({});
  const shop = project({ db: { ...PROVIDER, depends_on: dependsOn("web") }, web: { image: "x" } });
  await expect(withProviders(context, shop)).rejects.toThrow("providers come before all containers");
});

test("withProviders() runs nothing where nothing is to be changed", async () => {
  const { context, calls } = lab({});
  await withProviders({ ...context, dryRun: true }, project({ db: PROVIDER }));
  expect(calls).toEqual([]);
});

test("parametersOf() knows nothing of programs that say nothing", () => {
  for (const text of ["", "null", "{}", "[]", '{"up": {"parameters": []}}', '{"up": 1}'])
    expect(parametersOf(text, "up")).toBeUndefined();
  expect(() => parseProviderLine("[]", { name: "a", extensions: {}, ...PROVIDER })).toThrow("no message");
});
