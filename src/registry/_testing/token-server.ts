/** A token server for docker-registry: signs what is asked for when the password is right. */
import { createPrivateKey, sign, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface TokenServer extends AsyncDisposable {
  /** "http://127.0.0.1:41000/token" */
  readonly realm: string;
  /** Queries, in the order they came. */
  readonly requests: string[];
}

export interface TokenServerOptions {
  readonly certificate: string;
  readonly key: string;
  readonly service: string;
  readonly username: string;
  readonly password: string;
}

const LIFETIME_SECONDS = 300;

/** Strangers get tokens without rights. */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const requests: string[] = [];
  const known = `Basic ${btoa(`${options.username}:${options.password}`)}`;
  const server = createServer((request, response) => {
    const url = new URL(request.url!, "http://x");
    requests.push(url.search);
    const { authorization } = request.headers;
    if (authorization !== undefined && authorization !== known) {
      response.writeHead(401).end("{}");
      return;
    }
    const scopes = authorization ? url.searchParams.getAll("scope") : [];
    const body = {
      token: tokenFor(scopes, options),
      expires_in: LIFETIME_SECONDS,
      refresh_token: "identity",
    };
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function tokenFor(scopes: readonly string[], { certificate, key, service }: TokenServerOptions): string {
  const now = Math.floor(Date.now() / 1000);
  const chain = [new X509Certificate(readFileSync(certificate)).raw.toString("base64")];
  const access = scopes.map((scope) => {
    const [type, name, actions] = scope.split(":") as [string, string, string];
    return { type, name, actions: actions.split(",") };
  });
  const claims = {
    iss: "test",
    sub: "ann",
    aud: service,
    nbf: now - 5,
    iat: now,
    exp: now + LIFETIME_SECONDS,
    access,
  };
  const encode = (value: object) => Buffer.from(JSON.stringify({ ...value })).toString("base64url");
  const signed = `${encode({ typ: "JWT", alg: "ES256", x5c: chain })}.${encode(claims)}`;
  const privateKey = createPrivateKey(readFileSync(key));
  const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}
