"""HTTP/2 frames by hand (RFC 9113), also such as no client may send.

`h2` refuses to make most of what an attacker sends, so the bytes are put together here.
"""

import struct
from typing import NamedTuple

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
INITIAL_WINDOW_SIZE = 4
CANCEL = 8
ERRORS = [
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
    "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
]  # fmt: skip


class Frame(NamedTuple):
    """A frame that was read."""

    kind: int
    flags: int
    stream: int
    payload: bytes


def frame(kind, flags=0, stream=0, payload=b""):
    """A frame of any kind; nothing is checked."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(*pairs):
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", *pair) for pair in pairs))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def rst_stream(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def get(stream, path="/"):
    """A whole GET request."""
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, field_section("GET", path))


def post(stream, path="/"):
    """The head of a POST request whose body follows."""
    return frame(HEADERS, END_HEADERS, stream, field_section("POST", path))


def field_section(method="GET", path="/", scheme="http", authority="bench"):
    """A request's pseudo-header fields in HPACK, as literals that enter no table."""
    pairs = [(":method", method), (":scheme", scheme), (":path", path), (":authority", authority)]
    return b"".join(field(name, value) for name, value in pairs)


def field(name, value, indexed=False):
    """A field line in HPACK as a literal without Huffman code (RFC 7541, 6.2); `indexed` enters it into the table."""
    return (b"\x40" if indexed else b"\x00") + _text(name) + _text(value)


def _text(text):
    data = text.encode()
    if len(data) < 127:
        return bytes([len(data)]) + data
    length, rest = b"\x7f", len(data) - 127
    while rest > 127:
        length += bytes([rest & 127 | 128])
        rest >>= 7
    return length + bytes([rest]) + data


def parse(data):
    """The whole frames that `data` begins with, and the bytes that are left."""
    read, position = [], 0
    while position + 9 <= len(data):
        end = position + 9 + int.from_bytes(data[position : position + 3], "big")
        if end > len(data):
            break
        kind, flags, stream = struct.unpack(">BBI", data[position + 3 : position + 9])
        read.append(Frame(kind, flags, stream & 0x7FFF_FFFF, data[position + 9 : end]))
        position = end
    return read, data[position:]


def error(frame):
    """The name of the error code of a GOAWAY or RST_STREAM frame."""
    code = int.from_bytes(frame.payload[4:8] if frame.kind == GOAWAY else frame.payload[:4], "big")
    return ERRORS[code] if code < len(ERRORS) else str(code)
