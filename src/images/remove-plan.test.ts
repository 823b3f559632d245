import { expect, test } from "bun:test";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { planRemove, type RemoveFacts } from "./remove-plan.ts";
import type { ImageRecord } from "./types.ts";

const id = `sha256:${"ab".repeat(32)}`;
const digest = `sha256:${"cd".repeat(32)}`;
const target = { mediaType: MEDIA_TYPE.ociManifest, digest, size: 1 };
const image = { id } as ImageRecord;
const running = { id: "1".repeat(64), running: true };
const stopped = { id: "2".repeat(64), running: false };
const BUSYBOX = "docker.io/library/busybox:latest";
const BUSYBOX_1 = "docker.io/library/busybox:1";
const BUSYBOX_DIGEST = `docker.io/library/busybox@${digest}`;
const OTHER = "docker.io/org/other:v1";

function facts(names: string[], more: Partial<RemoveFacts> = {}): RemoveFacts {
  const references = names.map((name) => ({ name, imageId: id, target }));
  return { image, references, hasChildren: false, users: [], ...more };
}

const allowed: {
  name: string;
  asked: string;
  facts: RemoveFacts;
  force?: boolean;
  untag: string[];
  deletes: boolean;
}[] = [
  { name: "the last tag", asked: "busybox", facts: facts([BUSYBOX]), untag: [BUSYBOX], deletes: true },
  {
    name: "one of two tags",
    asked: "busybox:1",
    facts: facts([BUSYBOX_1, BUSYBOX]),
    untag: [BUSYBOX_1],
    deletes: false,
  },
  {
    name: "the last tag of a repository with its digest",
    asked: "busybox",
    facts: facts([OTHER, BUSYBOX, BUSYBOX_DIGEST]),
    untag: [BUSYBOX, BUSYBOX_DIGEST],
    deletes: false,
  },
  {
    name: "a tag beside another of the same repository, whose digest stays",
    asked: "busybox:1",
    facts: facts([BUSYBOX_1, BUSYBOX, BUSYBOX_DIGEST]),
    untag: [BUSYBOX_1],
    deletes: false,
  },
  {
    name: "a digest alone",
    asked: `busybox@${digest}`,
    facts: facts([BUSYBOX, BUSYBOX_DIGEST]),
    untag: [BUSYBOX_DIGEST],
    deletes: false,
  },
  { name: "an id without names", asked: "abab", facts: facts([]), untag: [], deletes: true },
  {
    name: "an id with one tag and its digest",
    asked: id,
    facts: facts([BUSYBOX, BUSYBOX_DIGEST]),
    untag: [BUSYBOX, BUSYBOX_DIGEST],
    deletes: true,
  },
  {
    name: "an id with many names, forced",
    asked: "abab",
    facts: facts([BUSYBOX, OTHER]),
    force: true,
    untag: [BUSYBOX, OTHER],
    deletes: true,
  },
  {
    name: "one of several names although a container runs",
    asked: "busybox",
    facts: facts([BUSYBOX, OTHER], { users: [running] }),
    untag: [BUSYBOX],
    deletes: false,
  },
  {
    name: "the last tag by force: a running container keeps the image",
    asked: "busybox",
    facts: facts([BUSYBOX], { users: [running] }),
    force: true,
    untag: [BUSYBOX],
    deletes: false,
  },
  {
    name: "the last tag by force although a stopped container uses it",
    asked: "busybox",
    facts: facts([BUSYBOX], { users: [stopped] }),
    force: true,
    untag: [BUSYBOX],
    deletes: true,
  },
  {
    name: "the last tag of an image others are built on",
    asked: "busybox",
    facts: facts([BUSYBOX], { hasChildren: true }),
    untag: [BUSYBOX],
    deletes: false,
  },
];

test.each(allowed)("planRemove() takes away $name", ({ asked, facts, force = false, untag, deletes }) => {
  expect(planRemove(asked, force, facts)).toEqual({ untag, deletesImage: deletes });
});

const conflicts: { name: string; asked: string; facts: RemoveFacts; force?: boolean; message: string }[] = [
  {
    name: "a name a container uses",
    asked: "busybox",
    facts: facts([BUSYBOX], { users: [stopped] }),
    message:
      'conflict: unable to remove repository reference "busybox" (must force) - container 222222222222 is using its referenced image abababababab',
  },
  {
    name: "an id of several repositories",
    asked: "abab",
    facts: facts([BUSYBOX, OTHER]),
    message:
      "conflict: unable to delete abababababab (must be forced) - image is referenced in multiple repositories",
  },
  {
    name: "an id a running container uses, even forced",
    asked: "abab",
    facts: facts([BUSYBOX], { users: [running] }),
    force: true,
    message:
      "conflict: unable to delete abababababab (cannot be forced) - image is being used by running container 111111111111",
  },
  {
    name: "an id a stopped container uses",
    asked: "abab",
    facts: facts([], { users: [stopped] }),
    message:
      "conflict: unable to delete abababababab (must be forced) - image is being used by stopped container 222222222222",
  },
  {
    name: "an id others are built on, even forced",
    asked: "abab",
    facts: facts([], { hasChildren: true }),
    force: true,
    message: "conflict: unable to delete abababababab (cannot be forced) - image has dependent child images",
  },
];

test.each(conflicts)("planRemove() refuses $name", ({ asked, facts, force = false, message }) => {
  expect(() => planRemove(asked, force, facts)).toThrow(new Error(message));
});
