"""Malformed, oversized and ambiguous requests: a status, a closed connection, a cause, and nothing for a backend."""

import time

import pytest
from harness import chunked, request

HOST = b"Host: shop.test\r\n"
GET = b"GET / HTTP/1.1\r\n"
POST = b"POST / HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"

# name: (bytes, status, cause without "wire.")
HEADS = {
    "two lengths that differ": (
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, "duplicate-content-length",
    ),
    "two equal lengths": (
        POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400, "duplicate-content-length",
    ),
    "a list of lengths": (POST + b"Content-Length: 1, 1\r\n\r\na", 400, "content-length"),
    "a length with a sign": (POST + b"Content-Length: +1\r\n\r\na", 400, "content-length"),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\n", 400, "content-length"),
    "a hexadecimal length": (POST + b"Content-Length: 0x1\r\n\r\na", 400, "content-length"),
    "an empty length": (POST + b"Content-Length: \r\n\r\n", 400, "content-length"),
    "a length with a blank inside": (POST + b"Content-Length: 1 0\r\n\r\n", 400, "content-length"),
    "a length beyond 64 bits": (POST + b"Content-Length: 18446744073709551617\r\n\r\na", 400, "content-length"),
    "length with chunked": (
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "length-and-transfer-encoding",
    ),
    "chunked with length": (
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, "length-and-transfer-encoding",
    ),
    "a coding that is not chunked": (POST + b"Transfer-Encoding: identity\r\n\r\n", 400, "transfer-encoding"),
    "chunked before gzip": (POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n", 400, "transfer-encoding"),
    "chunked twice": (POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400, "transfer-encoding"),
    "chunked on two lines": (
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "transfer-encoding",
    ),
    "chunked with a vertical tab": (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400, "field-value"),
    "xchunked": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, "transfer-encoding"),
    "chunked in quotes": (POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n', 400, "transfer-encoding"),
    "an empty transfer encoding": (POST + b"Transfer-Encoding:\r\n\r\n", 400, "transfer-encoding"),
    "gzip before chunked": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "transfer-coding"),
    "chunked in HTTP/1.0": (
        b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400, "transfer-encoding-in-http10",
    ),
    "a bare LF after the request line": (b"GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "bare-lf"),
    "a bare LF after a field": (GET + b"Host: a\nX: y\r\n\r\n", 400, "bare-lf"),
    "a bare LF as the empty line": (GET + HOST + b"\n", 400, "bare-lf"),
    "only bare LFs": (b"GET / HTTP/1.1\nHost: a\n\n", 400, "bare-lf"),
    "a bare CR in a value": (GET + HOST + b"X: a\rb\r\n\r\n", 400, "bare-cr"),
    "a bare CR before a field": (GET + b"\rHost: a\r\n\r\n", 400, "bare-cr"),
    "a bare CR in the request line": (b"GET / HTTP/1.1\rX\r\n" + HOST + b"\r\n", 400, "bare-cr"),
    "two CRs": (GET + b"Host: a\r\r\n\r\n", 400, "bare-cr"),
    "a folded field": (GET + HOST + b"X: a\r\n b\r\n\r\n", 400, "obs-fold"),
    "a field folded with a tab": (GET + HOST + b"X: a\r\n\tb\r\n\r\n", 400, "obs-fold"),
    "a blank before the first field": (GET + b" Host: a\r\n\r\n", 400, "obs-fold"),
    "a blank before the colon": (GET + b"Host : a\r\n\r\n", 400, "space-before-colon"),
    "a tab before the colon": (GET + HOST + b"X\t: a\r\n\r\n", 400, "space-before-colon"),
    "an empty name": (GET + HOST + b": a\r\n\r\n", 400, "empty-field-name"),
    "a line without a colon": (GET + HOST + b"nocolon\r\n\r\n", 400, "field-name"),
    "a slash in a name": (GET + HOST + b"X/Y: a\r\n\r\n", 400, "field-name"),
    "a byte over 127 in a name": (GET + HOST + b"X\xe4: a\r\n\r\n", 400, "field-name"),
    "NUL in a name": (GET + HOST + b"X\0: a\r\n\r\n", 400, "field-name"),
    "NUL in a value": (GET + HOST + b"X: a\0b\r\n\r\n", 400, "field-value"),
    "DEL in a value": (GET + HOST + b"X: a\x7fb\r\n\r\n", 400, "field-value"),
    "ESC in a value": (GET + HOST + b"X: \x1b[31m\r\n\r\n", 400, "field-value"),
    "no Host": (GET + b"\r\n", 400, "missing-host"),
    "two Hosts": (GET + b"Host: a\r\nHost: a\r\n\r\n", 400, "duplicate-host"),
    "an empty Host": (GET + b"Host:\r\n\r\n", 400, "host"),
    "a list of Hosts": (GET + b"Host: a, b\r\n\r\n", 400, "host"),
    "a Host with a path": (GET + b"Host: a/b\r\n\r\n", 400, "host"),
    "a Host with a user": (GET + b"Host: u@a\r\n\r\n", 400, "host"),
    "a Host with a port that is none": (GET + b"Host: a:b\r\n\r\n", 400, "host"),
    "a Host with a port too large": (GET + b"Host: a:65536\r\n\r\n", 400, "host"),
    "a Host with a quote": (GET + b'Host: a"b\r\n\r\n', 400, "host"),
    "half an IPv6 address": (GET + b"Host: [::1\r\n\r\n", 400, "host"),
    "a target with a user": (b"GET http://u@a/ HTTP/1.1\r\n" + HOST + b"\r\n", 400, "host"),
    "an unknown expectation": (POST + b"Expect: 200-ok\r\nContent-Length: 1\r\n\r\n", 417, "expectation"),
    "two blanks before the version": (b"GET /  HTTP/1.1\r\n" + HOST + b"\r\n", 400, "version"),
    "a blank before the method": (b" GET / HTTP/1.1\r\n" + HOST + b"\r\n", 400, "request-line"),
    "tabs in the request line": (b"GET\t/\tHTTP/1.1\r\n" + HOST + b"\r\n", 400, "request-line"),
    "a method that is no token": (b"G{T / HTTP/1.1\r\n" + HOST + b"\r\n", 400, "request-line"),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400, "request-line"),
    "TLS on a plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "request-line"),
    "a target without a slash": (b"GET index.html HTTP/1.1\r\n" + HOST + b"\r\n", 400, "target"),
    "another scheme": (b"GET ftp://a/ HTTP/1.1\r\n" + HOST + b"\r\n", 400, "target"),
    "a fragment": (b"GET /#top HTTP/1.1\r\n" + HOST + b"\r\n", 400, "target"),
    "a byte over 127 in the target": (b"GET /\xe4 HTTP/1.1\r\n" + HOST + b"\r\n", 400, "target"),
    "an asterisk with GET": (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", 400, "asterisk-form"),
    "an asterisk and more": (b"OPTIONS *x HTTP/1.1\r\n" + HOST + b"\r\n", 400, "asterisk-form"),
    "CONNECT": (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501, "connect"),
    "HTTP/2.0": (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505, "unsupported-version"),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", 505, "unsupported-version"),
    "HTTP/0.9 in full": (b"GET / HTTP/0.9\r\n\r\n", 505, "unsupported-version"),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "unsupported-version"),
    "a lower-case version": (b"GET / http/1.1\r\n" + HOST + b"\r\n", 400, "version"),
    "HTTP/1.10": (b"GET / HTTP/1.10\r\n" + HOST + b"\r\n", 400, "version"),
    "HTTP/11": (b"GET / HTTP/11\r\n" + HOST + b"\r\n", 400, "version"),
    "a target too long": (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414, "request-line-too-long"),
    "a method too long": (b"G" * 9_000 + b" / HTTP/1.1\r\n" + HOST + b"\r\n", 414, "request-line-too-long"),
    "a target without an end": (b"GET /" + b"a" * 40_000, 414, "request-line-too-long"),
    "a field too large": (GET + HOST + b"X: " + b"a" * 40_000 + b"\r\n\r\n", 431, "head-too-large"),
    "a field without an end": (GET + HOST + b"X: " + b"a" * 40_000, 431, "head-too-large"),
    "fields too large together": (GET + HOST + (b"X: " + b"a" * 1_000 + b"\r\n") * 40 + b"\r\n", 431, "head-too-large"),
    "too many fields": (GET + HOST + b"X: a\r\n" * 100 + b"\r\n", 431, "too-many-fields"),
}  # fmt: skip

BODIES = {
    "no size": (b"\r\nabc\r\n0\r\n\r\n", 400, "chunk-size"),
    "a size that is no number": (b"x\r\nabc\r\n0\r\n\r\n", 400, "chunk-size"),
    "a size with 0x": (b"0x3\r\nabc\r\n0\r\n\r\n", 400, "chunk-size"),
    "a size with a sign": (b"+3\r\nabc\r\n0\r\n\r\n", 400, "chunk-size"),
    "a negative size": (b"-3\r\nabc\r\n0\r\n\r\n", 400, "chunk-size"),
    "a blank before the size": (b" 3\r\nabc\r\n0\r\n\r\n", 400, "chunk-size"),
    "a blank after the size": (b"3 \r\nabc\r\n0\r\n\r\n", 400, "chunk-size"),
    "a size beyond 64 bits": (b"10000000000000003\r\nabc\r\n0\r\n\r\n", 400, "chunk-size"),
    "a size of zeros": (b"0" * 100 + b"\r\n\r\n", 400, "chunk-size"),
    "a size that ends in LF": (b"3\nabc\r\n0\r\n\r\n", 400, "bare-lf"),
    "an extension that ends in LF": (b"3;a\nabc\r\n0\r\n\r\n", 400, "bare-lf"),
    "a CR in an extension": (b"3;a\rb\r\nabc\r\n0\r\n\r\n", 400, "bare-cr"),
    "an extension too long": (b"3;" + b"a" * 300 + b"\r\nabc\r\n0\r\n\r\n", 400, "chunk-extension"),
    "a chunk longer than its size": (b"3\r\nabcd\r\n0\r\n\r\n", 400, "chunk-end"),
    "a chunk that ends in LF": (b"3\r\nabc\n0\r\n\r\n", 400, "bare-lf"),
    "a chunk that ends in CR": (b"3\r\nabc\r0\r\n\r\n", 400, "bare-cr"),
    "a last chunk that ends in LF": (b"0\r\n\n", 400, "bare-lf"),
    "a Content-Length as a trailer": (chunked(b"abc", trailers=["Content-Length: 3"]), 400, "trailer"),
    "a Transfer-Encoding as a trailer": (chunked(b"abc", trailers=["Transfer-Encoding: chunked"]), 400, "trailer"),
    "a Host as a trailer": (chunked(b"abc", trailers=["Host: a"]), 400, "trailer"),
    "an Authorization as a trailer": (chunked(b"abc", trailers=["Authorization: a"]), 400, "trailer"),
    "an X-Forwarded-For as a trailer": (chunked(b"abc", trailers=["X-Forwarded-For: 1.1.1.1"]), 400, "trailer"),
    "a folded trailer": (chunked(b"abc", trailers=["X: a", " b"]), 400, "obs-fold"),
    "a trailer without a colon": (chunked(b"abc", trailers=["X"]), 400, "field-name"),
    "trailers too large": (chunked(b"abc", trailers=["X: " + "a" * 9_000]), 431, "trailers-too-large"),
}


@pytest.fixture(scope="module")
def echo(make_shared_backend):
    return make_shared_backend()


@pytest.fixture(scope="module")
def gateway(start_shared, echo):
    return start_shared(f"apis: {{ all: {{ routes: {{ $default: {echo.url} }} }} }}")


def refused(gateway, sent, status, cause, pause=0):
    """Sends pieces of a request, and checks the refusal from the status to the log."""
    with gateway.connect() as client:
        try:
            client.send(*sent, pause=pause)
        except (BrokenPipeError, ConnectionResetError):
            pass  # The answer may come before the last piece is sent.
        answer = client.read_response()
        assert (answer.status, answer.json()["cause"]) == (status, f"wire.{cause}")
        assert answer.get("Connection") == "close"
        assert client.is_closed()
    line = gateway.line_of(answer)
    assert (line["status"], line["cause"]) == (status, f"wire.{cause}")


@pytest.mark.parametrize("name", HEADS)
def test_a_bad_head_is_refused_and_never_reaches_a_backend(gateway, echo, name):
    sent, status, cause = HEADS[name]
    refused(gateway, [sent], status, cause)
    assert echo.peers == []


@pytest.mark.parametrize("name", [name for name in HEADS if len(HEADS[name][0]) < 1_000])
def test_a_bad_head_in_two_pieces_is_refused_all_the_same(gateway, echo, name):
    sent, status, cause = HEADS[name]
    middle = len(sent) * 2 // 3
    refused(gateway, [sent[:middle], sent[middle:]], status, cause, pause=0.003)
    assert echo.peers == []


@pytest.mark.parametrize("name", HEADS)
def test_a_bad_head_behind_a_good_request_is_refused_after_its_answer(start, backend, name):
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
    sent, status, _ = HEADS[name]
    with gateway.connect() as client:
        client.send(request("GET", "/good") + sent)
        assert client.read_response().status == 200
        assert client.read_response().status == status
        assert client.is_closed()
    assert [seen.target for seen in backend.requests] == ["/good"]


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_that_comes_with_its_head_never_reaches_a_backend(gateway, echo, name):
    body, status, cause = BODIES[name]
    refused(gateway, [CHUNKED + body], status, cause)
    assert echo.peers == []


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_that_comes_later_is_never_complete_at_a_backend(start, make_backend, name):
    body, status, cause = BODIES[name]
    backend = make_backend()
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
    with gateway.connect() as client:
        client.send(CHUNKED)
        backend.wait_for_requests(1)
        client.send(body)
        answer = client.read_response()
        assert (answer.status, answer.json()["cause"]) == (status, f"wire.{cause}")
        assert client.is_closed()
    assert gateway.line_of(answer)["cause"] == f"wire.{cause}"
    [peer] = backend.peers
    assert peer.has_ended.wait(5), "the connection to the backend stays open"
    assert len(peer.requests) == 1
    passed_on = bytes(peer.received).split(b"\r\n\r\n", 1)[1]
    assert b"0\r\n" not in passed_on


# Limits


LIMITED = "limits: {{ request_line: 256, head: 1024, headers: 5, body: 1000, {more} }}"


@pytest.fixture
def limited(start, backend):
    def make(more="head_timeout: 5s"):
        limits = LIMITED.format(more=more)
        routes = f"{{ $default: {backend.url}, GET /m: {{ reply: {{ text: m }} }} }}"
        return start(f"apis: {{ all: {{ routes: {routes} }} }}\n{limits}")

    return make


def padded(size):
    """A request whose head has so many bytes."""
    return request("GET", "/", "A: " + "a" * (size - len(request("GET", "/", "A: "))))


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /%b HTTP/1.1\r\n" % (b"a" * 242) + HOST + b"\r\n", 200),
        (b"GET /%b HTTP/1.1\r\n" % (b"a" * 243) + HOST + b"\r\n", 414),
        (request("GET", "/", "A: 1", "B: 2", "C: 3", "D: 4"), 200),
        (request("GET", "/", "A: 1", "B: 2", "C: 3", "D: 4", "E: 5"), 431),
        (padded(1024), 200),
        (padded(1025), 431),
        (request("POST", "/", body=b"a" * 1000), 200),
        (request("POST", "/", body=b"a" * 1001), 413),
        (request("POST", "/m", body=b"a" * 1001), 413),
        (request("POST", "/", "Content-Length: 999999999999"), 413),
        (request("POST", "/", "Transfer-Encoding: chunked") + chunked(b"a" * 600, b"b" * 400), 200),
        (request("POST", "/", "Transfer-Encoding: chunked") + chunked(b"a" * 600, b"b" * 401), 413),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else f"{len(value)} bytes",
)
def test_limits_hold_to_the_byte(limited, backend, sent, status):
    gateway = limited()
    with gateway.connect() as client:
        client.send(sent)
        answer = client.read_response()
        assert answer.status == status
        if status != 200:
            assert client.is_closed()
    if status != 200:
        assert gateway.line_of(answer)["cause"].startswith("wire.")
        assert not any(len(seen.body) > 1000 for seen in backend.requests)


def test_a_head_of_exactly_the_limit_is_taken_whole_or_in_pieces(limited):
    gateway = limited()
    sent = padded(1024)
    assert gateway.exchange(sent).status == 200
    with gateway.connect() as client:
        client.send(sent[:300], sent[300:1023], sent[1023:], pause=0.005)
        assert client.read_response().status == 200


# Time-outs


@pytest.mark.parametrize(
    ("setting", "sent", "cause"),
    [
        ("head_timeout: 200ms", b"GET / HTTP/1.1\r\nHost:", "client.head-timeout"),
        ("head_timeout: 200ms", b"G", "client.head-timeout"),
        ("body_idle: 200ms", POST + b"Content-Length: 10\r\n\r\n12345", "client.body-timeout"),
        ("body_idle: 200ms", CHUNKED + b"5\r\n12345\r\n", "client.body-timeout"),
    ],
)
def test_a_client_that_stops_is_told_so(limited, setting, sent, cause):
    gateway = limited(setting)
    begun = time.monotonic()
    with gateway.connect() as client:
        client.send(sent)
        answer = client.read_response()
        assert (answer.status, answer.json()["cause"]) == (408, cause)
        assert client.is_closed()
    assert 0.15 < time.monotonic() - begun < 2
    assert gateway.line_of(answer)["cause"] == cause


def test_a_head_that_drips_is_cut_off_in_time(limited):
    gateway = limited("head_timeout: 300ms")
    with gateway.connect() as client:
        begun = time.monotonic()
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(200):
                client.send(b"a")
                time.sleep(0.02)
        assert time.monotonic() - begun < 3.5


@pytest.mark.parametrize("first", [b"", request("GET", "/m")])
def test_an_idle_connection_is_closed_without_a_word(limited, first):
    gateway = limited("head_timeout: 200ms, keep_alive: 200ms")
    with gateway.connect() as client:
        if first:
            client.send(first)
            client.read_response()
        begun = time.monotonic()
        assert client.is_closed()
        assert time.monotonic() - begun < 2
    assert len(gateway.log_lines()) <= (1 if first else 0)


def test_a_slow_body_that_keeps_coming_is_let_through(limited, backend):
    gateway = limited("body_idle: 200ms")
    with gateway.connect() as client:
        client.send(POST + b"Content-Length: 10\r\n\r\n", *[b"x"] * 10, pause=0.05)
        assert client.read_response().status == 200
    assert backend.requests[0].body == b"x" * 10


def test_connections_over_the_limit_are_closed_at_once(start):
    gateway = start("apis: { all: { routes: { $default: { reply: { text: m } } } } }\nlimits: { connections: 3 }")
    time.sleep(0.05)  # The connection that the harness made to see the gateway listen has to be gone.
    clients = [gateway.connect() for _ in range(3)]
    for client in clients:
        client.send(request())
        assert client.read_response().status == 200
    with gateway.connect() as fourth:
        assert fourth.is_closed()
    clients.pop().close()
    time.sleep(0.05)
    assert gateway.exchange(request()).status == 200
    for client in clients:
        client.close()


def test_a_refusal_reaches_a_client_that_goes_on_sending(limited):
    gateway = limited()
    with gateway.connect() as client:
        client.send(POST + b"Content-Length: 5000000\r\n\r\n")
        sent = 0
        try:
            for _ in range(50):
                client.send(b"x" * 10_000)
                sent += 1
                time.sleep(0.001)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert client.read_response().status == 413
        assert client.is_closed()


def test_http_10_needs_no_host(gateway):
    assert gateway.exchange(b"OPTIONS * HTTP/1.0\r\n\r\n").status == 204
