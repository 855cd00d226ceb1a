"""WebSocket connections through the gateway, between a client and a server of the `websockets` library."""

import concurrent.futures
import signal
import ssl
import subprocess
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus

from backend_certificates import Authority
from harness import free_port, wait_until
from websocket import EchoServer, connect


@pytest.fixture
def server():
    with EchoServer() as server:
        yield server


@pytest.fixture
def gateway(start, server):
    return start(f"drain: 5s\napis: {{ all: {{ routes: {{ $default: '{server.url}' }} }} }}")


def tunnel_line(gateway, count=1):
    """The access log's line of the last connection."""
    return gateway.log_lines(count)[-1]


MESSAGES = ["hello", "", "Grüße \N{WAVING HAND SIGN}", b"\0\1\xff", "x" * 70_000, b"y" * 126]


@pytest.mark.parametrize("message", MESSAGES, ids=range(len(MESSAGES)))
def test_a_message_comes_back(gateway, message):
    with connect(gateway) as socket:
        socket.send(message)
        assert socket.recv() == message


def test_messages_in_pieces_come_back_in_pieces(gateway):
    with connect(gateway, compression=None) as socket:
        socket.send(iter(["one ", "two ", "three"]))
        assert socket.recv() == "one two three"


@pytest.mark.parametrize("compression", ["deflate", None])
def test_compression_is_between_the_ends(gateway, server, compression):
    with connect(gateway, compression=compression) as socket:
        socket.send("abc" * 10_000)
        assert socket.recv() == "abc" * 10_000
    line = tunnel_line(gateway)
    assert (line["bytes_in"] < 1_000) == (compression is not None)


def test_a_subprotocol_is_agreed_between_the_ends(start):
    with EchoServer(subprotocols=["chat.v2"]) as server:
        gateway = start(f"apis: {{ all: {{ routes: {{ $default: '{server.url}' }} }} }}")
        with connect(gateway, subprotocols=["chat.v1", "chat.v2"]) as socket:
            assert socket.subprotocol == "chat.v2"


def test_pings_pass_and_are_answered_by_the_other_end(gateway, server):
    with connect(gateway) as socket:
        assert socket.ping("are you there").wait(5)
        wait_until(lambda: server.sockets, "the server to have the connection")
        assert server.sockets[0].ping("and you").wait(5)


def test_the_client_closes(gateway, server):
    with connect(gateway) as socket:
        socket.send("hello")
        socket.recv()
        socket.close(4_001, "enough")
    assert server.wait_for_closed() == [(4_001, "enough")]
    line = tunnel_line(gateway)
    assert (line["status"], line.get("cause"), line["protocol"]) == (101, None, "HTTP/1.1")


def test_the_server_closes(start):
    with EchoServer(lambda socket: socket.close(4_002, "no more")) as server:
        gateway = start(f"apis: {{ all: {{ routes: {{ $default: '{server.url}' }} }} }}")
        with connect(gateway) as socket:
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv()
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4_002, "no more")
        assert tunnel_line(gateway).get("cause") is None


def test_the_log_tells_of_a_connection_when_it_is_over(gateway):
    with connect(gateway, "/chat?room=1", compression=None) as socket:
        socket.send("12345")
        socket.recv()
        time.sleep(0.2)
        assert gateway.log_text() == ""
    line = tunnel_line(gateway)
    assert (line["path"], line["query"], line["status"], line["backend_status"]) == ("/chat", "room=1", 101, 101)
    # A frame of five bytes and one that closes: the client's with masks.
    assert (line["bytes_in"], line["bytes_out"]) == (11 + 8, 7 + 4)
    assert line["duration_ms"] >= 200


def test_routes_and_their_paths_hold_for_connections_too(start, server):
    gateway = start(
        f"apis: {{ all: {{ path: /v1, routes: {{ 'GET /rooms/{{id}}': {{ to: '{server.url}', path: '/r/{{id}}' }},"
        " GET /mock: { reply: { text: hello } } } } }"
    )
    with connect(gateway, "/v1/rooms/7?x=1"):
        wait_until(lambda: server.sockets, "the server to have the connection")
        assert server.sockets[0].request.path == "/r/7?x=1"
        assert server.sockets[0].request.headers["X-Forwarded-For"] == "127.0.0.1"
    for path, status in [("/v1/mock", 200), ("/v1/nothing", 404), ("/elsewhere", 404)]:
        with pytest.raises(InvalidStatus) as refused:
            connect(gateway, path)
        assert refused.value.response.status_code == status


@pytest.mark.parametrize("status", [200, 401, 403, 503])
def test_another_answer_is_passed_on(start, status):
    def refuse(connection, request):
        return connection.respond(status, "not today\n")

    with EchoServer(process_request=refuse) as server:
        gateway = start(f"apis: {{ all: {{ routes: {{ $default: '{server.url}' }} }} }}")
        with pytest.raises(InvalidStatus) as refused:
            connect(gateway)
        assert (refused.value.response.status_code, refused.value.response.body) == (status, b"not today\n")
        assert tunnel_line(gateway)["status"] == status


# TLS


@pytest.fixture
def secure(start, tmp_path):
    """A server, a gateway before it, and how to reach that, all of them in TLS."""
    authority = Authority(tmp_path)
    own = authority.issue("127.0.0.1")
    context = ssl.create_default_context(cafile=str(authority.file))
    with EchoServer(ssl=own.server()) as server:
        port = free_port()
        gateway = start(
            f"drain: 5s\n"
            f"listen: {{ address: 127.0.0.1, port: {port}, tls: {{ certificates: "
            f"{{ certificate: {own.file}, key: {own.key_file} }} }} }}\n"
            f"apis: {{ all: {{ routes: {{ $default: chat }} }} }}\n"
            f"backends: {{ chat: {{ targets: 'wss://127.0.0.1:{server.port}', tls: {{ ca: {authority.file} }} }} }}",
            port=port,
        )

        def open_socket():
            return connect(gateway, scheme="wss", ssl=context)

        yield gateway, server, open_socket


def test_a_connection_in_tls_on_both_sides(secure):
    gateway, server, open_socket = secure
    with open_socket() as socket:
        for message in ["hello", b"x" * 300_000]:
            socket.send(message)
            assert socket.recv(timeout=5) == message
        socket.close(4_001, "enough")
    assert server.wait_for_closed() == [(4_001, "enough")]
    assert tunnel_line(gateway).get("cause") is None


def test_a_server_that_may_choose_http2_is_spoken_to_in_http1(start, tmp_path):
    authority = Authority(tmp_path)
    context = authority.issue("127.0.0.1").server(protocols=["h2", "http/1.1"])
    with EchoServer(ssl=context) as server:
        gateway = start(
            f"apis: {{ all: {{ routes: {{ $default: chat }} }} }}\n"
            f"backends: {{ chat: {{ targets: 'wss://127.0.0.1:{server.port}', "
            f"tls: {{ ca: {authority.file}, http2: true }} }} }}"
        )
        for _ in range(3):
            with connect(gateway) as socket:
                socket.send("hello")
                assert socket.recv(timeout=5) == "hello"


def test_a_server_of_http2_alone_gets_no_connection(start, backend):
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: 'h2c://127.0.0.1:{backend.port}' }} }} }}")
    with pytest.raises(InvalidStatus) as refused:
        connect(gateway)
    assert refused.value.response.status_code == 502
    assert tunnel_line(gateway)["cause"] == "backend.no-websocket"
    assert backend.peers == []


def test_a_client_that_vanishes_in_tls(secure):
    gateway, server, open_socket = secure
    socket = open_socket()
    socket.send("hello")
    socket.recv()
    socket.socket.shutdown(2)
    assert server.wait_for_closed() == [(1_006, "")]
    assert tunnel_line(gateway)["cause"] == "client.closed"


def test_a_server_that_vanishes_in_tls(secure):
    gateway, server, open_socket = secure
    with open_socket() as socket:
        wait_until(lambda: server.sockets, "the server to have the connection")
        server.sockets[0].socket.shutdown(2)
        with pytest.raises(ConnectionClosedError):
            socket.recv(timeout=5)
    assert tunnel_line(gateway)["cause"] == "backend.closed"


def test_a_stopping_gateway_says_so_in_tls(secure):
    gateway, server, open_socket = secure
    socket = open_socket()
    gateway.signal(signal.SIGTERM)
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=5)
    assert closed.value.rcvd.code == 1_001
    assert gateway.process.wait(10) == 0
    assert server.wait_for_closed() == [(1_001, "")]


# Ends in disorder


def test_a_client_that_vanishes(gateway, server):
    socket = connect(gateway)
    socket.send("hello")
    socket.recv()
    socket.socket.close()
    assert server.wait_for_closed() == [(1_006, "")]
    assert tunnel_line(gateway)["cause"] == "client.closed"


def test_a_server_that_vanishes(start):
    with EchoServer(lambda socket: socket.socket.shutdown(2)) as server:
        gateway = start(f"apis: {{ all: {{ routes: {{ $default: '{server.url}' }} }} }}")
        with connect(gateway) as socket:
            with pytest.raises(ConnectionClosedError) as closed:
                socket.recv()
        assert closed.value.rcvd is None
        assert tunnel_line(gateway)["cause"] == "backend.closed"


# Time


def limited(start, server, limits):
    return start(f"apis: {{ all: {{ routes: {{ $default: {{ to: '{server.url}', websocket: {limits} }} }} }} }}")


def test_silence_ends_a_connection_on_both_sides(start, server):
    gateway = limited(start, server, "{ idle: 300ms }")
    with connect(gateway) as socket:
        began = time.monotonic()
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=5)
        assert 0.25 < time.monotonic() - began < 2
    assert closed.value.rcvd.code == 1_001
    assert server.wait_for_closed() == [(1_001, "")]
    line = tunnel_line(gateway)
    assert (line["status"], line["cause"]) == (101, "websocket.idle")


@pytest.mark.parametrize("side", ["client", "server"])
def test_pings_of_either_side_keep_a_connection_open(start, side):
    pings = {"ping_interval": 0.1, "ping_timeout": 5}
    with EchoServer(**(pings if side == "server" else {})) as server:
        gateway = limited(start, server, "{ idle: 500ms }")
        with connect(gateway, **(pings if side == "client" else {})) as socket:
            time.sleep(1.5)
            socket.send("still here")
            assert socket.recv(timeout=5) == "still here"


def test_a_connection_may_be_given_a_longest_time(start, server):
    gateway = limited(start, server, "{ longest: 500ms }")
    with connect(gateway, ping_interval=0.1) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=5)
    assert closed.value.rcvd.code == 1_001
    assert tunnel_line(gateway)["cause"] == "websocket.duration"


def test_the_time_outs_of_a_request_do_not_hold_for_a_connection(start, server):
    gateway = start(
        f"limits: {{ body_idle: 100ms, head_timeout: 100ms, keep_alive: 100ms }}\n"
        f"apis: {{ all: {{ routes: {{ $default: "
        f"{{ to: '{server.url}', timeout: {{ total: 200ms, idle: 100ms }} }} }} }} }}"
    )
    with connect(gateway) as socket:
        time.sleep(1)
        socket.send("still here")
        assert socket.recv(timeout=5) == "still here"


# Reloads and the end of the process


def test_a_connection_outlives_reloads_even_without_its_route(start, server):
    admin = free_port()
    text = f"admin: {admin}\napis: {{ all: {{ routes: {{ $default: ROUTE }} }} }}"
    gateway = start(text.replace("ROUTE", f"'{server.url}'"))
    with connect(gateway) as socket:
        for number in range(3):
            gateway.write(text.replace("ROUTE", "{ reply: { text: gone } }"))
            gateway.signal(signal.SIGHUP)
            wait_until(lambda: gateway.exchange(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").body == b"gone", "the new routes")
            socket.send(f"message {number}")
            assert socket.recv(timeout=5) == f"message {number}"
    [line] = wait_until(
        lambda: [line for line in gateway.log_lines() if line["status"] == 101], "the connection's line in the log"
    )
    assert line.get("cause") is None


def test_a_stopping_gateway_says_so_to_both_sides(gateway, server):
    sockets = [connect(gateway) for _ in range(5)]
    gateway.signal(signal.SIGTERM)
    for socket in sockets:
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=5)
        assert closed.value.rcvd.code == 1_001
    assert gateway.process.wait(10) == 0
    assert server.wait_for_closed(5) == [(1_001, "")] * 5
    assert [(line["status"], line["cause"]) for line in gateway.log_lines(5)] == [(101, "gateway.stopping")] * 5


# Greatness and number


def test_a_slow_reader_holds_the_other_side_back(start):
    size = 64 * 1024 * 1024
    sent = []

    def pour(socket):
        for _ in range(64):
            socket.send(bytes(size // 64))
            sent.append(1)

    with EchoServer(pour, compression=None) as server:
        gateway = start(f"apis: {{ all: {{ routes: {{ $default: '{server.url}' }} }} }}")
        with connect(gateway, compression=None, max_queue=1) as socket:
            before = gateway.memory()
            time.sleep(1)
            assert len(sent) < 60
            assert gateway.memory() - before < 8 * 1024 * 1024
            assert sum(len(socket.recv(timeout=10)) for _ in range(64)) == size


def test_a_slow_server_holds_the_client_back(start):
    go_on = threading.Event()

    def wait(socket):
        go_on.wait(10)
        for _ in range(64):
            socket.recv()
        socket.send("all")

    sent = []
    with EchoServer(wait, compression=None, max_queue=1) as server:
        gateway = start(f"apis: {{ all: {{ routes: {{ $default: '{server.url}' }} }} }}")
        with connect(gateway, compression=None) as socket:
            before = gateway.memory()

            def pour():
                for _ in range(64):
                    socket.send(bytes(1024 * 1024))
                    sent.append(1)

            thread = threading.Thread(target=pour)
            thread.start()
            time.sleep(1)
            assert len(sent) < 60
            assert gateway.memory() - before < 8 * 1024 * 1024
            go_on.set()
            assert socket.recv(timeout=20) == "all"
            thread.join()


def test_hundreds_at_once(start, server):
    admin = free_port()
    gateway = start(f"admin: {admin}\napis: {{ all: {{ routes: {{ $default: '{server.url}' }} }} }}")
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        sockets = list(pool.map(lambda _: connect(gateway), range(300)))
        assert metric(admin, "daemun_websockets_open") == 300

        def talk(pair):
            number, socket = pair
            for turn in range(3):
                socket.send(f"{number} {turn}")
                assert socket.recv(timeout=10) == f"{number} {turn}"
            socket.close()

        list(pool.map(talk, enumerate(sockets)))
    wait_until(lambda: metric(admin, "daemun_websockets_open") == 0, "all connections to be closed")
    assert metric(admin, "daemun_websockets_total") == 300


def test_connections_take_no_place_in_the_pool_and_have_a_limit_of_their_own(start, server):
    gateway = start(
        "apis: { all: { routes: { $default: chat } } }\n"
        f"backends: {{ chat: {{ targets: '{server.url}', pool: {{ connections: 1, waiting: 0, websockets: 2 }} }} }}",
        arguments=["--threads", "1"],
    )
    with connect(gateway), connect(gateway):
        with pytest.raises(InvalidStatus) as refused:
            connect(gateway)
        assert refused.value.response.status_code == 503
        assert tunnel_line(gateway)["cause"] == "backend.too-many-websockets"
    wait_until(lambda: len(gateway.log_lines()) == 3, "the first two to be over")
    with connect(gateway) as socket:
        socket.send("a place again")
        assert socket.recv(timeout=5) == "a place again"


def metric(admin, name):
    text = subprocess.run(["curl", "-s", f"http://127.0.0.1:{admin}/metrics"], capture_output=True, text=True).stdout
    return next((float(line.split(" ")[1]) for line in text.splitlines() if line.startswith(name + " ")), 0)
