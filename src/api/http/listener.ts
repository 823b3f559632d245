/** Listening sockets: UNIX paths, TCP addresses and descriptors handed over by systemd, each plain or with TLS. */
import type { ListenAddress, TlsFiles } from "../types.ts";
import { PeerSocket, type RawSocket } from "./socket.ts";

export interface Listener {
  /** The TCP port; useful when it was asked for as 0. */
  readonly port: number | undefined;
  /** Accepts no more; open connections live on. */
  stop(): void;
}

/**
 * @param onConnection called once per connection, with TLS after the peer has proved who it is
 * @throws the system's error (EADDRINUSE, EACCES, …) when the address cannot be bound
 */
export function listen(
  address: ListenAddress,
  tls: TlsFiles | undefined,
  onConnection: (socket: PeerSocket) => void,
): Listener {
  const options = {
    ...whereOf(address),
    ...(tls ? { tls: tlsOptions(tls) } : {}),
    allowHalfOpen: true,
    socket: eventsOf(onConnection, tls),
  };
  // The type of `tls` and `fd` listeners is missing from Bun's declarations; both are documented and tested here.
  const server = Bun.listen<PeerSocket | undefined>(
    options as unknown as Bun.UnixSocketOptions<PeerSocket | undefined>,
  );
  const { port } = server as unknown as { readonly port?: number };
  return { port, stop: () => server.stop(false) };
}

function whereOf(address: ListenAddress): object {
  if ("unix" in address) return { unix: address.unix };
  if ("fd" in address) return { fd: address.fd };
  return { hostname: address.host, port: address.port };
}

function tlsOptions(files: TlsFiles): object {
  const { certificate, key, clientCa } = files;
  return {
    cert: certificate,
    key,
    ...(clientCa ? { ca: clientCa, requestCert: true, rejectUnauthorized: true } : {}),
  };
}

function eventsOf(onConnection: (socket: PeerSocket) => void, tls: TlsFiles | undefined) {
  const accept = (raw: RawSocket) => {
    const socket = new PeerSocket(raw, !tls);
    raw.data = socket;
    onConnection(socket);
  };
  return {
    open(raw: RawSocket) {
      if (!tls) accept(raw);
    },
    handshake(raw: RawSocket, isDone: boolean) {
      if (isDone && (!tls?.clientCa || raw.authorized)) accept(raw);
      else raw.terminate();
    },
    data(raw: RawSocket, chunk: Buffer) {
      raw.data?.receive(chunk);
    },
    drain(raw: RawSocket) {
      raw.data?.drain();
    },
    end(raw: RawSocket) {
      raw.data?.peerEnded();
    },
    timeout(raw: RawSocket) {
      raw.data?.destroy();
    },
    close(raw: RawSocket) {
      raw.data?.peerClosed();
    },
    error(raw: RawSocket, error: Error) {
      raw.data?.destroy(error);
    },
  };
}
