"""WebSocket connections as streams of HTTP/2 (RFC 8441), with a client of the `h2` library."""

import signal
import socket
import time

import h2.config
import h2.connection
import h2.events
import h2.settings
import pytest

from harness import PATIENCE, free_port, response, wait_until
from websocket import BINARY, CLOSE, PING, PONG, TEXT, EchoServer, code, frame


GOAWAY = 7


class Stream:
    """One stream of a connection, and what came on it."""

    def __init__(self, connection, number):
        self.connection = connection
        self.number = number
        self.headers = None
        self.data = b""
        self.has_ended = False
        self.reset = None

    @property
    def status(self):
        return int(self.headers[":status"])

    def send(self, data, end=False):
        while data or end:
            window = self.connection.h2.local_flow_control_window(self.number)
            part, data = data[: min(window, 16_384)], data[min(window, 16_384) :]
            if part or end and not data:
                self.connection.h2.send_data(self.number, part, end_stream=end and not data)
                self.connection.flush()
                end = end and bool(data)
            elif not data:
                return
            else:
                self.connection.take()

    def read_frame(self):
        """The next WebSocket frame: opcode and payload."""
        self.connection.wait(lambda: len(self.data) >= 2, self)
        length, start = self.data[1] & 0x7F, 2
        if length > 125:
            size = 2 if length == 126 else 8
            self.connection.wait(lambda: len(self.data) >= 2 + size, self)
            length, start = int.from_bytes(self.data[2 : 2 + size]), 2 + size
        self.connection.wait(lambda: len(self.data) >= start + length, self)
        opcode, payload = self.data[0] & 0xF, self.data[start : start + length]
        self.data = self.data[start + length :]
        return opcode, payload

    def wait_for_end(self):
        self.connection.wait(lambda: self.has_ended or self.reset is not None, self)


class Connection:
    """A connection of HTTP/2 without TLS. With `reads` off it takes no more than the first windows.

    `h2` takes a GOAWAY for the end of everything, so it is not shown those.
    """

    def __init__(self, gateway, reads=True):
        self.reads = reads
        self.socket = socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.streams = {}
        self.settings = None
        self.unread = b""
        self.is_going = False
        self.flush()
        self.wait(lambda: self.settings is not None)

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def open(self, path="/", *fields, method="CONNECT", protocol="websocket", version="13", end=False):
        number = self.h2.get_next_available_stream_id()
        stream = self.streams[number] = Stream(self, number)
        pseudo = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "shop.test")]
        if protocol:
            pseudo.insert(1, (":protocol", protocol))
        self.h2.send_headers(number, [*pseudo, ("sec-websocket-version", version), *fields], end_stream=end)
        self.flush()
        self.wait(lambda: stream.headers or stream.reset is not None)
        return stream

    def wait(self, condition, stream=None):
        while not condition():
            if stream and (stream.has_ended or stream.reset is not None):
                raise EOFError(f"the stream ended after {stream.data!r}")
            self.take()

    def take(self):
        data = self.socket.recv(65_536)
        if not data:
            raise EOFError("the connection ended")
        self.unread += data
        while len(self.unread) >= 9 and len(self.unread) >= (size := 9 + int.from_bytes(self.unread[:3])):
            frame_bytes, self.unread = self.unread[:size], self.unread[size:]
            if frame_bytes[3] == GOAWAY:
                self.is_going = True
                continue
            for event in self.h2.receive_data(frame_bytes):
                self.note(event)
        self.flush()

    def note(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.RemoteSettingsChanged):
            self.settings = event.changed_settings
        elif isinstance(event, h2.events.ResponseReceived):
            stream.headers = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            stream.data += event.data
            if self.reads:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            stream.has_ended = True
        elif isinstance(event, h2.events.StreamReset):
            stream.reset = event.error_code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


@pytest.fixture
def server():
    with EchoServer(compression=None) as server:
        yield server


@pytest.fixture
def gateway(start, server):
    return listening(start, f"apis: {{ all: {{ routes: {{ $default: '{server.url}' }} }} }}")


def listening(start, text, **options):
    """A gateway whose listener takes HTTP/2 without TLS."""
    port = free_port()
    listen = f"listen: {{ address: 127.0.0.1, port: {port}, http2: true }}"
    return start(f"drain: 5s\n{listen}\n{text}", port=port, **options)


def test_the_gateway_says_that_it_can(gateway):
    with Connection(gateway) as connection:
        parameter = h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL
        assert connection.settings[parameter].new_value == 1


def test_messages_go_both_ways(gateway, server):
    with Connection(gateway) as connection:
        stream = connection.open("/chat?x=1", ("sec-websocket-protocol", "a"), ("origin", "http://shop.test"))
        assert stream.status == 200
        assert "sec-websocket-accept" not in stream.headers and "upgrade" not in stream.headers
        stream.send(frame(TEXT, b"hello"))
        assert stream.read_frame() == (TEXT, b"hello")
        stream.send(frame(PING, b"there?"))
        assert stream.read_frame() == (PONG, b"there?")
        payload = bytes(index % 251 for index in range(300_000))
        stream.send(frame(BINARY, payload))
        assert stream.read_frame() == (BINARY, payload)
        request = server.sockets[0].request
        assert (request.path, request.headers["Origin"], request.headers["Via"]) == (
            "/chat?x=1",
            "http://shop.test",
            "2.0 daemun",
        )
        stream.send(frame(CLOSE, code(4_000)))
        assert stream.read_frame() == (CLOSE, code(4_000))
        stream.wait_for_end()
    assert server.wait_for_closed() == [(4_000, "")]
    [line] = gateway.log_lines(1)
    assert (line["status"], line["protocol"], line["method"], line.get("cause")) == (101, "HTTP/2.0", "GET", None)


def test_many_streams_of_one_connection(gateway):
    with Connection(gateway) as connection:
        streams = [connection.open(f"/{number}") for number in range(50)]
        for number, stream in enumerate(streams):
            stream.send(frame(TEXT, str(number).encode()))
        assert [stream.read_frame() for stream in streams] == [(TEXT, str(number).encode()) for number in range(50)]


def test_a_slow_stream_holds_its_own_backend_only(start):
    sent = []

    def pour(socket):
        if socket.request.path == "/echo":
            return EchoServer._echo(socket)
        for _ in range(64):
            socket.send(bytes(1024 * 1024))
            sent.append(1)

    with EchoServer(pour, compression=None) as server:
        gateway = listening(start, f"apis: {{ all: {{ routes: {{ $default: '{server.url}' }} }} }}")
        before = gateway.memory()
        with Connection(gateway, reads=False) as connection:
            connection.open("/pour")
            with Connection(gateway) as other:
                stream = other.open("/echo")
                for _ in range(20):
                    stream.send(frame(TEXT, b"hello"))
                    assert stream.read_frame() == (TEXT, b"hello")
            time.sleep(0.5)
            assert len(sent) < 60
            assert gateway.memory() - before < 8 * 1024 * 1024


@pytest.mark.parametrize("end", ["fin", "reset", "close"])
def test_the_clients_end_is_the_servers(gateway, server, end):
    with Connection(gateway) as connection:
        stream = connection.open()
        if end == "fin":
            stream.send(b"", end=True)
        elif end == "reset":
            connection.h2.reset_stream(stream.number, 8)
            connection.flush()
        else:
            connection.socket.close()
        assert server.wait_for_closed() == [(1_006, "")]
    assert gateway.log_lines(1)[0]["cause"] == "client.closed"


def test_the_servers_end_is_the_streams(start):
    with EchoServer(lambda socket: socket.socket.shutdown(2)) as server:
        gateway = listening(start, f"apis: {{ all: {{ routes: {{ $default: '{server.url}' }} }} }}")
        with Connection(gateway) as connection:
            connection.open().wait_for_end()
    assert gateway.log_lines(1)[0]["cause"] == "backend.closed"


@pytest.mark.parametrize("status", [200, 204, 401, 426, 503])
def test_a_backend_that_declines(start, backend, status):
    gateway = listening(start, f"apis: {{ all: {{ routes: {{ $default: '{backend.url}' }} }} }}")
    backend.answer = lambda request: response(status, body=b"" if status == 204 else b"no")
    with Connection(gateway) as connection:
        # A 2xx would open the connection.
        assert connection.open().status == (502 if status < 300 else status)
    if status < 300:
        assert gateway.log_lines(1)[0]["cause"] == "websocket.declined"


def test_a_reply_of_the_gateway_opens_nothing(start):
    gateway = listening(start, "apis: { all: { routes: { $default: { reply: { text: hello } } } } }")
    with Connection(gateway) as connection:
        assert connection.open().status == 502
        stream = connection.open(method="GET", protocol=None, end=True)
        assert stream.status == 200


def test_bad_handshakes(gateway, server):
    with Connection(gateway) as connection:
        assert connection.open(version="8").status == 426
        assert connection.open(protocol="connect-udp").status == 501
    assert server.sockets == []


def test_a_stopping_gateway_closes_streams_cleanly(gateway, server):
    with Connection(gateway) as connection:
        streams = [connection.open() for _ in range(3)]
        gateway.signal(signal.SIGTERM)
        for stream in streams:
            assert stream.read_frame() == (CLOSE, code(1_001))
            stream.send(frame(CLOSE, code(1_001)))
            stream.wait_for_end()
        assert connection.is_going
        wait_until(lambda: len(server.closed) == 3, "the server's connections to be closed")
    assert gateway.process.wait(10) == 0
    assert server.closed == [(1_001, "")] * 3
    assert [line["cause"] for line in gateway.log_lines(3)] == ["gateway.stopping"] * 3
