"""Requests that hide another one, with nginx as the backend: it must never see what was hidden, and no client the
answer to another's request.

Whoever gets `/admin` past the gateway has won: no route leads there, and only a request in another's body could.
"""

import itertools

import pytest
from harness import ONE_THREAD, chunked, request, response, wait_until

HIDDEN = b"GET /admin HTTP/1.1\r\nHost: inner.test\r\n\r\n"
POST = b"POST /public/a HTTP/1.1\r\nHost: shop.test\r\n"
SIZE = b"%x" % len(HIDDEN)


def lengths(inside, *fields):
    """A request with a Content-Length and further fields."""
    return POST + b"".join(field + b"\r\n" for field in fields) + b"Content-Length: %d\r\n\r\n" % len(inside) + inside


ATTACKS = {
    # Content-Length here, Transfer-Encoding there, and the other way round.
    "CL.TE": lengths(b"0\r\n\r\n" + HIDDEN, b"Transfer-Encoding: chunked"),
    "TE.CL": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + chunked(HIDDEN),
    "CL.0": lengths(HIDDEN),
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "two lengths, the other first": POST + b"Content-Length: %d\r\nContent-Length: 0\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "a length in a list": POST + b"Content-Length: 0, %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "a length with a plus": POST + b"Content-Length: +0\r\n\r\n" + HIDDEN,
    "a length that overflows": POST + b"Content-Length: 18446744073709551616\r\n\r\n" + HIDDEN,
    "a length in GET": lengths(HIDDEN).replace(b"POST", b"GET"),
    "a length in HEAD": lengths(HIDDEN).replace(b"POST", b"HEAD"),
    # Transfer-Encoding that one of two does not recognise.
    **{
        f"TE.TE {field!r}": lengths(b"0\r\n\r\n" + HIDDEN, field)
        for field in [
            b"Transfer-Encoding: xchunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding:\tchunked",
            b"Transfer-Encoding: \x0bchunked", b" Transfer-Encoding: chunked", b"X: y\nTransfer-Encoding: chunked",
            b"X: y\rTransfer-Encoding: chunked", b"Transfer-Encoding\n: chunked", b"Transfer-Encoding: x, chunked",
            b"Transfer-Encoding: chunked, x", b"transfer-encoding: CHUNKED", b"Transfer_Encoding: chunked",
            b"Transfer-Encoding:\r\n chunked", b'Transfer-Encoding: "chunked"', b"Transfer-Encoding: chunked\0",
            b"\0Transfer-Encoding: chunked", b"Transfer-Encoding\xa0: chunked", b"Transfer-Encoding: chunked;q=1",
            b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", b"Connection: Transfer-Encoding",
        ]
    },
    # Chunks.
    "a chunk size with a sign": POST + b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n" + HIDDEN,
    "a chunk size that overflows": POST + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n" + HIDDEN,
    "an extension with LF": POST + b"Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n" + SIZE + b"\r\n0\r\n\r\n" + HIDDEN,
    "an extension in quotes": POST + b'Transfer-Encoding: chunked\r\n\r\n2;a="\r\nxx\r\n0\r\n\r\n' + HIDDEN,
    "a chunk with a longer tail": POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nxxyy\r\n0\r\n\r\n" + HIDDEN,
    "a last chunk with LF": POST + b"Transfer-Encoding: chunked\r\n\r\n0\n\n" + HIDDEN,
    "a trailer that is a length": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"a", trailers=["Content-Length: 99"]) + HIDDEN
    ),
    # Fields that shall vanish on the way.
    "a connection that names the length": lengths(HIDDEN, b"Connection: Content-Length"),
    "a connection that names the coding": (
        POST + b"Transfer-Encoding: chunked\r\nConnection: close, Transfer-Encoding\r\n\r\n" + chunked(HIDDEN)
    ),
    "an upgrade": lengths(HIDDEN, b"Connection: Upgrade", b"Upgrade: h2c"),
    "an expectation": lengths(HIDDEN, b"Expect: 100-continue"),
    "an expectation in GET": lengths(HIDDEN, b"Expect: 100-continue").replace(b"POST", b"GET"),
    # HTTP/1.0, line ends, request lines.
    "HTTP/1.0": lengths(HIDDEN, b"Connection: keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0", 1),
    "HTTP/1.0 with chunks": (
        POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(HIDDEN)
    ),
    "LF in a value": POST + b"X: y\n\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n",
    "LF in the target": b"GET /public/\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n",
    "an encoded line end in the target": (
        b"GET /public/x%20HTTP/1.1%0d%0aHost:%20a%0d%0a%0d%0aGET%20/admin HTTP/1.1\r\nHost: a\r\n\r\n"
    ),
    "a line end in the query": b"GET /public/?a%0d%0aX:y HTTP/1.1\r\nHost: a\r\n\r\n",
    "a request in the request line": b"GET /public/ HTTP/1.1 GET /admin HTTP/1.1\r\nHost: a\r\n\r\n",
    "a path that climbs": b"GET /public/../admin HTTP/1.1\r\nHost: a\r\n\r\n",
    "a path that climbs in escapes": b"GET /public/%2e%2e/admin HTTP/1.1\r\nHost: a\r\n\r\n",
    "a path that climbs in double escapes": b"GET /public/%252e%252e/admin HTTP/1.1\r\nHost: a\r\n\r\n",
    "a path that climbs with a parameter": b"GET /public/..;/admin HTTP/1.1\r\nHost: a\r\n\r\n",
    "a path that climbs with a backslash": b"GET /public/..%5cadmin HTTP/1.1\r\nHost: a\r\n\r\n",
    "an absolute form": b"GET http://inner.test/admin HTTP/1.1\r\nHost: shop.test\r\n\r\n",
    "two slashes": b"GET //admin HTTP/1.1\r\nHost: shop.test\r\n\r\n",
    "a rewritten path": b"GET /public/a HTTP/1.1\r\nHost: a\r\nX-Original-URL: /admin\r\nX-Rewrite-URL: /admin\r\n\r\n",
}  # fmt: skip


victims = itertools.count()


@pytest.fixture(scope="module")
def nginx(start_nginx):
    return start_nginx('location / { return 200 "$request_method $request_uri"; }')


@pytest.fixture(scope="module")
def gateway(start_shared, nginx):
    # One thread and one connection to nginx, so that what one request leaves there would meet the next.
    return start_shared(
        "apis: { all: { routes: { 'ANY /public/{p+}': inner } } }\n"
        f"backends: {{ inner: {{ targets: {nginx.url}, pool: {{ connections: 1 }} }} }}",
        arguments=ONE_THREAD,
    )


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("rest", [b"", b"GET /public/own HTTP/1.1\r\nHost: a\r\n\r\n"], ids=["alone", "followed"])
def test_nothing_is_smuggled(gateway, nginx, name, rest):
    before = len(nginx.requests())
    with gateway.connect(patience=0.05) as attacker:
        attacker.send(ATTACKS[name] + rest)
        try:
            attacker.read_to_end()
        except TimeoutError:
            pass
    path = f"/public/victim-{next(victims)}"
    victim = gateway.exchange(request("GET", path))
    assert (victim.status, victim.body) == (200, f"GET {path}".encode())
    wait_until(lambda: f"GET {path} HTTP/1.1" in nginx.requests(), "the victim's request in nginx's log")
    seen = nginx.requests()[before:]
    assert all(line.split(" ")[1].startswith("/public/") for line in seen), seen
    assert len(seen) <= 3, seen


def test_a_request_behind_an_unread_body_is_not_served_from_within_it(gateway, nginx):
    """The gateway answers 404 before the body has come: what then comes is body, whatever it looks like."""
    before = len(nginx.requests())
    inside = b"GET /public/inside HTTP/1.1\r\nHost: a\r\n\r\n"
    with gateway.connect() as client:
        client.send(b"POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(inside))
        assert client.read_response().status == 404
        client.send(inside + request("GET", "/public/next"))
        assert client.read_response().body == b"GET /public/next"
    assert nginx.requests(before + 1)[before:] == ["GET /public/next HTTP/1.1"]


EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Content-Length\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"ok"),
        b"HTTP/1.1 204 No\r\nContent-Length: 49\r\n\r\n",
        b"HTTP/1.1 304 No\r\nContent-Length: 49\r\n\r\n",
    ],
)
def test_a_backend_can_not_answer_the_next_request_in_advance(start, make_backend, first):
    backend = make_backend(lambda seen: first + EVIL if seen.target == "/first" else response(body=b"good"))
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
    with gateway.connect() as client:
        client.send(request("GET", "/first") + request("GET", "/second"))
        assert client.read_response().body in (b"ok", b"")
        assert client.read_response().body == b"good"
    assert len(backend.peers) == 2
