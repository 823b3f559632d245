import { resolve } from "node:path";
import { Limiter } from "#base/async.ts";
import type { Client } from "#client/client.ts";
import { projectFromEngine } from "#compose/engine/from-engine.ts";
import { listProjectContainers } from "#compose/engine/observe.ts";
import type { ComposeContext, ObservedContainer } from "#compose/engine/types.ts";
import type { Dependencies, LoadOptions, Project } from "#compose/model/types.ts";
import type { CliHost } from "../host.ts";
import type { Session } from "../session.ts";
import { createContext } from "./context.ts";
import { chooseDisplay, type Display } from "./display.ts";
import type { ComposeFlags } from "./flags.ts";
import { remoteFetcher } from "./remote/fetch.ts";

/** What is asked of the engine at once when the user sets no limit. */
const MAX_PARALLEL = 64;

/** One call of `wharf compose`: the command line around it and what was said before the verb. */
export class ComposeSession {
  readonly session: Session;
  readonly flags: ComposeFlags;
  /** "wharf compose up" */
  readonly verbPath: string;
  /** Every question is answered with yes: `--yes`. */
  assumesYes = false;
  /** Whether files of the project came from elsewhere: what they say is not run on this machine. */
  hasFetched = false;
  #project: Promise<Project> | undefined;
  #context: Promise<ComposeContext> | undefined;
  #display: Promise<Display> | undefined;

  constructor(session: Session, flags: ComposeFlags, verbPath: string) {
    this.session = session;
    this.flags = flags;
    this.verbPath = verbPath;
  }

  /** The same call, with nothing shown of what happens. */
  quietly(): ComposeSession {
    return new ComposeSession(this.session, { ...this.flags, progress: "quiet" }, this.verbPath);
  }

  get host(): CliHost {
    return this.session.host;
  }

  /** Whether colours and the like may be written to standard output. */
  get hasAnsi(): boolean {
    const ansi = this.ansi;
    return ansi === "always" || (ansi === "auto" && this.host.stdout.isTerminal());
  }

  get ansi(): string {
    if (this.flags["no-ansi"]) return "never";
    return this.flags.ansi !== "auto" ? this.flags.ansi : this.host.env.COMPOSE_ANSI || "auto";
  }

  client(): Promise<Client> {
    return this.session.client();
  }

  print(text: string): Promise<void> {
    return this.session.print(text);
  }

  /** One line on standard error. */
  async warn(text: string): Promise<void> {
    await (await this.display()).write(`WARNING: ${text}\n`);
  }

  get loadOptions(): LoadOptions {
    const { flags, host } = this;
    return {
      ...(flags.file.length > 0 ? { files: flags.file } : {}),
      ...(flags["project-directory"] ? { projectDirectory: flags["project-directory"] } : {}),
      ...(flags["project-name"] ? { projectName: flags["project-name"] } : {}),
      ...(flags["env-file"].length > 0 ? { envFiles: flags["env-file"] } : {}),
      profiles: flags.profile,
      environment: host.env,
      currentDirectory: host.cwd,
      readStandardInput: () => readAll(host),
      fetchRemote: (reference) => {
        this.hasFetched = true;
        return remoteFetcher(this.session, flags["insecure-registry"])(reference);
      },
      warn: (text) => void this.warn(text),
    };
  }

  /** The project of the files, with all services its profiles allow; their env files are not read yet. */
  load(): Promise<Project> {
    this.#project ??= import("#compose/model/load.ts").then(({ loadProject }) =>
      loadProject({ ...this.loadOptions, resolveEnvironment: false }),
    );
    return this.#project;
  }

  /** Only these services, and others as they are needed; none named means all. @throws NotFound for an unknown name */
  async select(services: readonly string[], dependencies: Dependencies = "include"): Promise<Project> {
    const project = await this.load();
    const { selectServices } = await import("#compose/model/select.ts");
    const keepsAll = this.flags["all-resources"] && services.length === 0;
    const selected = keepsAll ? project : selectServices(project, services, dependencies);
    const { resolveEnvironment } = await import("#compose/model/load.ts");
    return await resolveEnvironment(selected, (text) => void this.warn(text));
  }

  /** Without files, where a name was given. */
  async projectName(): Promise<string> {
    return this.#givenName() ?? (await this.load()).name;
  }

  #givenName(): string | undefined {
    return this.flags["project-name"] || this.host.env.COMPOSE_PROJECT_NAME || undefined;
  }

  /** The project of the files; where only a name was given, as the engine knows it. */
  async projectOrEngine(): Promise<{ readonly project: Project; readonly hasFiles: boolean }> {
    const name = this.flags["project-name"];
    if (this.flags.file.length > 0 || !name) return { project: await this.load(), hasFiles: true };
    const context = await this.context();
    const containers = await listProjectContainers(context.client, name);
    return { project: await projectFromEngine(context.client, name, containers), hasFiles: false };
  }

  /** Containers of the project, whatever the files say. */
  async containers(): Promise<ObservedContainer[]> {
    return await listProjectContainers(await this.client(), await this.projectName());
  }

  display(): Promise<Display> {
    this.#display ??= chooseDisplay(this.host, {
      progress: this.flags.progress || this.host.env.COMPOSE_PROGRESS || "",
      ansi: this.ansi,
      dryRun: this.flags["dry-run"],
    });
    return this.#display;
  }

  context(): Promise<ComposeContext> {
    this.#context ??= createContext(this, {
      separator: this.flags.compatibility || isTrue(this.host.env.COMPOSE_COMPATIBILITY) ? "_" : "-",
      limiter: new Limiter(this.#parallel()),
      envFiles: this.flags["env-file"].map((path) => resolve(this.host.cwd, path)),
    });
    return this.#context;
  }

  #parallel(): number {
    const limit =
      this.flags.parallel > 0 ? this.flags.parallel : Number(this.host.env.COMPOSE_PARALLEL_LIMIT ?? 0);
    return limit > 0 ? limit : MAX_PARALLEL;
  }

  /** Shows what happens while `work` runs. */
  async operation<T>(name: string, work: (context: ComposeContext) => Promise<T>): Promise<T> {
    const [context, display] = await Promise.all([this.context(), this.display()]);
    display.begin(name);
    try {
      return await work(context);
    } finally {
      await display.end();
    }
  }
}

/** "1", "true", "yes": as variables of the environment say it. */
export function isTrue(text: string | undefined): boolean {
  return ["1", "true", "yes", "y", "on", "t"].includes((text ?? "").toLowerCase());
}

async function readAll(host: CliHost): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of host.stdin.stream()) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}
