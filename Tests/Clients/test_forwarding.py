"""What a backend sees of a request, and a client of a response."""

import http.client
import re
import socket

import pytest
from harness import chunked, free_port, request, response

BOTH_PROTOCOLS = True
ADDED = {"X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-For", "Forwarded", "Via", "X-Request-Id"}


def has_ipv6():
    """Whether this machine has IPv6's loopback."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def own_fields(message):
    """The fields that are neither the Host nor the gateway's."""
    return [f"{name}: {value}" for name, value in message.headers if name not in ADDED | {"Host"}]


@pytest.fixture
def trusting(start, backend):
    """A gateway that believes what its peers say."""
    return start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}\ntrusted_proxies: 127.0.0.0/8")


@pytest.mark.http1
def test_the_whole_head_is_as_documented(gateway, backend):
    gateway.exchange(request("GET", "/a/b?c=d&e=%2f", "Accept: */*", "X-One: 1"))
    pattern = (
        b"GET /a/b\\?c=d&e=%%2f HTTP/1.1\r\n"
        b"Host: 127.0.0.1:%d\r\n"
        b"Accept: \\*/\\*\r\n"
        b"X-One: 1\r\n"
        b"X-Forwarded-Proto: http\r\n"
        b"X-Forwarded-Host: shop.test\r\n"
        b"X-Forwarded-For: 127.0.0.1\r\n"
        b'Forwarded: for=127.0.0.1;host="shop.test";proto=http\r\n'
        b"Via: 1.1 daemun\r\n"
        b"X-Request-Id: [0-9a-f]{32}\r\n\r\n"
    ) % backend.port
    assert re.fullmatch(pattern, backend.received), backend.received


@pytest.mark.http1
@pytest.mark.parametrize(
    "fields",
    [
        ["Connection: keep-alive"],
        ["Connection: close"],
        ["Keep-Alive: timeout=5"],
        ["Proxy-Connection: keep-alive"],
        ["TE: trailers", "Connection: TE"],
        ["Trailer: X-Sum"],
        ["Upgrade: h2c", "Connection: upgrade"],
        ["Proxy-Authorization: Basic eA=="],
        ["Proxy-Authenticate: Basic"],
        ["connection: KEEP-ALIVE", "KEEP-ALIVE: max=1"],
        ["Connection: X-Secret", "X-Secret: 1"],
        ["Connection: close, x-secret , X-OTHER", "X-Secret: 1", "X-Other: 2", "x-SECRET: 3"],
        ["Connection: X-Secret", "Connection: X-Other", "X-Other: 2", "X-Secret: 1"],
        ["Connection: ,, X-Secret,", "X-Secret: 1"],
    ],
    ids=lambda fields: " + ".join(fields),
)
def test_what_belongs_to_one_connection_is_not_passed_on(gateway, backend, fields):
    gateway.exchange(request("GET", "/", "X-Before: 1", *fields, "X-After: 2"))
    assert own_fields(backend.requests[0]) == ["X-Before: 1", "X-After: 2"]


@pytest.mark.http1
def test_a_client_can_not_have_the_gateways_own_fields_removed(gateway, backend):
    names = ["Host", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Via", "X-Request-Id"]
    gateway.exchange(request("POST", "/", "Connection: " + ", ".join(names)))
    assert set(names) <= set(backend.requests[0].names)


@pytest.mark.http1
@pytest.mark.parametrize("option", ["Content-Length", "content-length", "close, Content-Length", "Transfer-Encoding"])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_client_can_not_have_the_framing_removed(gateway, backend, option, is_chunked):
    hidden = request("GET", "/hidden")
    if is_chunked:
        sent = request("POST", "/", "Transfer-Encoding: chunked", f"Connection: {option}") + chunked(hidden)
    else:
        sent = request("POST", "/", f"Connection: {option}", body=hidden)
    gateway.exchange(sent)
    assert [seen.target for seen in backend.requests] == ["/"]
    assert backend.requests[0].body == hidden


@pytest.mark.http1
def test_all_other_fields_keep_order_case_and_bytes(gateway, backend):
    fields = [
        "x-lower: a", "X-UPPER: B", "X-Twice: 1", "X-Between: ,", "X-Twice: 2", "X-Empty: ", "X-Tab: a\tb",
        "X-Bytes: \xe4\xff\x80", 'X-Quotes: "a, b"; c=d', "X-!#$%&'*+-.^_`|~9: odd", "Cookie: a=1; b=2", "Cookie: c=3",
        "Authorization: Bearer abc.def", "User-Agent: test/1.0", "Accept-Encoding: gzip, br", "Range: bytes=0-1",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate: congo=t61rcWkgMzE",
    ]  # fmt: skip
    gateway.exchange(request("GET", "/", *fields))
    assert own_fields(backend.requests[0]) == fields


@pytest.mark.http1
def test_blanks_around_values_become_one_space_before(gateway, backend):
    gateway.exchange(request("GET", "/", "X-None:a", "X-Many:   b", "X-Tab:\tc", "X-After: d  \t", "X-In: e  f"))
    lines = backend.requests[0].head.split(b"\r\n")
    assert lines[2:7] == [b"X-None: a", b"X-Many: b", b"X-Tab: c", b"X-After: d", b"X-In: e  f"]


@pytest.mark.parametrize("host", ["shop.test", "shop.test:8080", "SHOP.test", "127.0.0.1:80", "[::1]:8080"])
def test_the_clients_host_is_told_in_the_forwarded_fields(gateway, backend, host):
    gateway.exchange(request(host=host))
    seen = backend.requests[0]
    assert seen.get("Host") == f"127.0.0.1:{backend.port}"
    assert seen.get("X-Forwarded-Host") == host
    assert seen.get("Forwarded") == f'for=127.0.0.1;host="{host}";proto=http'


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("preserve", "shop.test:99"), ("target", None), ("inner.test", "inner.test")],
)
def test_the_route_says_what_the_backend_sees_as_host(start, backend, setting, expected):
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {{ to: {backend.url}, host: {setting} }} }} }} }}")
    gateway.exchange(request(host="shop.test:99"))
    assert backend.requests[0].get("Host") == (expected or f"127.0.0.1:{backend.port}")


@pytest.mark.http1
def test_the_absolute_forms_authority_goes_before_host(gateway, backend):
    gateway.exchange(request("GET", "http://real.test:81/x?y", host="other.test"))
    seen = backend.requests[0]
    assert (seen.target, seen.get("X-Forwarded-Host")) == ("/x?y", "real.test:81")


@pytest.mark.parametrize(
    "field",
    [
        "X-Forwarded-For: 9.9.9.9", "Forwarded: for=9.9.9.9", "X-Forwarded-Proto: https", "X-Forwarded-Port: 443",
        "X-Forwarded-Host: evil.test", "X-Request-Id: mine",
    ],
)  # fmt: skip
def test_nobody_is_believed_by_default(gateway, backend, field):
    gateway.exchange(request("GET", "/", field))
    seen = backend.requests[0]
    assert field.split(": ")[1] not in [value for _, value in seen.headers]
    assert seen.get("X-Forwarded-For") == "127.0.0.1"
    assert seen.get("X-Forwarded-Proto") == "http"
    assert "X-Forwarded-Port" not in seen


def test_a_trusted_proxys_fields_are_continued(trusting, backend):
    trusting.exchange(
        request(
            "GET", "/", "X-Forwarded-For: 9.9.9.9, 127.0.0.2", "Forwarded: for=9.9.9.9", "X-Forwarded-Proto: https",
            "X-Forwarded-Host: front.test", "X-Forwarded-Port: 443", "X-Request-Id: abc-1", "Via: 1.1 front",
        )  # fmt: skip
    )
    seen = backend.requests[0]
    assert seen.get("X-Forwarded-For") == "9.9.9.9, 127.0.0.2, 127.0.0.1"
    assert seen.get("Forwarded") == 'for=9.9.9.9, for=127.0.0.1;host="shop.test";proto=http'
    assert seen.get("X-Forwarded-Proto") == "https"
    assert seen.get("X-Forwarded-Host") == "front.test"
    assert seen.get("X-Forwarded-Port") == "443"
    assert seen.get("X-Request-Id") == "abc-1"
    assert seen.all("Via") == ["1.1 front", "2.0 daemun" if trusting.protocol == "HTTP/2" else "1.1 daemun"]


@pytest.mark.http1
@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize(("listener", "client", "name"), [("::1", "::1", "::1"), ("::", "127.0.0.1", "127.0.0.1")])
def test_a_clients_address_is_told_in_its_own_family(start, backend, listener, client, name):
    port = free_port()
    gateway = start(
        f"listen: {{ address: '{listener}', port: {port} }}\n"
        f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}\ntrusted_proxies: 127.0.0.1",
        port=port,
        address=client,
    )
    answer = gateway.exchange(request("GET", "/", "X-Forwarded-For: 9.9.9.9"))
    seen = backend.requests[0]
    is_trusted = client == "127.0.0.1"
    assert seen.get("X-Forwarded-For") == (f"9.9.9.9, {name}" if is_trusted else name)
    quoted = f'"[{name}]"' if ":" in name else name
    assert seen.get("Forwarded") == f'for={quoted};host="shop.test";proto=http'
    assert gateway.line_of(answer)["client"] == ("9.9.9.9" if is_trusted else name)


def test_lists_over_several_lines_are_joined_in_order(trusting, backend):
    trusting.exchange(request("GET", "/", "X-Forwarded-For: 1.1.1.1", "X-Other: x", "X-Forwarded-For: 2.2.2.2"))
    assert backend.requests[0].get("X-Forwarded-For") == "1.1.1.1, 2.2.2.2, 127.0.0.1"


@pytest.mark.http1
@pytest.mark.parametrize("sent", ["", " ", "a b", 'a"b', "<script>", "x" * 129, "\xe9", "a;b", "a,b"])
def test_a_malformed_request_id_is_replaced_even_from_a_trusted_proxy(trusting, backend, sent):
    answer = trusting.exchange(request("GET", "/", f"X-Request-Id: {sent}"))
    assert re.fullmatch("[0-9a-f]{32}", backend.requests[0].get("X-Request-Id"))
    assert answer.get("X-Request-Id") == backend.requests[0].get("X-Request-Id")


def test_the_request_id_is_the_same_everywhere_and_different_each_time(gateway, backend):
    ids = []
    for _ in range(5):
        answer = gateway.exchange(request("GET", "/"))
        ids.append(answer.get("X-Request-Id"))
    assert [seen.get("X-Request-Id") for seen in backend.requests] == ids
    assert [line["request_id"] for line in gateway.log_lines(5)] == ids
    assert len(set(ids)) == 5


@pytest.mark.http1
def test_via_tells_the_version_that_the_client_spoke(gateway, backend):
    gateway.exchange(request(version="1.0"))
    assert backend.requests[0].all("Via") == ["1.0 daemun"]


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "get", "X-!~9"]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_passed_on_as_it_is(gateway, backend, method):
    gateway.exchange(request(method, "/m"))
    assert backend.requests[0].method == method


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_request_without_a_body_gets_no_framing(gateway, backend, method):
    gateway.exchange(request(method))
    assert "Content-Length" not in backend.requests[0]
    assert "Transfer-Encoding" not in backend.requests[0]


@pytest.mark.http1
def test_a_length_of_zero_is_kept(gateway, backend):
    gateway.exchange(request("POST", "/", body=b""))
    assert backend.requests[0].get("Content-Length") == "0"


@pytest.mark.parametrize("query", ["?", "?a", "?a=b&a=c", "?%zz", "?/../x?y", "?a=%00", "?{}|^[]`'"])
def test_the_query_is_passed_on_byte_for_byte(gateway, backend, query):
    gateway.exchange(request("GET", "/q" + query))
    assert backend.requests[0].target == "/q" + query


@pytest.mark.http1
def test_http_client_round_trip(gateway, backend):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    for number in range(3):
        connection.request("POST", f"/{number}", body=b"x" * number, headers={"Content-Type": "text/plain"})
        assert connection.getresponse().read() == b"hello"
    connection.request("PUT", "/chunks", body=iter([b"ab", b"cde"]), encode_chunked=True)
    assert connection.getresponse().read() == b"hello"
    connection.close()
    assert [seen.body for seen in backend.requests] == [b"", b"x", b"xx", b"abcde"]
    assert len(backend.peers) == 1


# Responses


@pytest.mark.http1
def test_a_response_keeps_status_reason_order_and_bytes(start, make_backend):
    fields = [
        "Server: own/1", "Date: Sat, 01 Jan 2000 00:00:00 GMT", "Set-Cookie: a=1", "X-Mid: x", "Set-Cookie: b=2",
        "x-lower: \xe4\xff", "X-Empty: ", 'ETag: "1"', "Via: 1.0 inner", "Allow: GET",
    ]  # fmt: skip
    backend = make_backend(lambda _: response(299, *fields, body=b"data", reason="Quite \xe4 Reason"))
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
    answer = gateway.exchange(request())
    assert answer.line.decode("latin-1") == "HTTP/1.1 299 Quite \xe4 Reason"
    assert [f"{name}: {value}" for name, value in answer.headers[:-1]] == ["Content-Length: 4", *fields]
    assert answer.headers[-1][0] == "X-Request-Id"
    assert answer.body == b"data"


@pytest.mark.http1
@pytest.mark.parametrize(
    "fields",
    [
        ["Connection: keep-alive", "Keep-Alive: timeout=5"],
        ["Connection: close"],
        ["Connection: X-Inner", "X-Inner: secret"],
        ["Proxy-Connection: close"],
        ["Upgrade: h2c", "Connection: upgrade"],
        ["Connection: Content-Length"],
        ["Trailer: X-Sum"],
        ["X-Request-Id: theirs"],
    ],
    ids=lambda fields: " + ".join(fields),
)
def test_a_response_loses_what_belongs_to_one_connection(start, make_backend, fields):
    backend = make_backend(lambda _: response(200, "X-Before: 1", *fields, "X-After: 2", body=b"data"))
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
    answer = gateway.exchange(request())
    assert answer.names == ["Content-Length", "X-Before", "X-After", "X-Request-Id"]
    assert re.fullmatch("[0-9a-f]{32}", answer.get("X-Request-Id"))


@pytest.mark.parametrize("status", [200, 201, 301, 302, 307, 400, 401, 404, 418, 499, 500, 501, 502, 503, 504, 599])
def test_a_backends_status_is_its_own(start, make_backend, status):
    backend = make_backend(lambda _: response(status, "Location: /x", body=b"mine"))
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
    answer = gateway.exchange(request())
    assert (answer.status, answer.body, answer.get("Location")) == (status, b"mine", "/x")
    line = gateway.line_of(answer)
    assert (line["status"], line["backend_status"], line.get("cause")) == (status, status, None)


def test_a_response_without_reason_or_its_space_is_understood(start, make_backend):
    for line in (b"HTTP/1.1 200 \r\n", b"HTTP/1.1 200\r\n"):
        backend = make_backend(lambda _: line + b"Content-Length: 2\r\n\r\nok")
        gateway = start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
        assert gateway.exchange(request()).body == b"ok"


@pytest.mark.http1
def test_chunked_requests_stay_chunked(gateway, backend):
    gateway.exchange(request("POST", "/", "Transfer-Encoding: chunked") + chunked(b"abc", b"defg"))
    seen = backend.requests[0]
    assert seen.all("Transfer-Encoding") == ["chunked"]
    assert "Content-Length" not in seen
    assert seen.body == b"abcdefg"
