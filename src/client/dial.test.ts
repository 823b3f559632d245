import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer, type Server } from "node:tls";
import { dial } from "./dial.ts";
import { EngineUnreachable } from "./errors.ts";
import type { Channel, TlsMaterial } from "./types.ts";

const hasOpenssl = Bun.which("openssl") !== null;

async function readAll(channel: Channel): Promise<string> {
  let text = "";
  for (let chunk = await channel.read(); chunk; chunk = await channel.read())
    text += Buffer.from(chunk).toString();
  return text;
}

describe("dial()", () => {
  test("dial() slows a server down whose bytes are not read, and loses none", async () => {
    const total = 32 << 20;
    let sent = 0;
    const server = createTcpServer((socket) => {
      const block = Buffer.alloc(1 << 16);
      const send = () => {
        while (sent < total) {
          sent += block.length;
          if (!socket.write(block)) return socket.once("drain", send);
        }
        return socket.end();
      };
      send();
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const channel = await dial({
      scheme: "tcp",
      host: "127.0.0.1",
      port: (server.address() as AddressInfo).port,
      basePath: "",
    });
    await Bun.sleep(50);
    expect(sent).toBeLessThan(total);
    let received = 0;
    for (let chunk = await channel.read(); chunk; chunk = await channel.read()) received += chunk.byteLength;
    expect(received).toBe(total);
    channel.close();
    server.close();
  });
});

describe.skipIf(!hasOpenssl)("dial() with TLS (needs openssl for a certificate)", () => {
  let directory: string;
  let server: Server;
  let ca: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "dial-"));
    const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
    Bun.spawnSync(
      [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
      ].concat([
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        key,
        "-out",
        cert,
      ]),
    );
    ca = readFileSync(cert, "utf8");
    server = createTlsServer({ key: readFileSync(key), cert: ca, allowHalfOpen: true }, (socket) => {
      socket.on("data", (data) => socket.write(data));
      socket.on("end", () => socket.end("bye"));
      socket.on("error", () => {});
    });
    await new Promise<void>((ready) => server.listen(0, "localhost", ready));
  });
  afterAll(() => {
    server?.close();
    rmSync(directory, { recursive: true });
  });

  const connect = (tls: TlsMaterial) =>
    dial({
      scheme: "tcp",
      host: "localhost",
      port: (server.address() as AddressInfo).port,
      basePath: "",
      tls,
    });

  test("dial() talks to a server that the given authority vouches for, with half-close", async () => {
    const channel = await connect({ verify: true, ca });
    await channel.write(Buffer.from("hello "));
    expect(Buffer.from((await channel.read())!).toString()).toBe("hello ");
    channel.shutdown();
    expect(await readAll(channel)).toBe("bye");
    channel.close();
  });

  test("dial() refuses a server that nobody vouches for", async () => {
    const refused = connect({ verify: true });
    expect(refused).rejects.toBeInstanceOf(EngineUnreachable);
    await refused.catch(() => {});
  });

  test("dial() accepts any server when told not to verify", async () => {
    const channel = await connect({ verify: false });
    await channel.write(Buffer.from("x"));
    expect(Buffer.from((await channel.read())!).toString()).toBe("x");
    channel.close();
  });
});
