"""Clients that keep a gateway busy over HTTP/2 and remember everything that went wrong."""

import socket
import ssl
import threading

import frames

PATIENCE = 10.0


class HTTP2Load:
    """So many clients, each with a connection and so many requests under way, until the end of the block.

    When a GOAWAY comes, what it leaves out is asked for again on a new connection, as RFC 9113, section 6.8 allows, and
    the rest is awaited. Everything else that is not a 200 is a failure. With `in_tls`, HTTP/2 is agreed upon by ALPN.
    """

    def __init__(self, port, clients=2, streams=10, in_tls=False):
        self.port = port
        self.streams = streams
        self.context = _context() if in_tls else None
        self.count = 0
        self.connections = 0
        self.failures = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _run(self):
        while not self._ended.is_set():
            answered, failure = 0, None
            try:
                with _Connection(self.port, self.context) as connection:
                    answered, failure = connection.ask(self.streams, self._ended)
            except OSError as error:
                failure = repr(error)
            with self._lock:
                self.count += answered
                self.connections += 1
                if failure:
                    self.failures.append(failure)


class _Connection:
    def __init__(self, port, context):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.scheme = "https" if context else "http"
        self.waiting = set()
        self.next = 1
        self.answered = 0
        self.last = None
        """The last stream that is served, once a GOAWAY has said it."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, streams, ended):
        """Asks until `ended` or until the gateway says GOAWAY: how many were answered, and what failed."""
        widest = frames.window_update(0, 0x7FFF_FFFF - 0xFFFF)
        self.socket.sendall(frames.PREFACE + frames.settings() + widest)
        unread = b""
        while True:
            if self.last is None and not ended.is_set():
                self._fill(streams)
            elif not self.waiting:
                return self.answered, None
            if not (data := self.socket.recv(65_536)):
                return self.answered, f"closed with {len(self.waiting)} answers missing" if self.waiting else None
            read, unread = frames.parse(unread + data)
            for frame in read:
                if failure := self._take(frame):
                    return self.answered, failure

    def _fill(self, streams):
        requests = b""
        while len(self.waiting) < streams:
            section = frames.field_section("GET", "/", self.scheme)
            requests += frames.frame(frames.HEADERS, frames.END_STREAM | frames.END_HEADERS, self.next, section)
            self.waiting.add(self.next)
            self.next += 2
        if requests:
            self.socket.sendall(requests)

    def _take(self, frame):
        """Does what a frame asks for; the answer is what went wrong."""
        if frame.kind in (frames.SETTINGS, frames.PING) and not frame.flags & frames.ACK:
            payload = frame.payload if frame.kind == frames.PING else b""
            self.socket.sendall(frames.frame(frame.kind, frames.ACK, 0, payload))
        elif frame.kind == frames.GOAWAY:
            self.last = int.from_bytes(frame.payload[:4], "big")
            self.waiting = {stream for stream in self.waiting if stream <= self.last}
            return None if frames.error(frame) == "NO_ERROR" else f"GOAWAY {frames.error(frame)}"
        elif frame.kind == frames.RST_STREAM and frame.stream in self.waiting:
            return f"RST_STREAM {frames.error(frame)}"
        elif frame.kind == frames.HEADERS and not frame.payload.startswith(STATUS_200):
            return f"not a 200: {frame.payload[:40]!r}"
        if frame.kind in (frames.HEADERS, frames.DATA) and frame.flags & frames.END_STREAM:
            self.answered += 1
            self.waiting.discard(frame.stream)
        return None


STATUS_200 = b"\x88"
"""`:status: 200` in HPACK's static table (RFC 7541, appendix A)."""


def _context():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context
