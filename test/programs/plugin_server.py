"""Docker's plugin protocol on a socket, for the plugins of tests."""

import json
import os
import socketserver
from http.server import BaseHTTPRequestHandler


def serve(socket_path, answer):
    """Serves for ever. answer(method, body) gives the reply, an object or plain text, and its status."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply, status = answer(self.path.strip("/"), json.loads(text or b"{}"))
            data = reply.encode() if isinstance(reply, str) else json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.docker.plugins.v1.2+json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def address_string(self):
            return "client"

        def log_message(self, *_):
            pass

    os.makedirs(os.path.dirname(socket_path), exist_ok=True)
    if os.path.exists(socket_path):
        os.unlink(socket_path)
    Server(socket_path, Handler).serve_forever()


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
