import { expect, test } from "bun:test";
import { artifactName, commitOf, isRemote, parseGitReference } from "./reference.ts";

test("isRemote() tells repositories and artifacts from paths", () => {
  for (const path of [
    "oci://a/b:c",
    "https://h/r.git",
    "git://h/r",
    "ssh://git@h/r.git",
    "git@h:r.git",
    "github.com/a/b",
  ])
    expect([path, isRemote(path)]).toEqual([path, true]);
  for (const path of ["compose.yaml", "./git@x", "/https://x", "../oci", "a@b", "C:\\x"])
    expect([path, isRemote(path)]).toEqual([path, false]);
  expect(artifactName("oci://host:5000/a:v1")).toBe("host:5000/a:v1");
});

const REFERENCES = [
  { text: "https://h/r.git", url: "https://h/r.git", ref: "HEAD", path: "" },
  { text: "https://h/r.git#main", url: "https://h/r.git", ref: "main", path: "" },
  { text: "git@h:a/r.git#v1.0:sub/./dir/", url: "git@h:a/r.git", ref: "v1.0", path: "sub/dir" },
  {
    text: "github.com/a/r#refs/pull/1/head",
    url: "https://github.com/a/r.git",
    ref: "refs/pull/1/head",
    path: "",
  },
  {
    text: "ssh://git@h:2222/r.git#:other.yaml",
    url: "ssh://git@h:2222/r.git",
    ref: "HEAD",
    path: "other.yaml",
  },
];

for (const { text, ...expected } of REFERENCES)
  test(`parseGitReference() reads ${text}`, () => {
    expect(parseGitReference(text)).toEqual(expected);
  });

const HOSTILE = [
  { text: "git://h/r.git#main:../../etc", says: "leads out of the repository" },
  { text: "git://h/r.git#main:a/../../b", says: "leads out of the repository" },
  { text: "git://h/r.git#main:/etc", says: "leads out of the repository" },
  { text: "git://h/r.git#main:a\\..\\b", says: "leads out of the repository" },
  { text: "git://h/r.git#--upload-pack=touch x", says: "is no branch, tag or commit" },
  { text: "git://h/r.git#a..b", says: "is no branch, tag or commit" },
  { text: "ssh://-oProxyCommand=touch/x.git", says: "is no host" },
  { text: "ssh://git@-oProxyCommand=touch/x.git", says: "is no host" },
  { text: "https://h/page", says: "neither an OCI artifact nor a git repository" },
];

for (const { text, says } of HOSTILE)
  test(`parseGitReference() refuses ${text}`, () => {
    expect(() => parseGitReference(text)).toThrow(says);
  });

test("commitOf() takes the ref of just this name, a branch before a tag", () => {
  const [a, b, c] = ["a", "b", "c"].map((letter) => letter.repeat(40));
  const lines = `${a}\trefs/heads/old/main\n${b}\trefs/tags/main\n${c}\trefs/heads/main\nnonsense\trefs/heads/x\n`;
  expect(commitOf(lines, "main")).toBe(c);
  expect(commitOf(lines, "refs/tags/main")).toBe(b);
  expect(commitOf(lines, "old")).toBeUndefined();
  expect(commitOf(lines, "x")).toBeUndefined();
});
