"""Paths, hosts, methods and the gateway's own replies, seen from both ends."""

import subprocess
import urllib.parse

import pytest
from harness import request

BOTH_PROTOCOLS = True


@pytest.fixture(scope="module")
def echo(make_shared_backend):
    return make_shared_backend()


@pytest.fixture(scope="module")
def shop(start_shared, echo):
    """A gateway with the routes that this module's tests need."""
    return start_shared(
        f"""
apis:
  plain: {{ routes: {{ "ANY /{{p+}}": {echo.url}, "GET /": {echo.url} }} }}
  based:
    host: based.test
    path: /v1.0
    routes:
      GET /: {echo.url}
      ANY /{{p+}}: {echo.url}
  kept:
    host: kept.test
    path: /v1.0
    strip_path: false
    routes: {{ "GET /": {echo.url}, "ANY /{{p+}}": {echo.url} }}
  slashes: {{ host: slashes.test, encoded_slashes: keep, routes: {{ "GET /files/{{name}}": {echo.url} }} }}
  rewritten:
    host: rewritten.test
    path: /api
    routes:
      GET /orders/{{id}}: {{ to: inner, path: "/internal/{{id}}/full" }}
      ANY /legacy/{{rest+}}: {echo.url}/old/{{rest}}
      GET /root: {echo.url}/
      POST /method: {{ to: inner, method: PUT }}
      GET /two/{{a}}/{{b}}: {echo.url}/{{b}}/x/{{a}}
      GET /prefixed/{{p+}}: prefixed
  methods:
    host: methods.test
    routes:
      GET /get: {echo.url}
      HEAD /head: {echo.url}
      POST /post: {echo.url}
      PUT /post: {echo.url}
      ANY /any: {echo.url}
      OPTIONS /options: {echo.url}
      GET /mock: {{ reply: {{ text: "body" }} }}
  mocks:
    host: mocks.test
    routes:
      GET /json/{{name}}: {{ reply: {{ json: {{ hello: "{{name}}", n: 1, deep: ["{{name}}!"] }} }} }}
      GET /text/{{name}}: {{ reply: {{ text: "hi {{name}}" }} }}
      GET /header/{{name}}: {{ reply: {{ headers: {{ X-Name: "is {{name}}", X-Fixed: v }}, text: "" }} }}
      GET /rest/{{a}}/{{b+}}: {{ reply: {{ text: "{{a}}|{{b}}" }} }}
      GET /status/204: {{ reply: {{ status: 204 }} }}
      GET /status/304: {{ reply: {{ status: 304 }} }}
      ANY /status/418: {{ reply: {{ status: 418, text: "teapot" }} }}
backends:
  inner: {{ targets: {echo.url} }}
  prefixed: {{ targets: "{echo.url}/base/x" }}
"""
    )


def forwarded(shop, echo, path, host):
    """The target that the backend was asked for."""
    before = len(echo.requests)
    answer = shop.exchange(request("GET", path, host=host))
    assert answer.status == 200, answer.body
    assert len(echo.requests) == before + 1
    return echo.requests[-1].target


# Paths


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("/", "/"), ("/a", "/a"), ("/a/", "/a/"), ("/a//b", "/a/b"), ("//a", "/a"), ("/a///", "/a/"), ("/%61", "/a"),
        ("/%7E%2d%2E%5f", "/~-._"), ("/%c3%a9", "/%C3%A9"), ("/a%3Bb", "/a%3Bb"), ("/a%252e", "/a%252e"),
        ("/.well-known/x", "/.well-known/x"), ("/...", "/..."), ("/..a", "/..a"), ("/a..", "/a.."),
        ("/[a]|b^", "/[a]|b^"), ("/a+b", "/a+b"), ("/a%20b", "/a%20b"), ("/a:b@c!$&'()*,=", "/a:b@c!$&'()*,="),
        ("/a%3Fb", "/a%3Fb"), ("/a%23", "/a%23"), ("/%25", "/%25"), ("/a?x=/../y", "/a?x=/../y"),
        ("/a//b?c//d", "/a/b?c//d"), ("//evil.test/x", "/evil.test/x"),
        ("http://plain.test/a//%7e", "/a/~"),
    ],
)  # fmt: skip
def test_what_is_matched_is_what_is_forwarded(shop, echo, sent, expected):
    if shop.protocol == "HTTP/2" and "://" in sent:
        return  # It has no absolute form.
    before = len(echo.requests)
    answer = shop.exchange(request("GET", sent, host="plain.test"))
    assert [seen.target for seen in echo.requests[before:]] == [expected]
    assert shop.line_of(answer)["path"] == expected.split("?")[0]


@pytest.mark.parametrize(
    ("sent", "cause"),
    [
        ("/{a}", "path.invalid-byte"), ("/a\\b", "path.invalid-byte"), ('/"', "path.invalid-byte"),
        ("/<", "path.invalid-byte"), ("/`", "path.invalid-byte"), ("/%", "path.bad-escape"),
        ("/%4g", "path.bad-escape"), ("/%u002e", "path.bad-escape"), ("/a%0", "path.bad-escape"),
        ("/a%00", "path.nul"), ("/a/../b", "path.dot-segment"), ("/..", "path.dot-segment"),
        ("/.", "path.dot-segment"), ("/./a", "path.dot-segment"), ("/a/..", "path.dot-segment"),
        ("/%2e%2e/a", "path.dot-segment"), ("/.%2E/a", "path.dot-segment"), ("/..;/a", "path.dot-segment"),
        ("/..;x=1/a", "path.dot-segment"), ("/..%3B/a", "path.dot-segment"), ("/..%2Fa", "path.dot-segment"),
        ("/a%2F%2e%2e", "path.dot-segment"), ("/..%5Ca", "path.dot-segment"), ("/a//../b", "path.dot-segment"),
        ("/a%5Cb", "path.backslash"), ("/a;x=1", "path.parameter"), ("/a%2Fb", "path.encoded-slash"),
        ("/a%2fb", "path.encoded-slash"), ("http://plain.test/../x", "path.dot-segment"),
    ],
)  # fmt: skip
def test_a_path_that_can_be_read_in_two_ways_is_refused(shop, echo, sent, cause):
    before = len(echo.requests)
    with shop.connect() as client:
        client.send(request("GET", sent))
        answer = client.read_response()
        assert (answer.status, answer.json()["cause"]) == (400, cause)
        client.send(request("GET", "/next"))
        assert client.read_response().status == 200
    assert [seen.target for seen in echo.requests[before:]] == ["/next"]
    assert shop.line_of(answer)["cause"] == cause


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("/v1.0", "/"), ("/v1.0/", "/"), ("/v1.0/a", "/a"), ("/v1.0//a", "/a"), ("/%76%31%2e0/a", "/a"),
     ("/v1.0?x", "/?x"), ("/v1.0/v1.0/v1.0", "/v1.0/v1.0"), ("/v1.0/a/", "/a/")],
)  # fmt: skip
def test_the_base_path_is_taken_off(shop, echo, sent, expected):
    assert forwarded(shop, echo, sent, "based.test") == expected


@pytest.mark.parametrize("sent", ["/v1.0", "/v1.0/", "/v1.0/a", "/v1.0/a?b"])
def test_the_base_path_is_kept_where_the_file_says_so(shop, echo, sent):
    assert forwarded(shop, echo, sent, "kept.test") == sent


@pytest.mark.parametrize("sent", ["/", "/v1.0x", "/v1", "/v2.0/a", "/V1.0/a"])
def test_outside_of_the_base_path_there_is_nothing(shop, sent):
    answer = shop.exchange(request("GET", sent, host="based.test"))
    assert (answer.status, answer.json()["cause"]) == (404, "route.no-api")


def test_an_encoded_slash_is_data_where_the_file_says_so(shop, echo):
    assert forwarded(shop, echo, "/files/a%2fb", "slashes.test") == "/files/a%2Fb"
    assert shop.exchange(request("GET", "/files/..%2fb", host="slashes.test")).status == 400


@pytest.mark.parametrize(
    ("method", "sent", "line"),
    [
        ("GET", "/api/orders/7", "GET /internal/7/full"),
        ("GET", "/api/orders/a%20b?x=%20", "GET /internal/a%20b/full?x=%20"),
        ("DELETE", "/api/legacy/a/b/c/", "DELETE /old/a/b/c/"),
        ("GET", "/api/root?q", "GET /?q"),
        ("POST", "/api/method", "PUT /method"),
        ("GET", "/api/two/one/2", "GET /2/x/one"),
        ("GET", "/api/prefixed/a/b", "GET /base/x/prefixed/a/b"),
    ],
)
def test_a_routes_path_is_written_with_its_parameters(shop, echo, method, sent, line):
    before = len(echo.requests)
    shop.exchange(request(method, sent, host="rewritten.test"))
    seen = echo.requests[before]
    assert f"{seen.method} {seen.target}" == line


# Hosts


@pytest.mark.parametrize("host", ["based.test", "BASED.Test", "based.test:80", "based.test.", "Based.test.:8080"])
def test_case_port_and_last_dot_of_a_host_make_no_difference(shop, echo, host):
    assert forwarded(shop, echo, "/v1.0/h", host) == "/h"


# Methods


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("POST", "/get", 405, "GET, HEAD, OPTIONS"), ("GET", "/post", 405, "POST, PUT, OPTIONS"),
        ("HEAD", "/post", 405, "POST, PUT, OPTIONS"), ("TRACE", "/any", 405, None),
        ("BREW", "/get", 405, "GET, HEAD, OPTIONS"),
        ("get", "/get", 405, "GET, HEAD, OPTIONS"), ("OPTIONS", "/get", 204, "GET, HEAD, OPTIONS"),
        ("OPTIONS", "/post", 204, "POST, PUT, OPTIONS"), ("GET", "/none", 404, None), ("OPTIONS", "/none", 404, None),
        ("POST", "/none", 404, None), ("GET", "/GET", 404, None), ("GET", "/head", 405, None),
    ],
)  # fmt: skip
def test_what_no_route_takes(shop, echo, method, path, status, allow):
    before = len(echo.requests)
    answer = shop.exchange(request(method, path, host="methods.test"))
    assert answer.status == status
    if allow:
        assert sorted(answer.get("Allow").split(", ")) == sorted(allow.split(", "))
    if status == 204:
        assert "Content-Length" not in answer
    elif method != "HEAD":
        assert answer.json()["cause"] == ("route.not-found" if status == 404 else "route.method-not-allowed")
        assert answer.get("Content-Type") == "application/json"
    assert len(echo.requests) == before


@pytest.mark.parametrize(("method", "path"), [("HEAD", "/get"), ("HEAD", "/head"), ("OPTIONS", "/options"),
                                              ("OPTIONS", "/any"), ("HEAD", "/any"), ("PATCH", "/any")])  # fmt: skip
def test_what_a_route_takes_besides(shop, echo, method, path):
    before = len(echo.requests)
    answer = shop.exchange(request(method, path, host="methods.test"))
    assert answer.status == 200
    assert echo.requests[before].method == method


def test_options_asterisk_is_the_gateways_own(shop, echo):
    before = len(echo.requests)
    answer = shop.exchange(request("OPTIONS", "*"))
    assert answer.status == 204
    assert "GET" in answer.get("Allow")
    assert len(echo.requests) == before


def test_head_of_a_refusal_has_its_length_but_no_body(shop):
    with shop.connect() as client:
        client.send(request("HEAD", "/none", host="methods.test"), request("GET", "/mock", host="methods.test"))
        answer = client.read_response("HEAD")
        assert answer.status == 404
        assert int(answer.get("Content-Length")) > 0
        assert client.read_response().body == b"body"


def test_curl_reads_a_head(shop):
    command = ["curl", "-sSI", "-H", "Host: methods.test", shop.url("/mock")]
    lines = subprocess.check_output(command, timeout=10).decode().splitlines()
    assert lines[0] == "HTTP/1.1 200 OK"
    assert "Content-Length: 4" in lines


# Replies


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("/text/you", "text/plain", b"hi you"), ("/text/%41%20b", "text/plain", b"hi A b"),
        ("/text/%E2%82%AC", "text/plain", "hi €".encode()), ("/rest/1/2/3/", "text/plain", b"1|2/3/"),
        ("/json/you", "application/json", None),
    ],
)  # fmt: skip
def test_a_reply_has_its_parameters(shop, path, content_type, body):
    answer = shop.exchange(request("GET", path, host="mocks.test"))
    assert answer.status == 200
    assert answer.get("Content-Type").startswith(content_type)
    if body is None:
        assert answer.json() == {"hello": "you", "n": 1, "deep": ["you!"]}
    else:
        assert answer.body == body


@pytest.mark.parametrize("name", ['%22', '%5C', "%0A", "%0D%0A", "%1F", "%7F", "%22,%22x%22:%22", "%E2%82%AC", "'"])
def test_no_parameter_breaks_out_of_a_json_reply(shop, name):
    path = f"/json/{name}"
    answer = shop.exchange(request("GET", path, host="mocks.test"))
    if answer.status == 400:
        assert answer.json()["cause"].startswith("path.")
        return
    text = urllib.parse.unquote(name)
    assert answer.json() == {"hello": text, "n": 1, "deep": [text + "!"]}


def test_a_parameter_in_a_header_stays_as_it_was_sent(shop):
    answer = shop.exchange(request("GET", "/header/a%0D%0ASet-Cookie:x", host="mocks.test"))
    assert answer.get("X-Name") == "is a%0D%0ASet-Cookie:x"
    assert answer.get("X-Fixed") == "v"
    assert "Set-Cookie" not in answer


@pytest.mark.parametrize("status", [204, 304])
def test_replies_without_a_body(shop, status):
    with shop.connect() as client:
        for _ in range(2):
            client.send(request("GET", f"/status/{status}", host="mocks.test"))
            answer = client.read_response()
            assert answer.status == status
            assert not answer.body
        client.send(request("POST", "/status/418", host="mocks.test", body=b"12345"))
        assert client.read_response().body == b"teapot"


def test_errors_are_json_with_message_cause_and_request_id(shop):
    answer = shop.exchange(request("GET", "/none", host="methods.test"))
    assert set(answer.json()) == {"message", "cause", "request_id"}
    assert answer.json()["request_id"] == answer.get("X-Request-Id")
