import { expect, test } from "bun:test";
import { decodeRegistryAuth } from "./registry-auth.ts";

const auth = { username: "me", password: "?>secret~", serveraddress: "https://r.example:5000" };
const json = Buffer.from(JSON.stringify(auth));

test("decodeRegistryAuth() reads both base64 alphabets, padded or not", () => {
  const forms = [
    json.toString("base64url"),
    json.toString("base64"),
    json.toString("base64").replace(/=+$/, ""),
  ];
  for (const form of forms) expect(decodeRegistryAuth(form)).toEqual(auth);
});

test("decodeRegistryAuth() takes an empty answer for no credentials", () => {
  for (const none of [
    undefined,
    "",
    Buffer.from("{}").toString("base64"),
    Buffer.from("null").toString("base64"),
  ])
    expect(decodeRegistryAuth(none)).toBeUndefined();
});

test("decodeRegistryAuth() reads the capitals older clients write", () => {
  const header = Buffer.from('{"Username":"me","ServerAddress":"r"}').toString("base64");
  expect(decodeRegistryAuth(header)).toEqual({ username: "me", serveraddress: "r" });
});

test("decodeRegistryAuth() refuses what is none, without repeating it", () => {
  for (const bad of ["{}", "c2VjcmV0", "a b"]) {
    const work = () => decodeRegistryAuth(bad);
    expect(work).toThrow("invalid X-Registry-Auth header");
    expect(work).not.toThrow("secret");
  }
});
