/** Log endpoints that have a say: TLS with certificates of both sides, and Fluentd's acknowledgements. */
import { expect, test } from "bun:test";
import { startLogPeer } from "../helpers/log-endpoint.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);

/** An authority and what it signed: for this host by name, for its address, and for another host. */
async function makeCertificates(directory: string): Promise<void> {
  const sign = (name: string, san: string) =>
    `openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${name}.key -out ${name}.csr -subj /CN=${name} && echo subjectAltName=${san} >${name}.ext && openssl x509 -req -in ${name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out ${name}.crt -extfile ${name}.ext`;
  const script = [
    `mkdir -p ${directory} && cd ${directory}`,
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -subj /CN=ca -days 2",
    sign("name", "DNS:localhost"),
    sign("address", "IP:127.0.0.1"),
    sign("other", "DNS:elsewhere.example"),
  ].join(" && ");
  await daemon().machine.text(["sh", "-c", script]);
}

test.skipIf(!Bun.which("openssl"))(
  "syslog over TLS (needs openssl): both sides show certificates, and a stranger gets no line",
  async () => {
    const { machine } = daemon();
    const files = `${machine.directory}/tls`;
    await makeCertificates(files);
    const server = (name: string, port: number) =>
      startLogPeer(machine, "tls", `127.0.0.1:${port}`, [
        `${files}/${name}.crt`,
        `${files}/${name}.key`,
        `${files}/ca.crt`,
      ]);
    await using byName = await server("name", 6514);
    await using byAddress = await server("address", 6515);
    await using stranger = await server("other", 6516);
    const run = (name: string, address: string, ...options: string[]) =>
      docker(
        ...["run", "-d", "--name", name, "--log-driver", "syslog"],
        ...["--log-opt", `syslog-address=tcp+tls://${address}`, "--log-opt", `tag=${name}`],
        ...["--log-opt", `syslog-tls-ca-cert=${files}/ca.crt`],
        ...options.flatMap((option) => ["--log-opt", option]),
        ...["busybox", "sh", "-c", "echo first; echo ängstlich >&2; echo last; exec sleep 1000"],
      );
    const own = [`syslog-tls-cert=${files}/address.crt`, `syslog-tls-key=${files}/address.key`];
    await run("named", "localhost:6514", "syslog-format=rfc5424", ...own);
    await run("numbered", "127.0.0.1:6515", "syslog-format=rfc3164", ...own);
    await run("strange", "127.0.0.1:6516", ...own);
    await run("unknown", "localhost:6514");
    // RFC 5425: each message's length in bytes stands before it.
    await byName.receives("named - last\n");
    const framed = await byName.receives("named - ängstlich\n"); // the other stream has an order of its own
    const [, length, message] = /^(\d+) (<27>1 .*named - ängstlich\n)/m.exec(framed)!;
    expect(Buffer.byteLength(message!)).toBe(Number(length));
    expect(await byAddress.receives("]: last\n")).toMatch(/^<30>.* numbered\[\d+\]: first$/m);
    const told = await until(
      "told",
      () => daemon().log(),
      (log) => log.includes("not in the cert's list") || log.includes("altnames"),
    );
    expect(told).toContain("log endpoint takes no lines; they are kept");
    await byName.receives("refused\n");
    expect(await stranger.received()).not.toContain("first");
    expect(await byName.received()).not.toContain("unknown");
    expect(await docker("logs", "strange")).toContain("last");
    await docker("rm", "-f", "named", "numbered", "strange", "unknown");
  },
);

test("fluentd: lines that were not acknowledged come again, in order and whole", async () => {
  const { machine } = daemon();
  await using peer = await startLogPeer(machine, "forward", "127.0.0.1:24224");
  const options = ["fluentd-request-ack=true", "fluentd-sub-second-precision=true", "tag=acked"];
  await docker(
    ...["run", "-d", "--name", "acked", "--log-driver", "fluentd"],
    ...options.flatMap((option) => ["--log-opt", option]),
    ...[
      "busybox",
      "sh",
      "-c",
      "seq 1 500; head -c 20000 /dev/zero | tr '\\0' z; echo; echo 'ängstlich'; exec sleep 1000",
    ],
  );
  const text = await peer.receives('"log": "ängstlich"');
  expect(text).toStartWith("dropped\n");
  const records = text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const numbers = records.map(({ log }) => Number(log)).filter((number) => number > 0);
  expect([...new Set(numbers)]).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
  expect(records[0]).toMatchObject({
    tag: "acked",
    container_name: "/acked",
    source: "stdout",
    time: [expect.any(Number), expect.any(Number)],
  });
  const parts = records.filter(({ partial_message }) => partial_message === "true");
  const whole = new Map(parts.map((part) => [part.partial_ordinal, String(part.log)]));
  expect([...whole.values()].join("")).toBe("z".repeat(20_000));
  await docker("rm", "-f", "acked");
});

testNothingIsLeft(daemon);
