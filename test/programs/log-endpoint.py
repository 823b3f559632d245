"""Where logs are sent in tests: listens, and writes what comes to a file. KIND ADDRESS OUTPUT."""
import os
import socket
import sys
import threading

kind, address, output = sys.argv[1:4]
out = open(output, "ab", buffering=0)


def host_port():
    host, port = address.rsplit(":", 1)
    return host, int(port)


def serve_http(connection):
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return
            data += piece
        head, data = data.split(b"\r\n\r\n", 1)
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(data) < length:
            data += connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        out.write(head.split(b"\r\n")[0] + b"\n" + data[:length] + b"\n")
        data = data[length:]


def serve_stream(connection):
    while True:
        piece = connection.recv(65536)
        if not piece:
            return
        out.write(piece)


if kind in ("udp", "unixgram"):
    if kind == "udp":
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(host_port())
    else:
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        os.makedirs(os.path.dirname(address), exist_ok=True)
        if os.path.exists(address):
            os.unlink(address)
        server.bind(address)
    print("ready", flush=True)
    while True:
        out.write(server.recv(65536) + b"\n")

if kind == "unix":
    if os.path.exists(address):
        os.unlink(address)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(address)
else:
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(host_port())
server.listen(16)
print("ready", flush=True)
while True:
    connection, _ = server.accept()
    serve = serve_http if kind == "http" else serve_stream
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
