"""HTTP/2 clients that mean harm: each is sent away with the right code, costs little memory, and hurts nobody beside it."""

import threading
import time

import attacks
import frames
import pytest

MiB = 1 << 20


@pytest.fixture(scope="module")
def gateway(start_shared, start_nginx):
    backend = start_nginx('location / { return 200 "hello"; } location = /large { root large; }')
    (backend.folder / "large").mkdir()
    (backend.folder / "large" / "large").write_bytes(b"x" * MiB)
    limits = "limits: { body_idle: 1s, head_timeout: 1s, min_rate: { grace: 1s } }"
    # What the good client asks for needs no backend, so that nothing but the gateway itself is looked at.
    good = 'GET /good: { reply: { text: hello } }'
    return start_shared(f"apis: {{ all: {{ routes: {{ {good}, $default: {backend.url} }} }} }}\n{limits}", http2=True)


class GoodClient(threading.Thread):
    """Asks one request after the other on a connection of its own until it is told to stop."""

    def __init__(self, gateway):
        super().__init__(daemon=True)
        self.gateway = gateway
        self.over = threading.Event()
        self.answers = 0
        self.failure = None
        self.longest = 0.0

    def run(self):
        try:
            with self.gateway.connect_http2() as client:
                while not self.over.is_set():
                    begun = time.monotonic()
                    assert client.read_response(client.begin(path="/good")).body == b"hello"
                    self.longest = max(self.longest, time.monotonic() - begun)
                    self.answers += 1
                    time.sleep(0.002)
        except Exception as failure:
            self.failure = failure

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


CALM = {"GOAWAY ENHANCE_YOUR_CALM"}
EXPECTED = {
    "rapid-reset": CALM,
    "made-you-reset": CALM,
    "continuation-flood": CALM | {"GOAWAY PROTOCOL_ERROR"},
    "empty-continuations": CALM,
    "hpack-bomb": {"GOAWAY COMPRESSION_ERROR", "GOAWAY PROTOCOL_ERROR", "GOAWAY ENHANCE_YOUR_CALM"},
    "ping-flood": CALM,
    "settings-flood": CALM,
    "empty-data": CALM,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_attack_ends_its_connection_and_hurts_nobody(gateway, name):
    before = gateway.memory()
    with GoodClient(gateway) as good:
        met = attacks.run([name], attacks.Target(gateway.port), 1.5)[name]
    ends = {end: count for end, count in met.items() if end not in ("opened", "not opened")}
    assert set(ends) & EXPECTED[name], met
    # When the attacker does not read, the kernel may have thrown the last frame away.
    assert set(ends) <= EXPECTED[name] | {"reset", "closed", "stalled", "held"}, met
    assert good.failure is None
    assert good.answers > 20
    assert good.longest < 1
    assert gateway.memory() - before < 64 * MiB


@pytest.mark.parametrize("name", ["stalled-windows", "trickled-windows"])
def test_windows_that_stay_shut_are_not_waited_for(gateway, name):
    before = gateway.memory()
    with GoodClient(gateway) as good:
        attacks.run([name], attacks.Target(gateway.port), 4)
    assert good.failure is None
    assert good.answers
    assert gateway.memory() - before < 256 * MiB
    causes = {line.get("cause") for line in gateway.log_lines() if line["path"] == "/large"}
    assert causes & {"client.write-timeout", "client.write-slow"}


def open_streams(gateway, settings=()):
    connection = attacks.http2(attacks.Target(gateway.port), settings=settings)()
    connection.look(0.2)
    return connection


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frames.window_update(0, 0x7FFF_FFFF), "FLOW_CONTROL_ERROR"),
        (frames.window_update(0, 0), "PROTOCOL_ERROR"),
        (frames.frame(frames.DATA, 0, 1, b"x"), None),
        (frames.frame(frames.DATA, 0, 0, b"x"), "PROTOCOL_ERROR"),
        (frames.frame(frames.HEADERS, 5, 2, frames.field_section()), "PROTOCOL_ERROR"),
        (frames.get(3) + frames.get(1), None),
        (frames.frame(frames.CONTINUATION, 4, 1, b""), "PROTOCOL_ERROR"),
        (frames.frame(frames.PING, 0, 0, b"short"), "FRAME_SIZE_ERROR"),
        (frames.settings((frames.INITIAL_WINDOW_SIZE, 0x8000_0000)), "FLOW_CONTROL_ERROR"),
        (frames.frame(frames.HEADERS, 5, 1, b"\xff\xff\xff\xff\xff\xff"), "COMPRESSION_ERROR"),
        (b"\x00\xff\xff\x00\x00\x00\x00\x00\x01", "FRAME_SIZE_ERROR"),
    ],
    ids=["window-overflow", "empty-window-update", "data-on-idle", "data-on-0", "even-stream", "older-stream",
         "lone-continuation", "short-ping", "huge-window", "broken-hpack", "huge-frame"],
)  # fmt: skip
def test_a_broken_rule_ends_the_connection_with_its_code(gateway, sent, code):
    connection = open_streams(gateway)
    connection.send(sent)
    connection.look(2)
    assert connection.end is not None
    assert connection.end == f"GOAWAY {code}" if code else connection.end.startswith(("GOAWAY ", "closed"))
    connection.close()
    with gateway.connect_http2() as client:
        assert client.read_response(client.begin()).body == b"hello"


def test_a_head_that_trickles_is_not_waited_for(gateway):
    connection = open_streams(gateway)
    connection.send(frames.get(1) + frames.get(3)[:-5])
    connection.look(4)
    assert connection.end == "GOAWAY ENHANCE_YOUR_CALM"


def test_thousands_of_streams_leave_no_memory_behind(gateway):
    with gateway.connect_http2() as client:
        for _ in range(500):
            assert client.read_response(client.begin()).body == b"hello"
        before = gateway.memory()
        for _ in range(20):
            streams = [client.begin() for _ in range(90)]
            for stream in streams:
                client.read_response(stream)
        assert gateway.memory() - before < 16 * MiB
