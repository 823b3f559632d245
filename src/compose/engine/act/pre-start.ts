import { Conflict, messageOf } from "#base/errors.ts";
import { FrameDecoder } from "#spec/std-copy.ts";
import type { Project, Service } from "../../model/types.ts";
import { LABEL } from "../labels.ts";
import { imageName } from "../names.ts";
import type { ByService, Referable } from "../references.ts";
import type { ComposeContext } from "../types.ts";
import { createContainer } from "./create-container.ts";

/** Of what a failed hook wrote, this much is shown. */
const MAX_SHOWN_CHARACTERS = 2048;

export interface PreStart {
  readonly service: Service;
  /** Those that are about to start. */
  readonly replicas: readonly { readonly number: number; readonly id: string }[];
  /** Only what is to be done for each replica. */
  readonly isShared: boolean;
  readonly containers: ByService;
}

/**
 * Runs the `pre_start` hooks of a service one after the other, each in a container of its own with the volumes of the
 * service's first replica, or with `per_replica` once for each. A container that failed stays for a look at it.
 * @throws Conflict when a hook fails
 */
export async function runPreStart(
  context: ComposeContext,
  project: Project,
  preStart: PreStart,
): Promise<void> {
  const { service, replicas, isShared } = preStart;
  for (const [index, hook] of (service.pre_start ?? []).entries()) {
    const { per_replica: isEach = false, ...spec } = hook;
    if (isShared && !isEach) continue;
    for (const replica of isEach ? replicas : replicas.slice(0, 1))
      await runOne(context, project, preStart, { index, spec, replica, isEach });
  }
}

interface OneHook {
  readonly index: number;
  readonly spec: Omit<NonNullable<Service["pre_start"]>[number], "per_replica">;
  readonly replica: PreStart["replicas"][number];
  readonly isEach: boolean;
}

async function runOne(
  context: ComposeContext,
  project: Project,
  { service, containers }: PreStart,
  { index, spec, replica, isEach }: OneHook,
): Promise<void> {
  const image = spec.image ?? imageName(project.name, service, context.separator);
  const number = isEach ? [replica.number] : [];
  const created = await createContainer(context, project, {
    service: {
      ...spec,
      name: service.name,
      image,
      ...(spec.networks || spec.network_mode || !service.networks ? {} : { networks: service.networks }),
      volumes_from: [...(spec.volumes_from ?? []), `container:${replica.id}`],
      extensions: {},
    },
    number: 0,
    name: [project.name, service.name, "pre_start", index, ...number].join(context.separator),
    image: { name: image, digest: "", volumeDigest: "", volumes: new Set() },
    labels: { [LABEL.hook]: "pre_start", [LABEL.hookIndex]: String(index) },
    isHashed: false,
    useAliases: true,
    containers,
  });
  await runToEnd(context, created, `service "${service.name}" pre_start[${index}]`);
}

async function runToEnd(
  { client, warn }: ComposeContext,
  { id, name }: Referable,
  what: string,
): Promise<void> {
  const { containers } = client;
  const { result } = await containers.wait(id, "next-exit");
  await containers.start(id);
  const { StatusCode } = await result;
  if (StatusCode !== 0) {
    const words = (await tailOf(client, id)).replace(/^(?=.)/, ": ");
    throw new Conflict(`${what} exited with code ${StatusCode}${words}`, {
      hint: `Its container ${name} is kept for a look at it`,
    });
  }
  await containers
    .remove(id, { volumes: true })
    .catch((error) => warn(`${what}: container ${name} is left behind: ${messageOf(error)}`));
}

async function tailOf({ containers }: ComposeContext["client"], id: string): Promise<string> {
  const response = await containers.logs(id, { stdout: true, stderr: true, tail: "10" });
  const decoder = new FrameDecoder();
  let text = "";
  for (const { data } of decoder.push(await response.bytes())) text += new TextDecoder().decode(data);
  return text.trim().slice(-MAX_SHOWN_CHARACTERS);
}
