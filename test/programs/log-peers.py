"""Log endpoints that answer. `tls ADDRESS OUTPUT CERTIFICATE KEY CA` wants a client's certificate; `forward ADDRESS OUTPUT`
speaks Fluentd's protocol, and hangs up instead of acknowledging each first message of a connection's pair."""
import json
import socket
import ssl
import struct
import sys
import threading

kind, address, output = sys.argv[1:4]
out = open(output, "ab", buffering=0)


def unpack(read):
    """One value of MessagePack; `read` gives exactly so many bytes, or raises EOFError."""
    first = read(1)[0]

    def number(form):
        return struct.unpack(">" + form, read(struct.calcsize(form)))[0]

    def text(length):
        return read(length).decode("utf-8", "replace")

    if first < 0x80:
        return first
    if first < 0x90:
        return {unpack(read): unpack(read) for _ in range(first & 15)}
    if first < 0xA0:
        return [unpack(read) for _ in range(first & 15)]
    if first < 0xC0:
        return text(first & 31)
    if first in (0xC2, 0xC3):
        return first == 0xC3
    if first in (0xCC, 0xCD, 0xCE, 0xCF):
        return number("BHIQ"[first - 0xCC])
    if first == 0xD7:
        kind, seconds, nanos = struct.unpack(">bII", read(9))
        assert kind == 0
        return [seconds, nanos]
    if first in (0xD9, 0xDA, 0xDB):
        return text(number("BHI"[first - 0xD9]))
    if first in (0xDC, 0xDD):
        return [unpack(read) for _ in range(number("HI"[first - 0xDC]))]
    if first in (0xDE, 0xDF):
        return {unpack(read): unpack(read) for _ in range(number("HI"[first - 0xDE]))}
    raise ValueError(f"byte {first:#x}")


def pack_text(value):
    data = value.encode()
    return bytes([0xD9, len(data)]) + data


messages = 0


def forward(connection):
    global messages
    stream = connection.makefile("rb")

    def read(length):
        data = stream.read(length)
        if len(data) < length:
            raise EOFError
        return data

    while True:
        tag, entries, *rest = unpack(read)
        messages += 1
        chunk = rest[0].get("chunk") if rest else None
        if chunk and messages % 2 == 1:
            out.write(b"dropped\n")
            connection.shutdown(socket.SHUT_RDWR)
            return
        for time, record in entries:
            out.write(json.dumps({"tag": tag, "time": time, **record}, ensure_ascii=False).encode() + b"\n")
        if chunk:
            connection.sendall(b"\x81" + pack_text("ack") + pack_text(chunk))


def plain(connection):
    while piece := connection.recv(65536):
        out.write(piece)


def serve(connection):
    try:
        if kind == "forward":
            return forward(connection)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=sys.argv[6])
        context.load_cert_chain(sys.argv[4], sys.argv[5])
        context.verify_mode = ssl.CERT_REQUIRED
        plain(context.wrap_socket(connection, server_side=True))
    except (EOFError, OSError) as error:
        if isinstance(error, ssl.SSLError):
            out.write(b"refused\n")


host, port = address.rsplit(":", 1)
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((host, int(port)))
server.listen(16)
print("ready", flush=True)
while True:
    accepted, _ = server.accept()
    threading.Thread(target=serve, args=(accepted,), daemon=True).start()
