import type { Project, Service } from "../model/types.ts";
import type { ComposeContext } from "./types.ts";

/** What a service gets that may speak to the engine: the way there, and the user's credentials for registries. */
export interface ApiAccess {
  /** Absolute, on the engine's machine. */
  readonly socket: string;
  /** Text of a client's config.json. */
  readonly config: string;
}

/** Where clients in containers look for the engine. */
const SOCKET_TARGET = "/var/run/docker.sock";
const CONFIG_DIRECTORY = "/run/secrets/docker";
/** No file can have it as a key: it is not one of the project's own. */
const CONFIG_KEY = "#apisocket";

/** Writes `use_api_socket` out as what it stands for. @throws CliError when the engine has no socket here */
export async function withApiSocket(
  context: Pick<ComposeContext, "apiAccess">,
  project: Project,
): Promise<Project> {
  const isAsked = Object.values(project.services).some(({ use_api_socket }) => use_api_socket);
  return isAsked ? grantApi(project, await context.apiAccess()) : project;
}

/** Pure. A service that says itself where its client's configuration is gets none. */
export function grantApi(project: Project, { socket, config }: ApiAccess): Project {
  const services = Object.fromEntries(
    Object.entries(project.services).map(([name, service]) => [
      name,
      service.use_api_socket ? granted(service, socket) : service,
    ]),
  );
  const configs = { ...project.configs, [CONFIG_KEY]: { name: CONFIG_KEY, content: config, extensions: {} } };
  return { ...project, services, configs };
}

function granted(service: Service, socket: string): Service {
  const { environment = {}, volumes = [], configs = [] } = service;
  const hasOwn = Object.hasOwn(environment, "DOCKER_CONFIG");
  return {
    ...service,
    environment: hasOwn ? environment : { ...environment, DOCKER_CONFIG: CONFIG_DIRECTORY },
    volumes: [...volumes, { type: "bind", source: socket, target: SOCKET_TARGET, extensions: {} }],
    configs: hasOwn
      ? configs
      : [...configs, { source: CONFIG_KEY, target: `${CONFIG_DIRECTORY}/config.json` }],
  };
}
