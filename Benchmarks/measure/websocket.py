"""Memory of tunnelled WebSocket connections."""
import base64
import hashlib
import selectors
import socket
import threading
import time

from measure import process
from measure.bench import Bench
from measure.figure import Measured
from measure.server import HTTP1, Server

PAIRS = 2_000
PER_ADDRESS = 40
KEY = base64.b64encode(b"sixteen bytes ok").decode()
# RFC 6455, section 1.3.
SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
ACCEPT = base64.b64encode(hashlib.sha1((KEY + SUFFIX).encode()).digest()).decode()
# A masked text frame of a client (the mask is zero), and the same text from the server.
QUESTION, ANSWER = b"\x81\x85\0\0\0\0hello", b"\x81\x05hello"


def tunnels(bench: Bench) -> Measured:
    """Both sockets of a pair, the client's and the backend's, belong to the gateway."""
    gateway = bench.gateway(_backend(), HTTP1)
    first = [_tunnel(gateway.port, 0) for _ in range(PER_ADDRESS)]
    time.sleep(0.5)
    before = process.resident_bytes(gateway.pid)
    held = [_tunnel(gateway.port, 1 + number // PER_ADDRESS) for number in range(PAIRS)]
    time.sleep(1)
    grown = process.resident_bytes(gateway.pid) - before
    lost = sum(not _echoes(connection) for connection in first + held)
    broken = [f"{lost} tunnels were closed"] if lost else []
    return Measured(grown / PAIRS, f"{PAIRS} tunnels after one message each way", broken)


def _tunnel(port: int, address: int) -> socket.socket:
    source = (f"127.1.{address // 250}.{address % 250 + 1}", 0)
    connection = socket.create_connection(("127.0.0.1", port), 10, source_address=source)
    connection.sendall(
        b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY.encode() + b"\r\n\r\n"
    )
    answer = connection.recv(65536)
    if not answer.startswith(b"HTTP/1.1 101") or ACCEPT.encode() not in answer:
        raise RuntimeError(f"no tunnel: {answer[:200]!r}")
    if not _echoes(connection):
        raise RuntimeError("a tunnel does not carry a message")
    return connection


def _echoes(connection: socket.socket) -> bool:
    try:
        connection.sendall(QUESTION)
        return connection.recv(65536) == ANSWER
    except OSError:
        return False


def _backend() -> Server:
    """A backend in this process that takes every handshake and answers each block of bytes with the same text."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    threading.Thread(target=_serve, args=(listener,), daemon=True).start()
    return Server("websocket backend", listener.getsockname()[1], 0)


def _serve(listener: socket.socket) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is listener:
                    connection, _ = listener.accept()
                    selector.register(connection, selectors.EVENT_READ)
                elif not _answered(key.fileobj):
                    selector.unregister(key.fileobj)
                    key.fileobj.close()


def _answered(connection: socket.socket) -> bool:
    try:
        data = connection.recv(65536)
        if data.startswith(b"GET "):
            head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            connection.sendall(f"{head}Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n".encode())
        elif data:
            connection.sendall(ANSWER)
        return data != b""
    except OSError:
        return False
