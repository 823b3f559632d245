import { fields, text } from "./kinds.ts";

export const AuthConfigSchema = fields({
  username: text,
  password: text,
  auth: text,
  email: text,
  serveraddress: text,
  identitytoken: text,
  registrytoken: text,
});
