import { expect, test } from "bun:test";
import { basicAuthorization, credentialsOf } from "./credentials.ts";

test("credentialsOf() prefers tokens to passwords", () => {
  expect(credentialsOf({ registrytoken: "r", identitytoken: "i", username: "u", password: "p" })).toEqual({
    kind: "registryToken",
    token: "r",
  });
  expect(credentialsOf({ identitytoken: "i", username: "u" })).toEqual({
    kind: "identity",
    username: "u",
    token: "i",
  });
});

test("credentialsOf() reads the auth field, also one padded with zeros, and passwords with colons", () => {
  const auth = Buffer.from("ann:se:cret\0").toString("base64");
  expect(credentialsOf({ auth })).toEqual({ kind: "password", username: "ann", password: "se:cret" });
  expect(() => credentialsOf({ auth: "AAAA" })).toThrow("invalid registry credentials");
});

test("credentialsOf() is anonymous where nothing was given", () => {
  expect(credentialsOf(undefined)).toEqual({ kind: "anonymous" });
  expect(credentialsOf({ serveraddress: "x" })).toEqual({ kind: "anonymous" });
});

test("basicAuthorization() encodes names beyond ASCII as UTF-8", () => {
  expect(basicAuthorization("ü", "p")).toBe(`Basic ${Buffer.from("ü:p").toString("base64")}`);
});
