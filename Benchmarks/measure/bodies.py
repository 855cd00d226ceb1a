"""Memory while bodies larger than it pass through."""
import socket
import threading
import time

from measure import process
from measure.bench import Bench
from measure.figure import Measured
from measure.server import Server

BODY_BYTES = 1 << 30
BLOCK = bytes(256 * 1024)


def large(bench: Bench) -> Measured:
    gateway = bench.gateway_by_flag(_streaming_backend())
    for transfer in (_upload, _download):
        transfer(gateway.port, len(BLOCK))
    process.reset_peak(gateway.pid)
    before = process.resident_bytes(gateway.pid)
    rates = []
    for name, transfer in (("up", _upload), ("down", _download)):
        began = time.monotonic()
        transfer(gateway.port, BODY_BYTES)
        rates.append(f"{name} {BODY_BYTES / (1 << 20) / (time.monotonic() - began):.0f} MiB/s")
    grown = process.peak_bytes(gateway.pid) - before
    return Measured(grown / (1 << 20), ", ".join(rates))


def _upload(port: int, size: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(b"POST /sink HTTP/1.1\r\nHost: bench\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // len(BLOCK)):
            connection.sendall(BLOCK)
        head, _ = _read_head(connection)
        if f"X-Received: {size}".lower() not in head.lower():
            raise RuntimeError(f"the upload did not arrive whole: {head.splitlines()[0]}")


def _download(port: int, size: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(b"GET /source/%d HTTP/1.1\r\nHost: bench\r\n\r\n" % size)
        head, received = _read_head(connection)
        _drain(connection, size - received)
        if " 200 " not in head.splitlines()[0]:
            raise RuntimeError(f"the download failed: {head.splitlines()[0]}")


def _streaming_backend() -> Server:
    """A backend in this process: swallows what is sent to it, and sends as much as the path asks for."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener,), daemon=True).start()
    return Server("streaming backend", listener.getsockname()[1], 0)


def _accept(listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection,), daemon=True).start()


def _serve(connection: socket.socket) -> None:
    try:
        while True:
            head, received = _read_head(connection)
            method, path = head.split(" ", 2)[:2]
            fields = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:])
            if method == "POST":
                size = int(fields["content-length"])
                _drain(connection, size - received)
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Received: %d\r\nContent-Length: 0\r\n\r\n" % size)
            else:
                size = int(path.rsplit("/", 1)[1])
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
                for _ in range(size // len(BLOCK)):
                    connection.sendall(BLOCK)
    except (OSError, ValueError):
        connection.close()


def _read_head(connection: socket.socket) -> tuple[str, int]:
    """The next head, and how many bytes of the body came with it."""
    data = b""
    while b"\r\n\r\n" not in data:
        block = connection.recv(65536)
        if not block:
            raise ConnectionError("the peer closed before its head was whole")
        data += block
    head, body = data.split(b"\r\n\r\n", 1)
    return head.decode("latin-1"), len(body)


def _drain(connection: socket.socket, size: int) -> None:
    buffer = bytearray(len(BLOCK))
    while size > 0:
        received = connection.recv_into(buffer, min(size, len(buffer)))
        if received == 0:
            raise ConnectionError("the peer closed in the middle of a body")
        size -= received
