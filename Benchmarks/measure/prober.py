"""A good client: asks for one thing after the other, with a rest between, and tells how long each answer took.

    prober.py {http,https,h2} PORT SECONDS

Prints a JSON object: `answers`, `seconds`, `p99_ms`, `longest_ms`, and `failed`, what went wrong. A load generator that
keeps many connections busy measures its own bursts, too; this is for what a single client notices.
"""
import json
import os
import socket
import ssl
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Tests/Clients"))

import frames

REST = 0.005
# Requests on a connection before the next one is opened: good clients come and go, too.
TURNS = 1_000
PATIENCE = 10


class OverHTTP1:
    """HTTP/1.1, in TLS or not."""

    def __init__(self, port: int, tls: bool):
        self._socket = connect(port, ["http/1.1"] if tls else None)

    def ask(self) -> None:
        self._socket.sendall(b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n")
        received = b""
        while b"\r\n\r\n" not in received:
            received += receive(self._socket)
        head, body = received.split(b"\r\n\r\n", 1)
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        while len(body) < int(fields[b"content-length"]):
            body += receive(self._socket)
        if not head.startswith(b"HTTP/1.1 200"):
            raise OSError(head.split(b"\r\n")[0].decode())

    def close(self) -> None:
        self._socket.close()


class OverHTTP2:
    """HTTP/2 in TLS, a stream at a time."""

    def __init__(self, port: int):
        self._socket = connect(port, ["h2"])
        self._stream, self._unread = -1, b""
        self._socket.sendall(frames.PREFACE + frames.settings() + frames.window_update(0, 1 << 30))

    def ask(self) -> None:
        self._stream += 2
        self._socket.sendall(frames.get(self._stream))
        while True:
            self._unread += receive(self._socket)
            read, self._unread = frames.parse(self._unread)
            for frame in read:
                if frame.kind == frames.SETTINGS and not frame.flags & frames.ACK:
                    self._socket.sendall(frames.frame(frames.SETTINGS, frames.ACK))
                # 0x88 is `:status: 200` (RFC 7541, appendix A).
                if frame.kind == frames.HEADERS and frame.payload[:1] != b"\x88":
                    raise OSError("not answered with 200")
                if frame.kind in (frames.GOAWAY, frames.RST_STREAM):
                    raise OSError(frames.error(frame))
                if frame.kind in (frames.DATA, frames.HEADERS) and frame.flags & frames.END_STREAM:
                    return

    def close(self) -> None:
        self._socket.close()


OPEN = {
    "http": lambda port: OverHTTP1(port, tls=False),
    "https": lambda port: OverHTTP1(port, tls=True),
    "h2": OverHTTP2,
}


def connect(port: int, protocols: list[str] | None) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", port), PATIENCE)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not protocols:
        return plain
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(protocols)
    return context.wrap_socket(plain, server_hostname="localhost")


def receive(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise OSError("closed")
    return data


def probe(protocol: str, port: int, seconds: float) -> dict:
    took, failed, client, began = [], [], None, time.monotonic()
    while time.monotonic() < began + seconds:
        try:
            client = client or OPEN[protocol](port)
            start = time.perf_counter()
            client.ask()
            took.append(time.perf_counter() - start)
            is_over = len(took) % TURNS == 0
        except (OSError, ValueError, KeyError) as error:
            failed.append(f"{type(error).__name__}: {error}")
            is_over = True
        if client and is_over:
            client.close()
            client = None
        time.sleep(REST)
    took.sort()
    p99, longest = (took[len(took) * 99 // 100], took[-1]) if took else (float("nan"), float("nan"))
    return {
        "answers": len(took), "seconds": time.monotonic() - began, "p99_ms": p99 * 1e3, "longest_ms": longest * 1e3,
        "failed": failed,
    }


if __name__ == "__main__":
    json.dump(probe(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])), sys.stdout)
