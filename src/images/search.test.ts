import { expect, test } from "bun:test";
import { sendJson, startTestRegistry } from "#registry/_testing/registry.ts";
import { splitTerm } from "#registry/search.ts";
import { createTestImages } from "./_testing/store.ts";

const results = [
  { name: "team/a", description: "first", star_count: 3, is_official: false, is_automated: false },
  { name: "b", description: "second", star_count: 50, is_official: true, is_automated: false },
];

async function setUp() {
  const here = createTestImages();
  const index = await startTestRegistry();
  index.fault = (request, response) => {
    if (!request.url!.startsWith("/v1/")) return false;
    sendJson(response, 200, { num_results: 2, query: "x", results });
    return true;
  };
  return {
    index,
    search: (request: object = {}) =>
      here.images.search({ term: `${index.address}/x`, filters: {}, ...request }),
    async [Symbol.asyncDispose]() {
      await here[Symbol.asyncDispose]();
      await index[Symbol.asyncDispose]();
    },
  };
}

test("search() asks the index of the term's host, with what it was given", async () => {
  await using here = await setUp();
  expect(await here.search({ limit: 7, auth: { username: "ann", password: "secret" } })).toEqual(results);
  expect(here.index.requests).toEqual(["GET /v1/_ping", "GET /v1/search?q=x&n=7"]);
  expect(here.index.authorizations).toEqual([undefined, `Basic ${btoa("ann:secret")}`]);
});

test.each([
  [{ "is-official": ["true"] }, ["b"]],
  [{ "is-official": ["false"] }, ["team/a"]],
  [{ "is-automated": ["true"] }, []],
  [{ stars: ["3"] }, ["team/a", "b"]],
  [{ stars: ["4"] }, ["b"]],
])("search() with %j gives %j", async (filters, names) => {
  await using here = await setUp();
  expect((await here.search({ filters })).map(({ name }) => name)).toEqual(names);
});

test.each([
  [{ filters: { color: ["red"] } }, "invalid filter 'color'"],
  [{ filters: { stars: ["many"] } }, "invalid filter 'stars=many'"],
  [{ filters: { "is-official": ["maybe"] } }, "invalid filter 'is-official=[maybe]'"],
  [{ limit: 101 }, "Limit 101 is outside the range of [1, 100]"],
  [{ limit: -1 }, "Limit -1 is outside the range of [1, 100]"],
  [{ term: "https://x/y" }, "repository name (https://x/y) should not have a scheme"],
])("search() refuses %j", async (request, message) => {
  await using here = await setUp();
  await expect(here.search(request)).rejects.toThrow(message);
  expect(here.index.requests).toEqual([]);
});

test("search() tells what an index without search answers, and one that is not there", async () => {
  await using here = await setUp();
  here.index.fault = (_request, response) => response.writeHead(404).end() && true;
  await expect(here.search()).rejects.toThrow("Unexpected status code 404");
  here.index.fault = (_request, response) => response.writeHead(200).end("<html>") && true;
  await expect(here.search()).rejects.toThrow("no JSON");
  const { address } = here.index;
  await here.index[Symbol.asyncDispose]();
  await expect(here.search()).rejects.toThrow(
    `invalid registry endpoint "http://${address}/v1/". HTTPS attempt: Get "https://${address}/v1/_ping": dial tcp ${address}: connect: connection refused. HTTP attempt: Get "http://${address}/v1/_ping": dial tcp ${address}: connect: connection refused`,
  );
});

test.each([
  ["busybox", "index.docker.io", "busybox"],
  ["library/busybox", "index.docker.io", "busybox"],
  ["team/app", "index.docker.io", "team/app"],
  ["docker.io/team/app", "index.docker.io", "team/app"],
  ["localhost/app", "localhost", "app"],
  ["r.io:5000/library/app", "r.io:5000", "library/app"],
])("splitTerm() of %s", (term, host, name) => {
  expect(splitTerm(term)).toEqual({ host, name });
});
