"""Talks to echo servers on 127.0.0.1 until it gets SIGTERM, then prints how often that failed, as JSON.

Usage: busy-clients.py PORT...
To each port it keeps one connection for its whole life and opens another again and again; each message must come back.
"""
import json, signal, socket, sys, threading, time

ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
counts = {"kept": 0, "opened": 0, "failed": []}
lock = threading.Lock()


def echo(connection, text):
    connection.sendall(text)
    got = b""
    while len(got) < len(text):
        piece = connection.recv(4096)
        if not piece:
            raise OSError("closed by the server")
        got += piece
    if got != text:
        raise OSError("wrong answer")


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def repeat(kind, port, work):
    number = 0
    while not ended.is_set():
        number += 1
        try:
            work(b"%d\n" % number)
            with lock:
                counts[kind] += 1
        except OSError as error:
            with lock:
                counts["failed"].append(f"{kind} {port}: {error}")
            return
        time.sleep(0.02)


def keep(port):
    connection = connect(port)
    repeat("kept", port, lambda text: echo(connection, text))


def open_again(port):
    def once(text):
        with connect(port) as connection:
            echo(connection, text)

    repeat("opened", port, once)


threads = [threading.Thread(target=work, args=[int(port)]) for port in sys.argv[1:] for work in (keep, open_again)]
for thread in threads:
    thread.start()
while not ended.wait(0.05):
    pass
for thread in threads:
    thread.join()
print(json.dumps(counts))
