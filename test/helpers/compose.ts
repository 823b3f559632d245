/** Compose projects on a test's machine. */
import { join } from "node:path";
import type { RunResult } from "#base/spawn.ts";
import type { TestDaemon } from "./daemon.ts";

export interface TestProject {
  readonly name: string;
  /** On the machine. */
  readonly directory: string;
  /** Puts another text in the place of the Compose file. */
  write(yaml: string): Promise<void>;
  /** A file beside the Compose file. */
  writeFile(name: string, text: string): Promise<void>;
  /** `wharf compose` with the project's file. */
  compose(...args: string[]): Promise<RunResult>;
  /** As `compose`; throws when it fails. @returns stdout without the last newline */
  text(...args: string[]): Promise<string>;
  /** The id of a container by the end of its name: "web-1". */
  id(container: string): Promise<string>;
}

export async function writeProject(daemon: TestDaemon, name: string, yaml: string): Promise<TestProject> {
  const directory = join(daemon.machine.directory, name);
  await daemon.machine.text(["mkdir", "-p", directory]);
  const file = join(directory, "compose.yaml");
  const writeFile = async (path: string, text: string) =>
    void (await Bun.write(daemon.machine.outside(join(directory, path)), text));
  const arguments_ = ["compose", "-p", name, "-f", file];
  const project: TestProject = {
    name,
    directory,
    writeFile,
    write: (text) => writeFile("compose.yaml", text),
    compose: (...args) => daemon.wharf(...arguments_, ...args),
    text: (...args) => daemon.wharfText(...arguments_, ...args),
    id: (container) => daemon.dockerText("inspect", "-f", "{{.Id}}", `${name}-${container}`),
  };
  await project.write(yaml);
  return project;
}

/** A main process that ends at once when it is asked to. */
export const POLITE = `sh -c "trap exit TERM; while :; do sleep 1 & wait; done"`;
