import { InvalidArgument } from "#base/errors.ts";
import type { LogSubject } from "./subject.ts";

/** What Docker's tag templates may name, as methods and fields of its logger.Info. */
const FIELDS: Readonly<Record<string, (subject: LogSubject) => string>> = {
  ID: ({ id }) => id.slice(0, 12),
  FullID: ({ id }) => id,
  Name: ({ name }) => name,
  ImageID: ({ imageId }) => imageId.slice(0, 12),
  ImageFullID: ({ imageId }) => imageId,
  ImageName: ({ imageName }) => imageName,
  DaemonName: () => "docker",
  Hostname: ({ hostname }) => hostname,
  ContainerID: ({ id }) => id,
  ContainerName: ({ name }) => `/${name}`,
  ContainerImageID: ({ imageId }) => imageId,
  ContainerImageName: ({ imageName }) => imageName,
};

const INDEXED = /^index\s+\.(ContainerLabels|Config)\s+"([^"]*)"$/;
const ACTION = /\{\{-?\s*(.*?)\s*-?\}\}/gs;

/**
 * Fills a tag template: fields, and `index .ContainerLabels "name"`.
 * @throws InvalidArgument in Docker's words for what it does not know
 */
export function fillTag(template: string, subject: LogSubject): string {
  if (template.replace(ACTION, "").includes("{{"))
    throw new InvalidArgument("template: log-tag:1: unclosed action");
  return template.replace(ACTION, (_whole, action: string) => evaluate(action, subject));
}

function evaluate(action: string, subject: LogSubject): string {
  const [, name] = /^\.(\w+)$/.exec(action) ?? [];
  if (name !== undefined) {
    if (Object.hasOwn(FIELDS, name)) return FIELDS[name]!(subject);
    throw new InvalidArgument(
      `template: log-tag:1:2: executing "log-tag" at <.${name}>: can't evaluate field ${name} in type *logger.Info`,
    );
  }
  const [, , key] = INDEXED.exec(action) ?? [];
  if (key !== undefined) return subject.config.Labels?.[key] ?? "";
  throw new InvalidArgument(`template: log-tag: "{{${action}}}" is not supported`, {
    hint: 'use fields such as {{.Name}}, {{.ID}}, {{.ImageName}} or {{index .ContainerLabels "name"}}',
  });
}
