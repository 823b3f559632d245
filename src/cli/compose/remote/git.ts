/** Compose files of git repositories, by the `git` program and the user's own ways to sign in. */
import { realpath, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseDigest, sha256 } from "#base/digest.ts";
import { InvalidArgument, NotFound, Unavailable } from "#base/errors.ts";
import { run } from "#base/spawn.ts";
import { FILE_NAMES } from "#compose/model/settle.ts";
import { commitOf, type GitReference, isCommit, parseGitReference } from "#compose/remote/reference.ts";
import type { CliHost } from "../../host.ts";
import { cacheRoot, keepDirectory } from "./cache.ts";

/** Of what a repository says: no programs are run, no other place on this machine is read, nobody is asked for anything. */
const CAREFUL = [
  "protocol.ext.allow=never",
  "protocol.file.allow=never",
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
];

/** @returns the file's path @throws InvalidArgument, NotFound, Unavailable */
export async function fetchFromGit(host: CliHost, text: string): Promise<string> {
  const reference = parseGitReference(text);
  const git = gitFor(host, reference);
  const commit = await resolveCommit(git, reference);
  const place = parseDigest(sha256(reference.url)).hex.slice(0, 16);
  const checkout = await keepDirectory(join(cacheRoot(host), "git", `${place}-${commit}`), (directory) =>
    checkOut(git, { directory, commit, reference }),
  );
  return await findFile(checkout, { text, path: reference.path });
}

type Git = (args: readonly string[], directory?: string) => Promise<string>;

function gitFor({ env }: CliHost, { url }: GitReference): Git {
  const options = CAREFUL.flatMap((setting) => ["-c", setting]);
  const variables = {
    ...env,
    GIT_TERMINAL_PROMPT: "0",
    GIT_SSH_COMMAND: env.GIT_SSH_COMMAND || "ssh -oBatchMode=yes",
  };
  return async (args, directory) => {
    const place = directory === undefined ? [] : ["-C", directory];
    const result = await run(["git", ...place, ...options, ...args], {
      env: variables as Record<string, string>,
    }).catch((error) => {
      throw new Unavailable(`the git repository ${url} cannot be read: git cannot be run`, {
        cause: error,
        hint: "Install git",
      });
    });
    if (result.exitCode === 0) return result.stdout;
    throw new Unavailable(
      `the git repository ${url} cannot be read: ${result.stderr.trim().split("\n").at(-1)}`,
    );
  };
}

async function resolveCommit(git: Git, { url, ref }: GitReference): Promise<string> {
  if (isCommit(ref)) return ref;
  const commit = commitOf(await git(["ls-remote", "--", url, ref]), ref);
  if (commit === undefined) throw new NotFound(`the git repository ${url} has no branch or tag "${ref}"`);
  return commit;
}

interface CheckOut {
  readonly directory: string;
  readonly commit: string;
  readonly reference: GitReference;
}

async function checkOut(git: Git, { directory, commit, reference: { url } }: CheckOut): Promise<void> {
  await git(["init", "-q", "--template="], directory);
  await git(
    ["fetch", "-q", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", url, commit],
    directory,
  );
  await git(["checkout", "-q", "--detach", "FETCH_HEAD"], directory);
  await rm(join(directory, ".git"), { recursive: true, force: true });
}

/** @throws InvalidArgument when a link in the repository leads out of it */
async function findFile(
  checkout: string,
  { text, path }: { readonly text: string; readonly path: string },
): Promise<string> {
  const root = await realpath(checkout);
  const names = (await isDirectory(join(checkout, path)))
    ? FILE_NAMES.map((name) => join(path, name))
    : [path];
  for (const name of names) {
    const real = await realpath(join(checkout, name)).catch(() => undefined);
    if (real === undefined) continue;
    if (real !== root && !real.startsWith(`${root}/`))
      throw new InvalidArgument(`compose file ${text}: ${name} leads out of the repository`);
    return join(checkout, name);
  }
  throw new NotFound(`compose file ${text}: the repository has no ${path || FILE_NAMES.join(", ")}`);
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
}
