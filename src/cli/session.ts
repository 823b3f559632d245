import { Client } from "#client/client.ts";
import { dial } from "#client/dial.ts";
import { endpointText } from "#client/endpoint.ts";
import { EngineUnreachable } from "#client/errors.ts";
import type { Channel } from "#client/types.ts";
import { type ConfigFile, configDirectory, readConfig } from "./config.ts";
import { chooseEndpoint, type EndpointSources } from "./endpoint.ts";
import type { GlobalFlags } from "./global-flags.ts";
import type { CliHost } from "./host.ts";
import { VERSION } from "./version.ts";

/** One call of the command line: the process around it, its configuration and its engine. */
export class Session {
  readonly host: CliHost;
  readonly flags: GlobalFlags;
  /** "wharf container ls": the words that led to the command. */
  readonly commandPath: string;
  #config: ConfigFile | undefined;
  #client: Promise<Client> | undefined;
  #starting: Promise<void> | undefined;

  constructor(host: CliHost, flags: GlobalFlags, commandPath: string) {
    this.host = host;
    this.flags = flags;
    this.commandPath = commandPath;
  }

  get configDirectory(): string {
    return configDirectory(this.flags.config, this.host.env);
  }

  get config(): ConfigFile {
    this.#config ??= readConfig(this.configDirectory);
    return this.#config;
  }

  get endpointSources(): EndpointSources {
    return {
      flags: this.flags,
      env: this.host.env,
      currentContext: this.config.currentContext,
      configDirectory: this.configDirectory,
    };
  }

  /** The engine. Made at the first call; connections are made when they are needed. */
  client(): Promise<Client> {
    this.#client ??= this.#createClient();
    return this.#client;
  }

  /** The engine's address, as text. */
  async endpointText(): Promise<string> {
    return endpointText((await chooseEndpoint(this.endpointSources)).endpoint);
  }

  print(text: string): Promise<void> {
    return this.host.stdout.write(text);
  }

  warn(text: string): Promise<void> {
    return this.host.stderr.write(text);
  }

  async close(): Promise<void> {
    (await this.#client?.catch(() => undefined))?.close();
  }

  async #createClient(): Promise<Client> {
    const { endpoint, isDefault } = await chooseEndpoint(this.endpointSources);
    const mayStart = isDefault && this.host.uid === 0 && this.host.startEngine !== undefined;
    const connect = () => dial(endpoint);
    return new Client({
      endpoint,
      userAgent: `wharf/${VERSION} (linux)`,
      ...(this.host.env.DOCKER_API_VERSION ? { apiVersion: this.host.env.DOCKER_API_VERSION } : {}),
      ...(this.config.HttpHeaders ? { headers: this.config.HttpHeaders } : {}),
      ...(mayStart ? { dial: () => dialOrStart(connect, () => this.#startEngine()) } : {}),
    });
  }

  /** Connections that are made meanwhile wait for the same start. */
  #startEngine(): Promise<void> {
    const start = async () => {
      await this.warn("No wharf engine is running: starting one.\n");
      await this.host.startEngine!();
    };
    this.#starting ??= start();
    return this.#starting;
  }
}

/** Connects; where nobody listens, starts an engine first. */
export async function dialOrStart(
  connect: () => Promise<Channel>,
  start: () => Promise<void>,
): Promise<Channel> {
  try {
    return await connect();
  } catch (error) {
    const isAbsent =
      error instanceof EngineUnreachable && (error.code === "ENOENT" || error.code === "ECONNREFUSED");
    if (!isAbsent) throw error;
    await start();
    return await connect();
  }
}
