import { messageOf } from "#base/errors.ts";
import type { ContainerCreateRequest } from "#spec/docker/containers.ts";
import type { EndpointSettings } from "#spec/docker/networks.ts";
import { isBefore } from "#spec/docker/versions.ts";
import type { Project, Service } from "../../model/types.ts";
import { planBody } from "../body/body.ts";
import { seccompPaths } from "../body/security.ts";
import { encodeDependsOn, LABEL, type Labels, projectLabels } from "../labels.ts";
import { containerName } from "../names.ts";
import { type ByService, planLinks, type Referable, resolveReferences } from "../references.ts";
import type { ComposeContext, ObservedContainer } from "../types.ts";
import type { ServiceImage } from "./images.ts";

/** Engines before this take one network at creation; the others are joined one by one. */
const SEVERAL_NETWORKS_SINCE = "1.44";

export interface CreateRequest {
  /** As the project has it: names of other services are resolved here. */
  readonly service: Service;
  /** 0: not one of the service's replicas. */
  readonly number: number;
  /** The name it is created under. */
  readonly name: string;
  readonly image: ServiceImage;
  /** Labels beyond those that every container of the service has; they win. */
  readonly labels?: Labels;
  /** False: hooks' containers carry no hash, so that no listing takes them for a replica. */
  readonly isHashed?: boolean;
  readonly isOneOff?: boolean;
  /** Whether it answers to the service's name and aliases. */
  readonly useAliases: boolean;
  readonly inherits?: ObservedContainer;
  readonly attachStdin?: boolean;
  readonly autoRemove?: boolean;
}

/** @param containers those of other services that this one may refer to */
export async function createContainer(
  context: ComposeContext,
  project: Project,
  { containers, ...request }: CreateRequest & { readonly containers: ByService },
): Promise<Referable> {
  const { name, number } = request;
  const service = resolveReferences(request.service, containers);
  const finalName = number > 0 ? containerName(project.name, service, number, context.separator) : name;
  const body = planBody(project, service, {
    containerName: finalName,
    image: request.image.name,
    labels: planLabels(context, project, {
      ...request,
      service: resolveReferences(request.service, containers, { isForHash: true }),
    }),
    links: planLinks(service, containers, {
      project: project.name,
      separator: context.separator,
      number: Math.max(number, 1),
    }),
    useAliases: request.useAliases,
    proxyEnvironment: context.proxyEnvironment,
    seccompProfiles: await readProfiles(context, service),
    ...(request.inherits
      ? { inherited: { mounts: request.inherits.mounts, imageVolumes: request.image.volumes } }
      : {}),
    ...(request.attachStdin ? { attachStdin: true } : {}),
    ...(request.autoRemove ? { autoRemove: true } : {}),
  });
  const platform = service.platform ?? project.environment.DOCKER_DEFAULT_PLATFORM ?? "";
  const id = await sendCreate(context, body, { name, platform });
  return { id, name };
}

function planLabels(
  { hashes, origin }: ComposeContext,
  project: Project,
  { service, number, image, labels, isHashed = true, isOneOff = false }: Omit<CreateRequest, "name">,
): Labels {
  return {
    ...service.labels,
    ...projectLabels(project, origin),
    [LABEL.service]: service.name,
    [LABEL.dependsOn]: encodeDependsOn(service.depends_on),
    ...(isHashed
      ? { [LABEL.configHash]: hashes.service(service), [LABEL.oneoff]: isOneOff ? "True" : "False" }
      : {}),
    ...(image.digest ? { [LABEL.image]: image.digest } : {}),
    ...(image.volumeDigest ? { [LABEL.imageVolumeDigest]: image.volumeDigest } : {}),
    ...(number > 0 ? { [LABEL.containerNumber]: String(number) } : {}),
    ...labels,
  };
}

async function readProfiles(context: ComposeContext, service: Service): Promise<Record<string, string>> {
  const paths = seccompPaths(service);
  const texts = await Promise.all(paths.map((path) => context.readText(path)));
  return Object.fromEntries(paths.map((path, i) => [path, JSON.stringify(JSON.parse(texts[i]!))]));
}

interface SendOptions {
  readonly name: string;
  readonly platform: string;
}

async function sendCreate(
  context: ComposeContext,
  body: ContainerCreateRequest,
  { name, platform }: SendOptions,
): Promise<string> {
  const { client, limiter } = context;
  const endpoints = Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {});
  const isOld = isBefore(client.http.apiVersion, SEVERAL_NETWORKS_SINCE);
  const later = isOld ? endpoints.slice(1) : [];
  const request = later.length > 0 ? withFirstNetwork(body, endpoints[0]!) : body;
  const { Id, Warnings } = await limiter.run(() =>
    client.containers.create(request, { name, ...(platform ? { platform } : {}) }),
  );
  for (const warning of Warnings ?? []) context.warn(`Container ${name}: ${warning}`);
  try {
    for (const [network, endpoint] of later) await client.networks.connect(network, Id, endpoint ?? {});
  } catch (error) {
    await client.containers
      .remove(Id, { force: true })
      .catch((undo) => context.warn(`Container ${name} is left behind: ${messageOf(undo)}`));
    throw error;
  }
  return Id;
}

function withFirstNetwork(
  body: ContainerCreateRequest,
  [name, endpoint]: readonly [string, EndpointSettings | null],
): ContainerCreateRequest {
  return { ...body, NetworkingConfig: { EndpointsConfig: { [name]: endpoint } } };
}
