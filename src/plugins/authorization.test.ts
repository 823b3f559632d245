import { describe, expect, test } from "bun:test";
import { Internal, PermissionDenied } from "#base/errors.ts";
import { createAuthorization } from "./authorization.ts";
import type { RequestFacts } from "./types.ts";

const REQUEST: RequestFacts = {
  user: "",
  certificate: undefined,
  method: "POST",
  uri: "/v1.43/volumes/create",
  headers: { "Content-Type": "application/json" },
  body: Buffer.from("{}"),
};

/** Plugins that answer as their name says. */
function chain(...names: string[]) {
  const asked: { name: string; method: string; body: unknown }[] = [];
  const authorization = createAuthorization(
    {
      async call({ name }, method, body) {
        asked.push({ name, method, body });
        if (name === "fails") throw new Internal("AuthZPlugin.AuthZReq: no disk");
        return name.startsWith("says ") ? JSON.parse(name.slice("says ".length)) : { Allow: true };
      },
    },
    () => names,
  );
  return { asked, authorization };
}

describe("createAuthorization()", () => {
  test("asks in order, in Docker's form", async () => {
    const { asked, authorization } = chain("one", "two");
    await authorization.checkRequest({ ...REQUEST, user: "ann", certificate: "PEM" });
    const question = {
      User: "ann",
      UserAuthNMethod: "TLS",
      RequestMethod: "POST",
      RequestUri: "/v1.43/volumes/create",
      RequestBody: "e30=",
      RequestHeaders: { "Content-Type": "application/json" },
      RequestPeerCertificates: ["UEVN"],
    };
    expect(asked).toEqual([
      { name: "one", method: "AuthZPlugin.AuthZReq", body: question },
      { name: "two", method: "AuthZPlugin.AuthZReq", body: question },
    ]);
    await authorization.checkAnswer(REQUEST, { status: 201, headers: { A: "b" }, body: Buffer.from("ok") });
    expect(asked[2]).toEqual({
      name: "one",
      method: "AuthZPlugin.AuthZRes",
      body: {
        RequestMethod: "POST",
        RequestUri: "/v1.43/volumes/create",
        RequestBody: "e30=",
        RequestHeaders: { "Content-Type": "application/json" },
        ResponseStatusCode: 201,
        ResponseBody: "b2s=",
        ResponseHeaders: { A: "b" },
      },
    });
  });

  const NOS = [
    { says: '{"Allow":false,"Msg":"not you"}', text: "not you" },
    { says: '{"Allow":false}', text: "" },
    { says: '{"Allow":"true"}', text: "" },
    { says: '{"allow":1,"Msg":["x"]}', text: "" },
    { says: "{}", text: "" },
  ];
  for (const { says, text } of NOS)
    test(`takes ${says} for a no, and asks no further plugin`, async () => {
      const { asked, authorization } = chain("one", `says ${says}`, "two");
      const denial = await authorization.checkRequest(REQUEST).catch((error) => error);
      expect(denial).toBeInstanceOf(PermissionDenied);
      expect(denial.message).toBe(`authorization denied by plugin says ${says}: ${text}`);
      expect(asked).toHaveLength(2);
    });

  test("closes the door when a plugin fails", async () => {
    const { authorization } = chain("fails");
    await expect(authorization.checkRequest(REQUEST)).rejects.toThrow(
      "plugin fails failed with error: AuthZPlugin.AuthZReq: no disk",
    );
  });

  test("is off without plugins", () => {
    expect(chain().authorization.isOn).toBe(false);
    expect(chain("one").authorization.isOn).toBe(true);
  });
});
