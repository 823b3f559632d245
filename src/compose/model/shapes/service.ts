/** The keys of services and jobs beyond the container's, and of what stands below them. */
import { CONTAINER } from "./container.ts";
import {
  ANY_NAME,
  boolean,
  command,
  deviceRequest,
  either,
  fileReferences,
  hosts,
  integer,
  list,
  map,
  matching,
  named,
  number,
  oneOf,
  pairs,
  type Shape,
  scalar,
  set,
  string,
  stringOrList,
  strings,
  ulimits,
} from "./shape.ts";

const build = map({
  context: string,
  dockerfile: string,
  dockerfile_inline: string,
  entitlements: list(string),
  args: pairs,
  ssh: pairs,
  labels: pairs,
  cache_from: list(string),
  cache_to: list(string),
  no_cache: boolean,
  no_cache_filter: stringOrList,
  additional_contexts: pairs,
  network: string,
  provenance: scalar("string", "boolean"),
  sbom: scalar("string", "boolean"),
  pull: boolean,
  target: string,
  shm_size: integer,
  extra_hosts: hosts,
  isolation: string,
  privileged: boolean,
  secrets: fileReferences,
  tags: list(string),
  ulimits,
  platforms: list(string),
});

const dependency = map(
  {
    restart: boolean,
    required: scalar("boolean"),
    condition: oneOf("service_started", "service_healthy", "service_completed_successfully"),
  },
  { required: ["condition"] },
);

const healthcheck = map({
  disable: boolean,
  interval: string,
  retries: number,
  test: either(string, list(string)),
  timeout: string,
  start_period: string,
  start_interval: string,
});

const port = map({
  name: string,
  mode: string,
  host_ip: string,
  target: integer,
  published: integer,
  protocol: string,
  app_protocol: string,
});

const WORKLOAD: Readonly<Record<string, Shape>> = {
  build: either(string, build),
  depends_on: either(strings, named(dependency)),
  healthcheck,
  ports: set(either(scalar("number", "string"), port)),
  expose: set(scalar("string", "number")),
  stdin_open: boolean,
  tty: boolean,
};

const hook = map(
  { command, user: string, privileged: boolean, working_dir: string, environment: pairs },
  { required: ["command"] },
);

const develop = map({
  watch: list(
    map(
      {
        ignore: stringOrList,
        include: stringOrList,
        path: string,
        action: oneOf("rebuild", "sync", "restart", "sync+restart", "sync+exec"),
        target: string,
        exec: hook,
        initial_sync: scalar("boolean"),
      },
      { required: ["path", "action"] },
    ),
  ),
});

const update = map({
  parallelism: integer,
  delay: string,
  failure_action: string,
  monitor: string,
  max_failure_ratio: number,
  order: oneOf("start-first", "stop-first"),
});

const generic = list(map({ discrete_resource_spec: map({ kind: string, value: number }) }));

const deploy = map({
  mode: string,
  endpoint_mode: string,
  replicas: integer,
  labels: pairs,
  rollback_config: update,
  update_config: update,
  resources: map({
    limits: map({ cpus: number, memory: string, pids: integer }),
    reservations: map({
      cpus: number,
      memory: string,
      generic_resources: generic,
      devices: list(map(deviceRequest, { required: ["capabilities"] })),
    }),
  }),
  restart_policy: map({ condition: string, delay: string, max_attempts: integer, window: string }),
  placement: map({
    constraints: list(string),
    preferences: list(map({ spread: string })),
    max_replicas_per_node: integer,
  }),
});

const providerValue = scalar("string", "number", "boolean");
const nullable = (shape: Shape) => either(shape, scalar("null"));

export const SERVICE = map({
  ...CONTAINER,
  ...WORKLOAD,
  deploy: nullable(deploy),
  develop: nullable(develop),
  profiles: strings,
  restart: string,
  scale: integer,
  attach: boolean,
  container_name: matching(/[a-zA-Z0-9][a-zA-Z0-9_.-]+/),
  provider: map(
    { type: string, options: named(either(providerValue, list(providerValue)), ANY_NAME) },
    { required: ["type"] },
  ),
  extends: either(
    string,
    map({ service: string, file: string }, { required: ["service"], hasExtensions: false }),
  ),
  links: strings,
  external_links: set(string),
  pre_start: list(map({ ...CONTAINER, per_replica: boolean })),
  post_start: list(hook),
  pre_stop: list(hook),
});

const schedule = map(
  {
    cron: string,
    timezone: string,
    concurrency: oneOf("forbid", "queue"),
    missed_fires: oneOf("one", "skip"),
  },
  { required: ["cron"] },
);

export const JOB = map(
  {
    ...CONTAINER,
    ...WORKLOAD,
    profiles: strings,
    triggers: map({ manual: boolean, schedule: list(either(string, schedule)) }),
  },
  { required: ["triggers"] },
);
