"""WebSocket byte by byte: wrong handshakes, what goes before and after the 101, and the gateway's own Close frames."""

import signal
import time
import urllib.request

import pytest

from harness import free_port, response, wait_until
from websocket import BINARY, CLOSE, PING, PONG, TEXT, accept, code, frame, handshake, read_frame, switching


def routes(backend, **route):
    options = "".join(f", {name}: {value}" for name, value in route.items())
    return f"drain: 5s\napis: {{ all: {{ routes: {{ $default: {{ to: '{backend.url}'{options} }} }} }} }}"


def opening(then):
    """What a backend does that opens the connection, and then calls `then` with its end of it."""

    def serve(peer):
        peer.read_request()
        peer.send(switching())
        then(peer)

    return serve


@pytest.fixture
def tunnel(start, make_backend):
    """Opens a connection: gives both of its ends, and the gateway between them."""
    opened = []

    def open_tunnel(**route):
        ends = []

        def hold(peer):
            ends.append(peer)
            peer.released = False
            wait_until(lambda: peer.released, "the test to end", patience=30)

        backend = make_backend(serve=opening(hold))
        gateway = start(routes(backend, **route))
        client = gateway.connect()
        client.send(handshake())
        assert client.read_head().startswith(b"HTTP/1.1 101 ")
        wait_until(lambda: ends, "the backend to have opened")
        opened.extend([client, ends[0]])
        return gateway, client, ends[0]

    yield open_tunnel
    for stream in opened:
        stream.released = True
        stream.close()


# The handshake


def test_the_backend_gets_a_handshake_and_nothing_else_of_the_hop(gateway, backend):
    answer = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept()}", "X-Own: 1")
    backend.answer = lambda request: switching(*answer, "Keep-Alive: 5")
    with gateway.connect() as client:
        fields = ("Sec-WebSocket-Protocol: a, b", "Sec-WebSocket-Extensions: x; y=1", "Keep-Alive: 3", "TE: trailers")
        client.send(handshake(*fields, connection="keep-alive, Upgrade", upgrade="WebSocket, h2c"))
        head = client.read_head().decode()
    [request] = backend.wait_for_requests(1)
    assert (request.get("Upgrade"), request.get("Connection"), request.method) == ("websocket", "Upgrade", "GET")
    assert (request.get("Sec-WebSocket-Protocol"), request.get("Sec-WebSocket-Extensions")) == ("a, b", "x; y=1")
    assert "Keep-Alive" not in request and "TE" not in request
    assert "X-Own: 1" in head and "Keep-Alive" not in head and "Content-Length" not in head
    assert head.count("Upgrade: websocket") == 1 and "X-Request-Id: " in head


def test_the_method_of_the_route_does_not_hold_for_a_handshake(start, backend):
    gateway = start(routes(backend, method="POST"))
    backend.answer = lambda request: switching()
    with gateway.connect() as client:
        client.send(handshake())
        assert client.read_head().startswith(b"HTTP/1.1 101 ")
    assert backend.requests[0].method == "GET"


@pytest.mark.parametrize(
    "bad, status, cause",
    [
        ({"method": "POST"}, 400, "websocket.method"),
        ({"version": "8"}, 426, "websocket.version"),
        ({"version": None}, 426, "websocket.version"),
        ({"key": None}, 400, "websocket.key"),
        ({"key": "c2hvcnQ="}, 400, "websocket.key"),
    ],
)
def test_a_bad_handshake_does_not_reach_the_backend(gateway, backend, bad, status, cause):
    answer = gateway.exchange(handshake(**bad))
    assert (answer.status, answer.json()["cause"]) == (status, cause)
    assert answer.get("Sec-WebSocket-Version") == ("13" if status == 426 else None)
    assert backend.requests == []


def test_a_handshake_has_no_body(gateway, backend):
    with gateway.connect() as client:
        client.send(handshake("Content-Length: 5") + b"hello")
        answer = client.read_response()
    assert (answer.status, answer.json()["cause"]) == (400, "websocket.body")
    assert backend.requests == []


@pytest.mark.parametrize(
    "bytes_of_request",
    [
        handshake(connection="close, x"),
        handshake(upgrade="h2c"),
        handshake(upgrade=None),
        handshake().replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
    ids=["without Connection: Upgrade", "h2c", "without Upgrade", "HTTP/1.0"],
)
def test_what_asks_for_nothing_is_an_ordinary_request(gateway, backend, bytes_of_request):
    assert gateway.exchange(bytes_of_request).body == b"hello"
    assert "Upgrade" not in backend.requests[0]
    assert "Connection" not in backend.requests[0]


def test_a_route_may_decline(start, backend):
    gateway = start(routes(backend, websocket="false"))
    assert gateway.exchange(handshake()).body == b"hello"
    assert "Upgrade" not in backend.requests[0]


@pytest.mark.parametrize(
    "fields",
    [
        ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: " + accept("AAAAAAAAAAAAAAAAAAAAAA==")),
        ("Upgrade: websocket", "Connection: Upgrade"),
        ("Connection: Upgrade", "Sec-WebSocket-Accept: " + accept()),
        ("Upgrade: websocket", "Sec-WebSocket-Accept: " + accept()),
        ("Upgrade: h2c", "Connection: Upgrade", "Sec-WebSocket-Accept: " + accept()),
    ],
    ids=["wrong accept", "no accept", "no upgrade", "no connection", "another protocol"],
)
def test_a_wrong_101_is_no_connection(start, backend, fields):
    gateway = start(routes(backend))
    backend.answer = lambda request: switching(*fields) + frame(TEXT, b"secret", mask=None)
    answer = gateway.exchange(handshake())
    assert (answer.status, answer.json()["cause"]) == (502, "backend.bad-upgrade")
    wait_until(lambda: backend.peers[0].has_ended.is_set(), "the backend's connection to be closed")


def test_a_101_that_nobody_asked_for_is_a_fault(gateway, backend):
    backend.answer = lambda request: switching()
    answer = gateway.exchange(handshake(upgrade=None))
    assert (answer.status, answer.json()["cause"]) == (502, "backend.malformed-response")


# Around the 101


def test_nothing_reaches_the_backend_before_its_101(start, make_backend):
    seen = []

    def serve(peer):
        peer.read_request()
        time.sleep(0.3)
        seen.append(peer.is_silent())
        peer.send(switching() + frame(TEXT, b"first", mask=None))
        seen.append(read_frame(peer))

    gateway = start(routes(make_backend(serve=serve)))
    with gateway.connect() as client:
        client.send(handshake() + frame(TEXT, b"early"))
        assert client.read_head().startswith(b"HTTP/1.1 101 ")
        assert read_frame(client) == (TEXT, b"first", False)
        wait_until(lambda: len(seen) == 2, "the early frame")
    assert seen == [True, (TEXT, b"early", True)]


def test_what_follows_a_declined_handshake_is_a_request_of_its_own(start, backend):
    gateway = start(f"apis: {{ all: {{ routes: {{ GET /chat: '{backend.url}', GET /open: '{backend.url}' }} }} }}")
    backend.answer = lambda request: response(426, body=request.target.encode())
    with gateway.connect() as client:
        client.send(handshake(path="/chat") + b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_response().status == 426
        assert client.read_response().status == 404
    assert [request.target for request in backend.requests] == ["/chat"]


def test_a_connection_that_breaks_before_its_101_is_tried_again(start, make_backend):
    def serve(peer):
        peer.read_request()
        if len(backend.peers) > 1:
            peer.send(switching())
            peer.receive()

    backend = make_backend(serve=serve)
    gateway = start(routes(backend))
    with gateway.connect() as client:
        client.send(handshake())
        assert client.read_head().startswith(b"HTTP/1.1 101 ")
    assert len(backend.requests) == 2


def test_a_backend_that_never_answers(start, make_backend):
    gateway = start(routes(make_backend(serve=lambda peer: time.sleep(2)), timeout="300ms"))
    answer = gateway.exchange(handshake())
    assert (answer.status, answer.json()["cause"]) == (504, "backend.timeout")


# The bytes


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 300_000])
def test_bytes_go_both_ways_as_they_are(tunnel, size):
    _, client, backend = tunnel()
    payload = bytes(index % 251 for index in range(size))
    client.send(frame(BINARY, payload))
    assert backend.read_exactly(len(frame(BINARY, payload))) == frame(BINARY, payload)
    backend.send(frame(BINARY, payload, mask=None))
    assert read_frame(client) == (BINARY, payload, False)


def test_a_frame_may_come_byte_by_byte(tunnel):
    _, client, backend = tunnel()
    for byte in frame(TEXT, b"slow"):
        client.send(bytes([byte]))
        assert backend.read_exactly(1) == bytes([byte])


def test_what_is_no_frame_passes_too(tunnel):
    _, client, backend = tunnel()
    client.send(b"\xff" * 100_000)
    assert backend.read_exactly(100_000) == b"\xff" * 100_000


# Ends


def test_the_clients_fin_is_passed_on_and_the_rest_of_the_backend_still_comes(tunnel):
    gateway, client, backend = tunnel()
    client.half_close()
    assert backend.receive() == b""
    backend.send(frame(TEXT, b"last words", mask=None))
    assert read_frame(client) == (TEXT, b"last words", False)
    backend.released = True
    assert client.read_to_end() == b""
    assert gateway.log_lines(1)[0]["cause"] == "client.closed"


def test_the_backends_fin_ends_both_sides(tunnel):
    gateway, client, backend = tunnel()
    backend.send(frame(TEXT, b"last words", mask=None))
    backend.half_close()
    assert read_frame(client) == (TEXT, b"last words", False)
    assert client.read_to_end() == b""
    assert gateway.log_lines(1)[0]["cause"] == "backend.closed"


@pytest.mark.parametrize("who", ["client", "backend"])
def test_a_reset_ends_both_sides(tunnel, who):
    gateway, client, backend = tunnel()
    one, other = (client, backend) if who == "client" else (backend, client)
    one.reset()
    assert other.is_closed()
    assert gateway.log_lines(1)[0]["cause"] == f"{who}.closed"


def test_both_close_frames_make_a_clean_end(tunnel):
    gateway, client, backend = tunnel()
    client.send(frame(CLOSE, code(1_000)))
    assert read_frame(backend) == (CLOSE, code(1_000), True)
    backend.send(frame(CLOSE, code(1_000), mask=None))
    assert read_frame(client) == (CLOSE, code(1_000), False)
    backend.released = True
    assert client.is_closed()
    assert "cause" not in gateway.log_lines(1)[0]


# The gateway's own end


def test_a_stopping_gateway_closes_both_sides_and_waits_for_the_answers(tunnel):
    gateway, client, backend = tunnel()
    gateway.signal(signal.SIGTERM)
    assert read_frame(client) == (CLOSE, code(1_001), False)
    assert read_frame(backend) == (CLOSE, code(1_001), True)
    time.sleep(0.3)
    assert gateway.process.poll() is None
    client.send(frame(TEXT, b"too late") + frame(CLOSE, code(1_001)))
    backend.send(frame(CLOSE, code(1_001), mask=None))
    assert client.is_closed() and backend.is_closed()
    client.close()
    assert gateway.process.wait(5) == 0
    assert gateway.log_lines(1)[0]["cause"] == "gateway.stopping"


def test_a_client_may_answer_after_the_backend_has_hung_up(tunnel):
    gateway, client, backend = tunnel()
    gateway.signal(signal.SIGTERM)
    assert read_frame(client) == (CLOSE, code(1_001), False)
    assert read_frame(backend) == (CLOSE, code(1_001), True)
    backend.send(frame(CLOSE, code(1_001), mask=None))
    backend.released = True
    assert client.is_silent(0.5)
    client.send(frame(TEXT, b"too late"), frame(CLOSE, code(1_001)), pause=0.1)
    assert client.is_closed()
    client.close()
    assert gateway.process.wait(5) == 0


def test_a_backend_may_answer_after_the_client_has_hung_up(tunnel):
    gateway, client, backend = tunnel()
    gateway.signal(signal.SIGTERM)
    assert read_frame(client) == (CLOSE, code(1_001), False)
    assert read_frame(backend) == (CLOSE, code(1_001), True)
    client.send(frame(CLOSE, code(1_001)))
    client.close()
    assert backend.receive() == b""
    time.sleep(0.3)
    assert gateway.process.poll() is None
    backend.send(frame(CLOSE, code(1_001), mask=None))
    assert gateway.process.wait(5) == 0


def test_a_frame_in_progress_is_finished_first(tunnel):
    gateway, client, backend = tunnel()
    message = frame(BINARY, b"x" * 1_000)
    client.send(message[:500])
    backend.read_exactly(500)
    gateway.signal(signal.SIGTERM)
    assert read_frame(client) == (CLOSE, code(1_001), False)
    assert backend.is_silent(0.3)
    client.send(message[500:] + frame(TEXT, b"the next one"))
    assert backend.read_exactly(len(message) - 500) == message[500:]
    assert read_frame(backend) == (CLOSE, code(1_001), True)
    assert backend.is_silent()
    backend.send(frame(CLOSE, code(1_001), mask=None))
    client.send(frame(CLOSE, code(1_001)))
    assert client.is_closed()
    client.close()
    assert gateway.process.wait(5) == 0


def test_a_frame_that_never_ends_is_cut_off_with_the_drain(start, make_backend):
    backend = make_backend(serve=opening(lambda peer: peer.read_to_end()))
    gateway = start(routes(backend).replace("drain: 5s", "drain: 500ms"))
    with gateway.connect() as client:
        client.send(handshake())
        client.read_head()
        client.send(frame(BINARY, b"x" * 1_000)[:500])
        wait_until(lambda: len(backend.received) > 500, "the half of a frame")
        gateway.signal(signal.SIGTERM)
        assert read_frame(client) == (CLOSE, code(1_001), False)
        assert client.is_closed()
        assert gateway.process.wait(5) == 0
    assert gateway.log_lines(1)[0]["cause"] == "gateway.stopping"


def test_whoever_has_closed_already_gets_no_second_close_frame(tunnel):
    gateway, client, backend = tunnel()
    backend.send(frame(CLOSE, code(4_000), mask=None))
    assert read_frame(client) == (CLOSE, code(4_000), False)
    gateway.signal(signal.SIGTERM)
    assert read_frame(backend) == (CLOSE, code(1_001), True)
    assert client.is_silent()
    client.send(frame(CLOSE, code(4_000)))
    assert client.is_closed()
    client.close()
    assert gateway.process.wait(5) == 0


def test_pongs_between_the_pieces_of_a_message_are_frames_like_others(tunnel):
    gateway, client, backend = tunnel()
    client.send(frame(TEXT, b"one", final=False) + frame(PONG))
    assert read_frame(backend)[0] == TEXT
    assert read_frame(backend)[0] == PONG
    gateway.signal(signal.SIGTERM)
    assert read_frame(backend) == (CLOSE, code(1_001), True)


def test_a_client_that_does_not_hang_up_is_not_waited_for(start, make_backend):
    def answer_close(peer):
        assert read_frame(peer) == (CLOSE, code(1_001), True)
        peer.send(frame(CLOSE, code(1_001), mask=None))
        peer.read_to_end()

    admin = free_port()
    backend = make_backend(serve=opening(answer_close))
    gateway = start(f"admin: {admin}\n" + routes(backend, websocket="{ idle: 300ms }"))
    with gateway.connect() as client:
        client.send(handshake())
        client.read_head()
        assert read_frame(client) == (CLOSE, code(1_001), False)
        time.sleep(0.3)
        client.send(frame(CLOSE, code(1_001)))
        assert client.is_closed()
        wait_until(lambda: "daemun_client_connections 0\n" in metrics(admin), "the connection to be gone", patience=5)
    assert gateway.log_lines(1)[0]["cause"] == "websocket.idle"


def metrics(admin):
    return urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics").read().decode()


def test_silence_is_ended_even_within_a_frame(tunnel):
    gateway, client, backend = tunnel(websocket="{ idle: 300ms }")
    client.send(frame(BINARY, b"x" * 1_000)[:500])
    backend.read_exactly(500)
    backend.send(frame(PING, mask=None))
    assert read_frame(client) == (PING, b"", False)
    assert read_frame(client) == (CLOSE, code(1_001), False)
    assert client.is_closed(patience=8)
    assert gateway.log_lines(1)[0]["cause"] == "websocket.idle"
