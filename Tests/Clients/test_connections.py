"""What happens on a client's connection: pipelining, keep-alive, HTTP/1.0, half-closed peers and Expect."""

import http.client
import subprocess
import threading
import time

import pytest
from harness import ONE_THREAD, chunked, request, response

ROUTES = """
apis:
  all:
    routes:
      GET /mock/{{n}}: {{ reply: {{ text: "mock {{n}}" }} }}
      POST /mock/{{n}}: {{ reply: {{ text: "posted {{n}}" }} }}
      $default: {backend}
"""


@pytest.fixture
def echo(make_backend):
    """Answers with the path and the body it got; paths that start with /slow take a while."""

    def answer(seen):
        if seen.target.startswith("/slow"):
            time.sleep(0.05)
        return response(body=seen.target.encode() + b"|" + seen.body)

    return make_backend(answer)


@pytest.fixture
def gateway(start, echo):
    return start(ROUTES.format(backend=echo.url))


# Pipelining


def test_pipelined_requests_are_answered_in_order(gateway, echo):
    paths = ["/slow/1", "/mock/2", "/3", "/mock/4", "/slow/5", "/6", "/none/7", "/mock/8"]
    with gateway.connect() as client:
        client.send(b"".join(request("GET", path) for path in paths))
        bodies = [client.read_response().body for _ in paths]
    expected = [f"mock {path[-1]}" if "mock" in path else f"{path}|" for path in paths]
    assert bodies == [text.encode() for text in expected]
    assert [line["path"] for line in gateway.log_lines(len(paths))] == paths


@pytest.mark.parametrize("pause", [None, 0.0005])
def test_a_hundred_pipelined_requests_with_bodies(gateway, echo, pause):
    sent = []
    for number in range(100):
        body = b"%d," % number * (number % 7)
        path = f"/mock/{number}" if number % 3 == 0 else f"/{number}"
        if number % 2:
            parts = [b"%d," % number] * (number % 7)
            sent.append(request("POST", path, "Transfer-Encoding: chunked") + chunked(*parts))
        else:
            sent.append(request("POST", path, body=body))
    stream = b"".join(sent)
    with gateway.connect() as client:
        if pause is None:
            client.send(stream)
        else:
            client.send(*[stream[index : index + 97] for index in range(0, len(stream), 97)], pause=pause)
        for number in range(100):
            answer = client.read_response()
            body = b"%d," % number * (number % 7)
            assert answer.body == (b"posted %d" % number if number % 3 == 0 else b"/%d|%b" % (number, body))


def test_what_follows_connection_close_is_not_served(gateway, echo):
    with gateway.connect() as client:
        client.send(request("GET", "/1", "Connection: close") + request("GET", "/2"))
        answer = client.read_response()
        assert (answer.body, answer.get("Connection")) == (b"/1|", "close")
        assert client.is_closed()
    assert [seen.target for seen in echo.requests] == ["/1"]


def test_heads_requests_do_not_shift_the_answers(gateway):
    with gateway.connect() as client:
        for number in range(10):
            client.send(request("HEAD", f"/{number}") + request("GET", f"/{number}"))
        for number in range(10):
            assert client.read_response("HEAD").status == 200
            assert client.read_response().body == b"/%d|" % number


def test_a_client_that_pipelines_without_reading_is_held_back(start, make_backend):
    backend = make_backend(lambda _: response(body=b"x" * 65_536))
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
    gateway.exchange(request())
    memory = gateway.peak_memory()
    count = 2_000
    with gateway.connect(receive_buffer=16_384) as client:
        sender = threading.Thread(target=client.send, args=(request() * count,))
        sender.start()
        time.sleep(0.5)
        assert len(backend.requests) < 400, "requests are served whose answers nobody reads"
        for _ in range(count):
            assert len(client.read_response().body) == 65_536
        sender.join()
    assert gateway.peak_memory() - memory < 32 << 20


# Keep-alive and close


@pytest.mark.parametrize(
    ("version", "fields", "stays"),
    [
        ("1.1", [], True), ("1.1", ["Connection: keep-alive"], True), ("1.1", ["Connection: close"], False),
        ("1.1", ["Connection: Close"], False), ("1.1", ["Connection: x, close"], False),
        ("1.1", ["Connection: x", "Connection: close"], False), ("1.1", ["Connection: keep-alive, close"], False),
        ("1.0", [], False), ("1.0", ["Connection: keep-alive"], True), ("1.0", ["Connection: Keep-Alive"], True),
        ("1.0", ["Connection: close"], False), ("1.0", ["Connection: keep-alive, close"], False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/mock/1", "/proxied"])
def test_whether_a_connection_stays(gateway, version, fields, stays, path):
    with gateway.connect() as client:
        client.send(request("GET", path, *fields, version=version))
        answer = client.read_response()
        assert answer.line.startswith(b"HTTP/1.1 200")
        assert answer.get("Connection") == ("close" if not stays else "keep-alive" if version == "1.0" else None)
        if stays:
            client.send(request("GET", path))
            assert client.read_response().status == 200
        else:
            assert client.is_closed()


def test_http_10_gets_no_chunks(start, make_backend):
    backend = make_backend(lambda _: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"abc", b"de"))
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
    for fields in ([], ["Connection: keep-alive"]):
        with gateway.connect() as client:
            client.send(request("GET", "/", *fields, version="1.0"))
            answer = client.read_response()
            assert (answer.body, answer.get("Connection")) == (b"abcde", "close")
            assert "Transfer-Encoding" not in answer
            assert client.is_closed()


def test_http_10_without_host_and_with_a_body(gateway, echo):
    with gateway.connect() as client:
        client.send(request("POST", "/p", "Connection: keep-alive", body=b"abc", host=None, version="1.0"))
        assert client.read_response().body == b"/p|abc"
        client.send(request("GET", "/q", host=None, version="1.0"))
        assert client.read_response().body == b"/q|"
    assert "X-Forwarded-Host" not in echo.requests[0]
    assert echo.requests[0].version == "HTTP/1.1"


def test_a_backend_that_closes_does_not_close_the_client(start, make_backend):
    def serve(peer):
        peer.read_request()
        peer.send(response(200, "Connection: close", body=b"x"))

    backend = make_backend(serve=serve)
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    for _ in range(5):
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"x"
    assert connection.sock is not None
    connection.close()
    assert len(backend.peers) == 5


def test_backend_connections_are_used_again_by_all_clients(start, echo):
    gateway = start(ROUTES.format(backend=echo.url), arguments=ONE_THREAD)
    for number in range(10):
        assert gateway.exchange(request("POST", "/", "Connection: close", body=b"%d" % number)).body == b"/|%d" % number
    assert len(echo.peers) == 1


def test_one_empty_line_before_a_request_is_passed_over(gateway):
    with gateway.connect() as client:
        client.send(request("GET", "/mock/1") + b"\r\n" + request("GET", "/mock/2"))
        assert client.read_response().body == b"mock 1"
        assert client.read_response().body == b"mock 2"


def test_curl_keeps_its_connection(gateway):
    command = ["curl", "-sS", "-w", "%{num_connects}\n", "-o", "/dev/null", gateway.url("/mock/1"), "-o", "/dev/null",
               gateway.url("/x"), "-o", "/dev/null", gateway.url("/none")]  # fmt: skip
    assert subprocess.check_output(command, timeout=10).split() == [b"1", b"0", b"0"]


@pytest.mark.parametrize("options", [["--http1.0"], ["--http1.1"], ["--http2"], ["--tcp-nodelay", "--no-keepalive"]])
def test_curl_with_its_options(gateway, options):
    assert subprocess.check_output(["curl", "-sS", *options, "-d", "a=b", gateway.url("/x")], timeout=10) == b"/x|a=b"


# Half-closed clients


@pytest.mark.parametrize(
    "sent",
    [
        [request("GET", "/mock/1")],
        [request("GET", "/slow/1")],
        [request("POST", "/slow/2", body=b"abc")],
        [request("POST", "/", "Transfer-Encoding: chunked") + chunked(b"abc")],
        [
            request("GET", "/slow/1"), request("GET", "/mock/2"), request("GET", "/slow/3"),
            request("PUT", "/4", body=b"x"),
        ],
    ],
    ids=lambda sent: f"{len(sent)} from {sent[0][:12].decode()}",
)
@pytest.mark.parametrize("pause", [0, 0.02])
def test_a_client_that_half_closes_gets_its_answers(gateway, sent, pause):
    with gateway.connect() as client:
        client.send(b"".join(sent))
        time.sleep(pause)
        client.half_close()
        for _ in sent:
            assert client.read_response().status == 200
        assert client.is_closed()
    assert len(gateway.log_lines(len(sent))) == len(sent)


@pytest.mark.parametrize("rest", [b"", b"\r\n", b"GET / HT"])
def test_a_client_that_half_closes_between_requests_is_closed(gateway, rest):
    with gateway.connect() as client:
        client.send(request("GET", "/mock/1"))
        client.read_response()
        client.send(rest)
        client.half_close()
        assert client.is_closed(2)


def test_half_a_request_is_not_passed_on_as_a_whole(gateway, echo):
    with gateway.connect() as client:
        client.send(request("POST", "/half", "Content-Length: 10") + b"12345")
        echo.wait_for_requests(1)
        client.half_close()
        client.read_to_end()
    assert echo.peers[0].has_ended.wait(5)
    assert echo.requests[0].body == b""
    [line] = gateway.log_lines(1)
    assert line["status"] in (400, 408, 499)
    assert line["cause"].startswith("client.")


# Expect


def expecting(method="POST", path="/", *fields, length=5):
    return request(method, path, "Expect: 100-continue", f"Content-Length: {length}", *fields)


def test_a_client_that_waits_is_told_to_go_on(gateway, echo):
    with gateway.connect() as client:
        client.send(expecting(path="/up"))
        assert client.read_head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert client.is_silent(0.05)
        client.send(b"hello")
        assert client.read_response().body == b"/up|hello"
        client.send(request("GET", "/mock/1"))
        assert client.read_response().body == b"mock 1"
    assert "Expect" not in echo.requests[0]


def test_a_client_that_does_not_wait_is_served_as_well(gateway):
    with gateway.connect() as client:
        client.send(expecting(path="/up") + b"hello")
        assert client.read_response().body == b"/up|hello"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (expecting("POST", "/a/../b"), 400), (expecting("POST", "/big", length=2_000_000), 413),
        (expecting("POST", "/", "Content-Length: 5"), 400), (expecting("POST", "/", "Expect: 1"), 417),
        (expecting("POST", "/gone"), 502), (expecting("PUT", "/mock/1"), 405), (expecting("POST", "/mock/1"), 200),
    ],
)  # fmt: skip
def test_a_request_that_is_answered_without_its_body_gets_no_100(start, sent, status):
    gateway = start(
        "apis: { all: { routes: { POST /mock/1: { reply: { text: mock } }, POST /big: { reply: { text: big } }, "
        "POST /gone: http://127.0.0.1:1 } } }\nlimits: { body: 1MB }"
    )
    with gateway.connect() as client:
        client.send(sent)
        answer = client.read_response()
        assert answer.status == status
        assert answer.interim == []
        assert answer.get("Connection") == "close"
        assert client.is_closed()


def test_a_client_of_http_10_gets_no_100(gateway):
    with gateway.connect() as client:
        client.send(request("POST", "/", "Expect: 100-continue", "Content-Length: 5", version="1.0"))
        assert client.is_silent()
        client.send(b"hello")
        answer = client.read_response()
        assert (answer.body, answer.interim) == (b"/|hello", [])


def test_a_request_without_a_body_gets_no_100(gateway):
    with gateway.connect() as client:
        client.send(request("GET", "/x", "Expect: 100-continue"))
        assert client.read_response().interim == []


def test_chunks_are_waited_for_as_well(gateway):
    with gateway.connect() as client:
        client.send(request("POST", "/", "Expect: 100-continue", "Transfer-Encoding: chunked"))
        assert client.read_head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(chunked(b"hel", b"lo"))
        assert client.read_response().body == b"/|hello"


def test_curl_expects_100(gateway, tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 2_000_000)
    command = ["curl", "-sSv", "-H", "Expect: 100-continue", "-T", str(tmp_path / "file"), gateway.url("/put")]
    done = subprocess.run(command, capture_output=True, timeout=20, check=True)
    assert b"< HTTP/1.1 100 Continue" in done.stderr
    assert done.stdout == b"/put|" + b"x" * 2_000_000


def test_curl_is_refused_without_100(start, tmp_path):
    gateway = start("apis: { all: { routes: { GET /: { reply: { text: m } } } } }")
    (tmp_path / "file").write_bytes(b"x" * 2_000_000)
    command = ["curl", "-sSv", "-H", "Expect: 100-continue", "-T", str(tmp_path / "file"), gateway.url("/put")]
    done = subprocess.run(command, capture_output=True, timeout=20, check=True)
    assert b"100 Continue" not in done.stderr
    assert b"< HTTP/1.1 404" in done.stderr


# Interim responses


def interim(*heads):
    """A backend's answer with these interim responses before it."""
    return lambda _: b"".join(heads) + response(body=b"final")


EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"


def test_early_hints_are_passed_on(start, make_backend):
    backend = make_backend(interim(EARLY, EARLY.replace(b"a.css", b"b.css")))
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
    with gateway.connect() as client:
        for _ in range(2):
            client.send(request())
            answer = client.read_response()
            assert [(hint.status, hint.get("Link")) for hint in answer.interim] == [
                (103, "</a.css>; rel=preload"), (103, "</b.css>; rel=preload"),
            ]  # fmt: skip
            assert answer.body == b"final"


def test_early_hints_come_early(start, make_backend):
    goes_on = threading.Event()

    def serve(peer):
        peer.read_request()
        peer.send(EARLY)
        goes_on.wait(5)
        peer.send(response(body=b"final"))

    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {make_backend(serve=serve).url} }} }} }}")
    with gateway.connect() as client:
        client.send(request())
        assert client.read_head().startswith(b"HTTP/1.1 103 ")
        goes_on.set()
        assert client.read_response().body == b"final"


@pytest.mark.parametrize(
    ("heads", "version"),
    [([b"HTTP/1.1 100 Continue\r\n\r\n"], "1.1"), ([b"HTTP/1.1 100 Continue\r\n\r\n"] * 3, "1.1"), ([EARLY], "1.0")],
)
def test_interim_responses_that_are_kept_back(start, make_backend, heads, version):
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {make_backend(interim(*heads)).url} }} }} }}")
    with gateway.connect() as client:
        client.send(request(version=version))
        answer = client.read_response()
        assert (answer.interim, answer.body) == ([], b"final")


def test_a_backend_that_switches_protocols_is_refused(start, make_backend):
    switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nxxxx"
    backend = make_backend(lambda _: switching)
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
    answer = gateway.exchange(request("GET", "/", "Connection: upgrade", "Upgrade: x"))
    assert (answer.status, answer.json()["cause"]) == (502, "backend.malformed-response")
    assert "Upgrade" not in backend.requests[0]


def test_interim_responses_without_end_are_refused(start, make_backend):
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {make_backend(interim(*[EARLY] * 100)).url} }} }} }}")
    answer = gateway.exchange(request())
    assert answer.status == 502
