"""The access log: one valid line for every request, however it ended."""

import collections
import re
import threading

import pytest
from harness import Gateway, chunked, request, response, wait_until

FILE = """
apis:
  shop:
    path: /v1
    stage: live
    routes:
      GET /orders/{{id}}: {{ to: orders, path: "/internal/{{id}}" }}
      POST /orders: orders
      GET /hello: {{ reply: {{ text: hello }} }}
backends: {{ orders: {{ targets: {backend} }} }}
"""


@pytest.fixture
def gateway(start, backend):
    return start(FILE.format(backend=backend.url))


def test_a_proxied_requests_line_has_everything(gateway, backend):
    answer = gateway.exchange(request("GET", "/v1/orders/7?a=b&c", "User-Agent: test/1", host="Shop.test:80"))
    line = gateway.line_of(answer)
    for name in ("duration_ms", "backend_ms"):
        assert 0 <= line.pop(name) < 1_000
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "request_id": answer.get("X-Request-Id"), "client": "127.0.0.1", "method": "GET", "host": "Shop.test:80",
        "path": "/v1/orders/7", "query": "a=b&c", "protocol": "HTTP/1.1", "status": 200, "bytes_in": 0, "bytes_out": 5,
        "api": "shop", "stage": "live", "route": "GET /orders/{id}", "backend": "orders",
        "target": f"127.0.0.1:{backend.port}", "backend_status": 200, "attempts": 1, "user_agent": "test/1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (request("GET", "/v1/hello"), {"status": 200, "route": "GET /hello", "bytes_out": 5}),
        (request("HEAD", "/v1/hello"), {"status": 200, "method": "HEAD", "bytes_out": 0}),
        (request("POST", "/v1/orders", body=b"12345"), {"status": 200, "bytes_in": 5}),
        (
            request("POST", "/v1/orders", "Transfer-Encoding: chunked") + chunked(b"12", b"345", trailers=["X: y"]),
            {"status": 200, "bytes_in": 5},
        ),
        (request("GET", "/v1/none"), {"status": 404, "cause": "route.not-found", "path": "/v1/none"}),
        (request("GET", "/v2"), {"status": 404, "cause": "route.no-api"}),
        (request("PUT", "/v1/hello"), {"status": 405, "cause": "route.method-not-allowed"}),
        (request("OPTIONS", "/v1/hello"), {"status": 204}),
        (request("GET", "/v1/a%00"), {"status": 400, "cause": "path.nul", "path": "/v1/a%00"}),
        (b"GET / HTTP/1.1\r\n\r\n", {"status": 400, "cause": "wire.missing-host"}),
        (b"\x16\x03\x01\r\n\r\n", {"status": 400, "cause": "wire.request-line"}),
        (request("GET", "/v1/hello", version="1.0"), {"status": 200, "protocol": "HTTP/1.0"}),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else " ".join(map(str, value.values())),
)
def test_each_end_has_its_line(gateway, sent, expected):
    answer = gateway.exchange(sent)
    line = gateway.line_of(answer)
    assert {name: line.get(name) for name in expected} == expected
    assert len(gateway.log_lines()) == 1


def test_a_backend_that_is_gone_is_named(start):
    gateway = start(FILE.format(backend="http://127.0.0.1:1"))
    answer = gateway.exchange(request("GET", "/v1/orders/7"))
    line = gateway.line_of(answer)
    assert (line["status"], line["cause"]) == (502, answer.json()["cause"])
    assert (line["backend"], line["target"], line.get("backend_status")) == ("orders", "127.0.0.1:1", None)


@pytest.mark.parametrize(
    "agent",
    [
        '"', "\\", '"},{"a":"', "tab\there", "\xe4\xf6 latin", "€ utf-8".encode().decode("latin-1"), "\x80\xff",
        "</script>", "x" * 9_000,
    ],
)  # fmt: skip
def test_no_client_breaks_a_line(gateway, agent):
    for number in range(2):
        gateway.exchange(request("GET", f'/v1/hello?"\\{number}', f"User-Agent: {agent}"))
    lines = gateway.log_lines(2)
    assert [line["query"] for line in lines] == ['"\\0', '"\\1']
    if agent.isascii():
        logged = lines[0]["user_agent"]
        assert logged == agent or len(agent) > 1_000 and agent.startswith(logged[:1_000])
    if "€" in agent.encode("latin-1").decode(errors="replace"):
        assert lines[0]["user_agent"] == "€ utf-8"


def test_every_request_has_exactly_one_line(start, make_backend):
    """Eight clients at once, with good, refused, cut off and pipelined requests."""
    backend = make_backend(lambda seen: None if seen.target == "/v1/orders?drop" else response(body=seen.body))
    gateway = start(FILE.format(backend=backend.url).replace("/internal/{id}", "/{id}"))
    expected = collections.Counter()
    lock = threading.Lock()

    def client(number):
        own = collections.Counter()
        for turn in range(20):
            own.update(_session(gateway, f"{number}.{turn}", turn % 5))
        with lock:
            expected.update(own)

    threads = [threading.Thread(target=client, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = gateway.log_lines(sum(expected.values()))
    assert len(lines) == sum(expected.values())
    assert len({line["request_id"] for line in lines}) == len(lines)
    assert collections.Counter(line["status"] for line in lines) == expected


def _session(gateway: Gateway, name, kind):
    """One client's doing, and the statuses that the log shall have for it."""
    with gateway.connect() as client:
        if kind == 0:
            client.send(request("GET", f"/v1/orders/{name}") + request("GET", "/v1/hello") * 3)
            return [client.read_response().status for _ in range(4)]
        if kind == 1:
            client.send(request("GET", "/v1/none") + b"GARBAGE\r\n\r\n")
            return [client.read_response().status for _ in range(2)]
        if kind == 2:
            client.send(request("POST", "/v1/orders", "Content-Length: 10") + b"12345")
            client.half_close()
            client.read_to_end()
            return [499]
        if kind == 3:
            client.send(request("POST", "/v1/orders?drop", body=b"x"))
            return [client.read_response().status]
        client.send(request("POST", "/v1/orders", "Transfer-Encoding: chunked") + chunked(name.encode()))
        return [client.read_response().status]


def test_a_connection_without_a_request_has_no_line(gateway):
    gateway.connect().close()
    with gateway.connect() as client:
        client.send(b"\r\n")
    gateway.exchange(request("GET", "/v1/hello"))
    assert len(gateway.log_lines(1)) == 1


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("clf", r'127\.0\.0\.1 - - \[.+\] "GET /v1/hello HTTP/1\.1" 200 5'),
        ("'$context.httpMethod $context.path $context.status'", "GET /v1/hello 200"),
    ],
)
def test_other_formats(start, tmp_path, form, pattern):
    log = tmp_path / "other.log"
    settings = f"log: {{ access: {{ path: {log}, format: {form}, buffer: 0, flush: 1ms }} }}"
    gateway = start(FILE.format(backend="http://127.0.0.1:1") + settings)
    gateway.access_log = log
    gateway.exchange(request("GET", "/v1/hello?q"))
    wait_until(gateway.log_text, "a line")
    assert re.fullmatch(pattern, gateway.log_text().rstrip("\n"))


@pytest.mark.parametrize(
    ("trusted", "client"),
    [
        ("10.0.0.0/8", "127.0.0.1"),
        ("127.0.0.0/8", "9.9.9.9"),
    ],
)
def test_the_client_is_whom_a_trusted_proxy_names(start, trusted, client):
    routes = "{ $default: { reply: { text: m } } }"
    gateway = start(f"apis: {{ all: {{ routes: {routes} }} }}\ntrusted_proxies: {trusted}")
    answer = gateway.exchange(request("GET", "/", "X-Forwarded-For: 8.8.8.8, 9.9.9.9"))
    assert gateway.line_of(answer)["client"] == client
