import { describe, expect, test } from "bun:test";
import { Router } from "./router.ts";

const router = new Router(
  [
    "GET /images/json",
    "GET /images/get",
    "GET /images/{name...}/json",
    "GET /images/{name...}/get",
    "DELETE /images/{name...}",
    "GET /containers/json",
    "POST /containers/create",
    "GET /containers/{id}/json",
    "DELETE /containers/{id}",
    "GET /containers/{id}/attach/ws",
    "DELETE /containers/{id}/checkpoints/{checkpoint}",
  ].map((text) => {
    const [method, path] = text.split(" ") as [string, string];
    return { method, path };
  }),
);

const rows: { ask: string; path: string; params: Record<string, string> }[] = [
  { ask: "GET /containers/json", path: "/containers/json", params: {} },
  { ask: "GET /containers/web/json", path: "/containers/{id}/json", params: { id: "web" } },
  { ask: "GET /containers/json/json", path: "/containers/{id}/json", params: { id: "json" } },
  { ask: "DELETE /containers/create", path: "/containers/{id}", params: { id: "create" } },
  {
    ask: "DELETE /containers/a/checkpoints/b",
    path: "/containers/{id}/checkpoints/{checkpoint}",
    params: { id: "a", checkpoint: "b" },
  },
  { ask: "GET /images/get", path: "/images/get", params: {} },
  {
    ask: "GET /images/r.io:5000/a/b:1/json",
    path: "/images/{name...}/json",
    params: { name: "r.io:5000/a/b:1" },
  },
  { ask: "GET /images/json/json", path: "/images/{name...}/json", params: { name: "json" } },
  { ask: "GET /images/a/json/get", path: "/images/{name...}/get", params: { name: "a/json" } },
  { ask: "DELETE /images/a/json", path: "/images/{name...}", params: { name: "a/json" } },
];

describe("Router.find()", () => {
  for (const { ask, path, params } of rows)
    test(`takes ${ask} to ${path}`, () => {
      const [method, asked] = ask.split(" ") as [string, string];
      const found = router.find(method, asked);
      expect(found?.route.path).toBe(path);
      expect(found?.params).toEqual(params);
    });

  for (const ask of [
    "GET /",
    "GET /nope",
    "PUT /containers/json",
    "GET /containers",
    "GET /containers/a/b/json",
    "DELETE /images",
  ])
    test(`finds nothing for ${ask}`, () => {
      const [method, asked] = ask.split(" ") as [string, string];
      expect(router.find(method, asked)).toBeUndefined();
    });
});
