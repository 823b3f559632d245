import { expect, test } from "bun:test";
import { startApi } from "../_fakes.ts";

const auth = { username: "me", password: "secret" };
const arm = { os: "linux", architecture: "arm64" };
const parts = {
  images: {
    async *push() {
      yield { status: "Pushing" };
    },
  },
};

test.each([
  { ask: "debian/push?tag=12", reference: "docker.io/library/debian:12" },
  { ask: "debian:12/push", reference: "docker.io/library/debian:12" },
  { ask: "r.io:5000/a/b/push", reference: "r.io:5000/a/b" },
  {
    ask: `r.io/a/push?tag=1&platform=${encodeURIComponent(JSON.stringify(arm))}`,
    reference: "r.io/a:1",
    platform: arm,
  },
  { ask: "r.io/a/push?tag=1&compression=zstd", reference: "r.io/a:1", compression: "zstd" as const },
])("POST /images/$ask pushes $reference", async ({ ask, ...expected }) => {
  await using api = startApi(parts);
  const answer = await api.fetch(`/v1.51/images/${ask}`, {
    method: "POST",
    headers: { "X-Registry-Auth": Buffer.from(JSON.stringify(auth)).toString("base64url") },
  });
  expect(await answer.text()).toBe('{"status":"Pushing"}\r\n');
  expect(api.calls[0]!.args[0]).toMatchObject({ auth, ...expected });
});

test("POST /images/NAME/push takes credentials from the body of old clients", async () => {
  await using api = startApi(parts);
  const answer = await api.fetch("/v1.24/images/a/push", { method: "POST", body: JSON.stringify(auth) });
  expect(answer.status).toBe(200);
  expect(api.calls[0]!.args[0]).toMatchObject({ auth });
});

test.each([
  ["Bad/push", "must be lowercase"],
  ["a/push?tag=a%20b", "invalid tag format"],
  ["a/push?platform=linux", "invalid platform"],
  ["a/push?platform=%7B%22os%22:%22linux%22%7D", "both OS and Architecture must be specified"],
  ["a/push?compression=xz", "gzip and zstd are supported"],
])("POST /images/%s is refused", async (ask, message) => {
  await using api = startApi(parts);
  const answer = await api.fetch(`/v1.51/images/${ask}`, { method: "POST" });
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(message)]);
  expect(api.calls).toEqual([]);
});
