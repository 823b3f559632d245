/** A whole Compose file. */
import { JOB, SERVICE } from "./service.ts";
import {
  ANY_NAME,
  boolean,
  either,
  list,
  type MapShape,
  map,
  named,
  options,
  pairs,
  type Shape,
  scalar,
  string,
  stringOrList,
} from "./shape.ts";

const nullable = (shape: Shape) => either(shape, scalar("null"));
const external = either(boolean, map({ name: string }));
const strings = named(string, ANY_NAME);

const ipam = map({
  driver: string,
  config: list(map({ subnet: string, ip_range: string, gateway: string, aux_addresses: strings })),
  options: strings,
});

const network = map({
  name: string,
  driver: string,
  driver_opts: options,
  ipam,
  external,
  internal: boolean,
  enable_ipv4: boolean,
  enable_ipv6: boolean,
  attachable: boolean,
  labels: pairs,
});

const volume = map({ name: string, driver: string, driver_opts: options, external, labels: pairs });

const secret = map({
  name: string,
  environment: string,
  file: string,
  external,
  labels: pairs,
  driver: string,
  driver_opts: options,
  template_driver: string,
});

const config = map({
  name: string,
  content: string,
  environment: string,
  file: string,
  external,
  labels: pairs,
  template_driver: string,
});

const include = either(
  string,
  map({ path: stringOrList, env_file: stringOrList, project_directory: string }, { hasExtensions: false }),
);

export const PROJECT: MapShape = map({
  version: string,
  name: string,
  include: list(include),
  services: named(SERVICE),
  jobs: named(JOB),
  networks: named(nullable(network)),
  volumes: named(nullable(volume)),
  secrets: named(secret),
  configs: named(config),
  models: named(
    map(
      { name: string, model: string, context_size: scalar("integer"), runtime_flags: list(string) },
      { required: ["model"] },
    ),
  ),
});
