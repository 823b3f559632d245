import { encodeName, setU16 } from "./message.ts";

/** Names of ports that containers commonly serve, as IANA has them; all others are asked for by number. */
const PORTS: Readonly<Record<string, readonly number[]>> = {
  amqp: [5672],
  domain: [53],
  "etcd-client": [2379],
  ftp: [21],
  http: [80],
  "http-alt": [8080],
  https: [443],
  imap: [143],
  ldap: [389],
  memcache: [11211],
  mongodb: [27017],
  mqtt: [1883],
  mysql: [3306],
  nfs: [2049],
  postgresql: [5432],
  redis: [6379],
  smtp: [25],
  ssh: [22],
  submission: [587],
  syslog: [514],
};

export interface Service {
  readonly ports: readonly number[];
  readonly protocol: string;
  /** Whose: "web". */
  readonly host: string;
}

/** Pure: "_http._tcp.web", or "_8080._tcp.web" (RFC 2782); undefined: no name of a service. */
export function serviceOf(name: string): Service | undefined {
  const [, service, protocol, host] = /^_([a-z0-9-]+)\._(tcp|udp|sctp)\.(.+)$/.exec(name) ?? [];
  if (service === undefined) return undefined;
  const ports = /^\d{1,5}$/.test(service)
    ? [Number(service)]
    : Object.hasOwn(PORTS, service)
      ? PORTS[service]!
      : [];
  return { ports, protocol: protocol!, host: host! };
}

/** A SRV record's content: all servers are as good. Undefined for a name that DNS does not take. */
export function encodeService(port: number, server: string): Uint8Array | undefined {
  const name = encodeName(server);
  if (!name) return undefined;
  const record = new Uint8Array(6 + name.length);
  setU16(record, 4, port); // behind priority and weight
  record.set(name, 6);
  return record;
}
