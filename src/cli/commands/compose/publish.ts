import { InvalidArgument } from "#base/errors.ts";
import { imagesOnly, pinImages } from "#compose/model/pin-images.ts";
import { projectYaml } from "#compose/model/print-project.ts";
import type { Project } from "#compose/model/types.ts";
import { type PublishedFile, packArtifact } from "#compose/remote/artifact.ts";
import { filesToPublish } from "#compose/remote/publish-files.ts";
import { ONE_ARGUMENT } from "../../command.ts";
import { confirm } from "../../compose/context.ts";
import { pushArtifact } from "../../compose/remote/publish.ts";
import type { ComposeSession } from "../../compose/session.ts";
import { defineVerb } from "../../compose/verb.ts";
import { CliError } from "../../errors.ts";
import { bool, list, string } from "../../flag-kinds.ts";
import { VERSION } from "../../version.ts";
import { YES_FLAG } from "./_create.ts";
import { resolveDigest } from "./_digests.ts";

const OCI_VERSIONS = ["1.0", "1.1"] as const;

export const verb = defineVerb({
  usage: "[OPTIONS] REPOSITORY[:TAG]",
  arguments: ONE_ARGUMENT,
  flags: {
    app: bool("Also copy the images that services use"),
    "insecure-registry": list("Registry that is asked without TLS", { type: "stringArray", hidden: true }),
    "oci-version": string(
      'Version of the image specification ("1.0", "1.1"); default: what the registry takes',
    ),
    "resolve-image-digests": bool("Pin the images by digest"),
    "with-env": bool("Also publish env files"),
    yes: YES_FLAG,
  },
  async run({ compose, args: [name = ""], flags }) {
    if (flags.app)
      throw new CliError(
        "--app: images are not copied along; `wharf image copy` brings each of them to the registry",
      );
    const forms = flags["oci-version"]
      ? OCI_VERSIONS.filter((one) => one === flags["oci-version"])
      : [...OCI_VERSIONS].reverse();
    if (forms.length === 0) throw new CliError(`--oci-version must be one of ${OCI_VERSIONS.join(", ")}`);
    compose.assumesYes = flags.yes;
    const project = await compose.load();
    const files = await filesToPublish({
      files: localFiles(project),
      projectDirectory: project.workingDirectory,
      withEnvFiles: flags["with-env"],
      read: readIfThere,
    });
    if (flags["resolve-image-digests"]) files.push(await pinFile(compose, project));
    if (!(await isAgreed(compose, project))) throw new CliError("nothing was published");
    const artifacts = forms.map((ociVersion) => packArtifact(files, { ociVersion, version: VERSION }));
    await compose.operation("publish", async ({ onProgress, dryRun }) => {
      onProgress({ id: name, status: "working", text: "Publishing" });
      const insecureRegistries = [...compose.flags["insecure-registry"], ...flags["insecure-registry"]];
      if (!dryRun) await pushArtifact(compose.session, { name, insecureRegistries }, artifacts);
      onProgress({ id: name, status: "done", text: "Published" });
    });
  },
});

function localFiles({ files, services }: Project): readonly string[] {
  if (files.includes("-"))
    throw new InvalidArgument("cannot publish a project from standard input", { hint: "Put it into a file" });
  const builtOnly = Object.values(services).find(({ build, image }) => build && !image);
  if (builtOnly)
    throw new InvalidArgument(
      `cannot publish service "${builtOnly.name}": it has a build section and no image`,
      {
        hint: "Give the service an image that others can fetch",
      },
    );
  return files;
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  const file = Bun.file(path);
  return (await file.exists()) ? await file.bytes() : undefined;
}

/** A last file, which names every image by what it is today. */
async function pinFile(compose: ComposeSession, project: Project): Promise<PublishedFile> {
  const pinned = await pinImages(project, (reference) => resolveDigest(compose, reference));
  return {
    kind: "compose",
    name: "image-digests.yaml",
    bytes: new TextEncoder().encode(projectYaml(imagesOnly(pinned))),
  };
}

/** Who publishes is asked about what others will not have, and what they perhaps should not see. */
async function isAgreed(compose: ComposeSession, { services, secrets, configs }: Project): Promise<boolean> {
  const binds = Object.values(services).flatMap(({ name, volumes = [] }) =>
    volumes.filter(({ type }) => type === "bind").map(({ source }) => `service "${name}" mounts ${source}`),
  );
  const files = Object.entries({ ...secrets, ...configs }).flatMap(([name, { file }]) =>
    file ? [`"${name}" is the file ${file}`] : [],
  );
  const values = Object.values(services)
    .filter(({ environment = {} }) => Object.keys(environment).length > 0)
    .map(({ name }) => `service "${name}" has environment variables, whose values everybody will see`);
  const all = [...binds, ...files, ...values];
  if (all.length === 0) return true;
  return await confirm(compose, `${[...all.map((text) => `- ${text}`), "Publish the project?"].join("\n")}`);
}
