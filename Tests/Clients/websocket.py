"""WebSocket by hand and by library: a server of the `websockets` package, and the bytes of handshakes and frames.

    with EchoServer() as server:
        gateway = start(f"apis: {{ all: {{ routes: {{ $default: {server.url} }} }} }}")
        with connect(gateway) as socket:
            socket.send("hello")
            assert socket.recv() == "hello"
"""

import base64
import hashlib
import struct
import threading

import websockets.sync.client
import websockets.sync.server
from websockets.exceptions import ConnectionClosed

from harness import request, wait_until

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MASK = b"\x01\x02\x03\x04"


def connect(gateway, path="/", **options):
    """A client of the library, connected through a gateway. It pings only when it is asked to."""
    options.setdefault("ping_interval", None)
    options.setdefault("max_size", None)
    return websockets.sync.client.connect(f"ws://127.0.0.1:{gateway.port}{path}", proxy=None, legacy=True, **options)


class EchoServer:
    """A server of the library on a free port. It answers each message with itself, unless `serve` does something else."""

    def __init__(self, serve=None, **options):
        self.serve = serve or self._echo
        self.sockets = []
        self.closed = []
        """The pairs of code and reason with which connections were closed."""
        options.setdefault("ping_interval", None)
        options.setdefault("max_size", None)
        self.server = websockets.sync.server.serve(self._handle, "127.0.0.1", 0, **options)
        self.port = self.server.socket.getsockname()[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def _handle(self, socket):
        self.sockets.append(socket)
        try:
            self.serve(socket)
        except ConnectionClosed:
            pass
        finally:
            socket.close()
            self.closed.append((socket.close_code, socket.close_reason))

    @staticmethod
    def _echo(socket):
        for message in socket:
            socket.send(message)

    def wait_for_closed(self, count=1):
        wait_until(lambda: len(self.closed) >= count, f"{count} closed connections")
        return self.closed

    def close(self):
        self.server.shutdown()
        for socket in self.sockets:
            socket.close_timeout = 0
            socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# By hand


def handshake(*fields, path="/", method="GET", key=KEY, version="13", upgrade="websocket", connection="Upgrade"):
    """The bytes of a handshake's request; `None` leaves a field out."""
    named = {
        "Upgrade": upgrade,
        "Connection": connection,
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": version,
    }
    lines = [f"{name}: {value}" for name, value in named.items() if value is not None]
    return request(method, path, *lines, *fields)


def accept(key=KEY):
    """What a server answers to a key (RFC 6455, 4.2.2)."""
    digest = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    return base64.b64encode(digest).decode()


def switching(*fields, key=KEY):
    """The bytes of an answer that opens the connection; `fields` replaces the usual ones."""
    usual = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept(key)}")
    return "\r\n".join(["HTTP/1.1 101 Switching Protocols", *(fields or usual), "", ""]).encode()


def frame(opcode, payload=b"", mask=MASK, final=True):
    """The bytes of a frame: a client's with a mask, a server's without."""
    head = bytes([(0x80 if final else 0) | opcode])
    bit = 0x80 if mask else 0
    if len(payload) < 126:
        head += bytes([bit | len(payload)])
    elif len(payload) < 65_536:
        head += bytes([bit | 126]) + struct.pack(">H", len(payload))
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", len(payload))
    if not mask:
        return head + payload
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


def read_frame(stream):
    """The next frame of a stream as `(opcode, payload, whether it was masked)`."""
    first, second = stream.read_exactly(2)
    length = second & 0x7F
    if length > 125:
        size = 2 if length == 126 else 8
        length = int.from_bytes(stream.read_exactly(size))
    mask = stream.read_exactly(4) if second & 0x80 else b""
    payload = stream.read_exactly(length)
    if mask:
        payload = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    return first & 0xF, payload, bool(mask)


def code(value):
    """The payload of a Close frame without reason."""
    return struct.pack(">H", value)
