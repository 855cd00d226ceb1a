"""External authorizers: what a service is sent, what its answers come to, and what is kept of them."""

import http.server
import json
import threading
import time

import pytest
from harness import free_port, request, wait_until

ARN = "arn:aws:execute-api:local:000000000000:shop/$default/"


def policy(*statements, principal="someone", **more):
    return {"principalId": principal, "policyDocument": {"Version": "2012-10-17", "Statement": list(statements)}, **more}


def allow(*resources, action="execute-api:Invoke", effect="Allow"):
    return {"Effect": effect, "Action": action, "Resource": list(resources) if len(resources) != 1 else resources[0]}


class Service:
    """An authorizer on a loopback port. `answer` is given each event and returns a status and what is sent as JSON."""

    def __init__(self):
        self.events, self.connections, self.requests = [], 0, []
        self.answer = lambda event: (200, {"isAuthorized": True})
        self.gate = threading.Event()
        self.gate.set()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                owner.connections += 1
                super().setup()

            def do_POST(self):
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                owner.events.append(event)
                owner.requests.append((self.path, dict(self.headers)))
                owner.gate.wait(20)
                status, body = owner.answer(event)
                if status is None:
                    self.close_connection = True
                    return
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/check?x=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def service():
    made = Service()
    yield made
    made.close()


FILE = """
trusted_proxies: 127.0.0.1
authorizers:
  simple: {{ external: {{ url: "{url}", customer: customer, timeout: 500ms }} }}
  lambda: {{ external: {{ url: "{url}", event: 1.0, identity: [$request.header.X-Token, $request.querystring.key] }} }}
  token: {{ external: {{ url: "{url}", event: token, identity: method.request.header.X-Token, timeout: 500ms }}, cache: {cache} }}
  each: {{ external: {{ url: "{url}", identity: [] }} }}
  few: {{ external: {{ url: "{url}", concurrency: 2, identity: [] }} }}
  keys: {{ api_key: {{}} }}
customers:
  acme: {{ labels: {{ tier: gold }}, api_keys: {{ id: first, secret: "env:ACME_KEY" }} }}
  gone: {{ state: suspended }}
apis:
  shop:
    path: /v1
    authorize: simple
    claims_to_headers: {{ X-Customer: $customer, X-Role: role, X-Who: principalId, X-Level: level, X-Tags: tags }}
    routes:
      ANY /orders/{{id}}: {backend}
      ANY /lambda/{{a}}/{{b+}}: {{ to: {backend}, authorize: lambda }}
      ANY /token/{{p+}}: {{ to: {backend}, authorize: token }}
      ANY /each: {{ to: {backend}, authorize: each }}
      ANY /few: {{ to: {backend}, authorize: few }}
      ANY /any: {{ to: {backend}, authorize: {{ any_of: [token, keys] }} }}
"""


@pytest.fixture
def launch(start, backend, service):
    def launch(cache="5m", url=None, **options):
        # One worker, so that what is kept is kept for all.
        text = FILE.format(backend=backend.url, url=url or service.url, cache=cache)
        return start(text, arguments=("--threads", "1"), environment={"ACME_KEY": "acme-acme-acme-acme"}, **options)

    return launch


@pytest.fixture
def gateway(launch):
    return launch()


def get(gateway, path, *fields, method="GET"):
    return gateway.exchange(request(method, "/v1" + path, *fields))


def cause(answer):
    return answer.status, answer.json()["cause"].removeprefix("authorizer.")


# What the service is sent


def test_the_event_2_0(gateway, service, backend):
    service.answer = lambda event: (200, {"isAuthorized": True, "context": {"customer": "acme"}})
    answer = get(
        gateway, "/orders/a%20b?x=1&y=%C3%A9&x=2+3", "Authorization: secret", "X-Twice: 1", "X-Twice: 2", "Cookie: a=1; b=2",
        "User-Agent: test", "X-Forwarded-For: 192.0.2.7",
    )  # fmt: skip
    assert answer.status == 200
    [event] = service.events
    context = event.pop("requestContext")
    assert event["headers"].pop("x-twice") == "1,2"
    assert event["headers"]["authorization"] == "secret" and "cookie" not in event["headers"]
    del event["headers"]
    assert event == {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": ARN + "GET/orders/a%20b",
        "identitySource": ["secret"],
        "routeKey": "ANY /orders/{id}",
        "rawPath": "/v1/orders/a%20b",
        "rawQueryString": "x=1&y=%C3%A9&x=2+3",
        "cookies": ["a=1", "b=2"],
        "queryStringParameters": {"x": "1,2 3", "y": "é"},
        "pathParameters": {"id": "a b"},
        "stageVariables": {},
    }
    assert abs(context.pop("timeEpoch") / 1_000 - time.time()) < 30
    moment = time.strptime(context.pop("time"), "%d/%b/%Y:%H:%M:%S +0000")
    assert abs(time.mktime(moment) - time.mktime(time.gmtime())) < 30
    assert context.pop("requestId") == answer.get("X-Request-Id")
    assert context == {
        "accountId": "000000000000",
        "apiId": "shop",
        "authentication": None,
        "domainName": "shop.test",
        "domainPrefix": "shop",
        "http": {
            "method": "GET", "path": "/v1/orders/a%20b", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "test",
        },
        "routeKey": "ANY /orders/{id}",
        "stage": "$default",
    }  # fmt: skip
    [(path, fields)] = service.requests
    assert path == "/check?x=1" and fields["Content-Type"] == "application/json"


def test_the_event_1_0(gateway, service):
    service.answer = lambda event: (200, policy(allow(event["methodArn"])))
    assert get(gateway, "/lambda/1/2/3?key=k&x=1&x=2", "X-Token: t", "X-Twice: 1", "X-Twice: 2", method="PUT").status == 200
    [event] = service.events
    assert event["version"] == "1.0" and event["type"] == "REQUEST"
    assert event["methodArn"] == ARN + "PUT/lambda/1/2/3"
    assert event["identitySource"] == event["authorizationToken"] == "t,k"
    assert event["resource"] == event["requestContext"]["resourcePath"] == "/lambda/{a}/{b+}"
    assert event["path"] == "/v1/lambda/1/2/3" and event["httpMethod"] == "PUT"
    assert event["pathParameters"] == {"a": "1", "b": "2/3"}
    assert event["headers"]["X-Twice"] == "2" and event["multiValueHeaders"]["X-Twice"] == ["1", "2"]
    assert event["queryStringParameters"] == {"key": "k", "x": "2"}
    assert event["multiValueQueryStringParameters"] == {"key": ["k"], "x": ["1", "2"]}
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"


def test_the_event_of_a_token(gateway, service):
    service.answer = lambda event: (200, policy(allow("*")))
    assert get(gateway, "/token/x", "X-Token: abc").status == 200
    assert service.events == [{"type": "TOKEN", "authorizationToken": "abc", "methodArn": ARN + "GET/token/x"}]


def test_connections_are_kept(launch, service):
    gateway = launch()
    for _ in range(5):
        assert get(gateway, "/each").status == 200
    assert len(service.events) == 5 and service.connections == 1
    # One that the service has closed meanwhile costs nobody an answer.
    service.answer = lambda event: (200, {"isAuthorized": True}) if len(service.events) % 2 else (None, None)
    statuses = {get(gateway, "/each").status for _ in range(6)}
    assert statuses <= {200, 500}


# What its answers come to


def test_what_it_says_of_the_caller_reaches_the_backend_and_the_log(gateway, service, backend):
    service.answer = lambda event: (
        200,
        {
            "isAuthorized": True,
            "principalId": "p1",
            "context": {"customer": "acme", "role": "admin", "level": 3, "tags": ["a", {"b": True}], "bad": "a\r\nb"},
        },
    )
    answer = get(gateway, "/orders/1", "Authorization: x", "X-Role: root")
    assert answer.status == 200
    seen = backend.requests[-1]
    assert [seen.get(name) for name in ("X-Customer", "X-Role", "X-Who", "X-Level")] == ["acme", "admin", "p1", "3"]
    assert json.loads(seen.get("X-Tags")) == ["a", {"b": True}]
    line = gateway.line_of(answer)
    assert (line["customer"], line["subject"], line["authorizer"]) == ("acme", "p1", "simple")


def test_an_api_key_may_be_named(gateway, service, backend):
    service.answer = lambda event: (200, policy(allow("*"), usageIdentifierKey=event["authorizationToken"]))
    answer = get(gateway, "/token/x", "X-Token: acme-acme-acme-acme")
    assert backend.requests[-1].get("X-Customer") == "acme"
    assert gateway.line_of(answer)["api_key"] == "first"
    assert cause(get(gateway, "/token/x", "X-Token: nobodys")) == (403, "unknown-api-key")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"isAuthorized": False}, (403, "not-permitted")),
        (200, {"isAuthorized": False, "context": {"customer": "acme"}}, (403, "not-permitted")),
        (200, {"isAuthorized": True, "context": {"customer": "nobody"}}, (403, "unknown-customer")),
        (200, {"isAuthorized": True}, (403, "unknown-customer")),
        (200, {"isAuthorized": True, "context": {"customer": "gone"}}, (403, "suspended-customer")),
        (401, {}, (401, "unauthorized")),
        (200, {"errorMessage": "Unauthorized"}, (401, "unauthorized")),
        (200, {"errorMessage": "boom", "errorType": "Error"}, (500, "external-failure")),
        (500, {}, (500, "external-failure")),
        (302, {}, (500, "external-failure")),
        (403, {}, (500, "external-failure")),
        (204, b"", (500, "external-failure")),
        (200, b"", (500, "malformed-answer")),
        (200, b"true", (500, "malformed-answer")),
        (200, {"isAuthorized": "true"}, (500, "malformed-answer")),
        (200, {"isauthorized": True}, (500, "malformed-answer")),
        (200, b'{"isAuthorized": false, "isAuthorized": true}', (500, "malformed-answer")),
        (200, {"isAuthorized": True, "context": "x"}, (500, "malformed-answer")),
        (200, policy(allow("*")), (500, "malformed-answer")),
        (200, b'{"isAuthorized": true}' + b" " * 70_000, (500, "malformed-answer")),
        (None, None, (500, "external-failure")),
    ],
)
def test_anything_but_a_yes_is_a_no(gateway, service, backend, status, body, expected):
    service.answer = lambda event: (status, body)
    answer = get(gateway, "/orders/1", "Authorization: hush-hush")
    assert cause(answer) == expected
    assert gateway.line_of(answer)["cause"] == f"authorizer.{expected[1]}"
    assert backend.requests == []
    assert "hush" not in gateway.log_text() + gateway.stderr()


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([allow("*")], True),
        ([allow(ARN + "GET/token/a/b")], True),
        ([allow(ARN + "GET/token/*")], True),
        ([allow(ARN + "*/token/a/?")], True),
        ([allow("arn:aws:execute-api:*:*:shop/*")], True),
        ([allow(ARN + "GET/other", ARN + "GET/token/a/b")], True),
        ([allow("*", action="execute-api:*")], True),
        ([allow("*", action=["s3:GetObject", "EXECUTE-API:invoke"])], True),
        ([allow("*", action="*")], True),
        ([allow("*", action="s3:*")], False),
        ([allow(ARN + "POST/*")], False),
        ([allow(ARN + "GET/token/a")], False),
        ([allow("arn:aws:execute-api:*:*:other/*")], False),
        ([allow("*"), allow(ARN + "GET/token/*", effect="Deny")], False),
        ([allow(ARN + "GET/token/a/b", effect="Deny"), allow("*")], False),
        ([allow("*"), allow(ARN + "POST/*", effect="Deny")], True),
        ([allow("*", effect="Deny")], False),
    ],
)
def test_a_policy_decides(gateway, service, statements, allowed):
    service.answer = lambda event: (200, policy(*statements))
    answer = get(gateway, "/token/a/b", "X-Token: t")
    assert answer.status == 200 if allowed else cause(answer) == (403, "not-permitted")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"policyDocument": {"Statement": [allow("*")]}}, "malformed-answer"),
        ({"principalId": "p"}, "malformed-answer"),
        (policy(), "malformed-answer"),
        (policy({"Effect": "allow", "Action": "*", "Resource": "*"}), "malformed-answer"),
        (policy({"Effect": "Allow", "Action": "*"}), "malformed-answer"),
        (policy(allow("*"), context={"nested": {"a": 1}}), "malformed-answer"),
        (policy({**allow("*"), "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}), "unsupported-policy"),
        (policy({"Effect": "Allow", "NotAction": "x", "Resource": "*"}), "unsupported-policy"),
        (policy(allow("*"), {"Effect": "Deny", "Action": "*", "NotResource": "*"}), "unsupported-policy"),
        ({"isAuthorized": True}, "malformed-answer"),
    ],
)
def test_what_is_no_policy_lets_nobody_in(gateway, service, backend, answer, expected):
    service.answer = lambda event: (200, answer)
    assert cause(get(gateway, "/token/a", "X-Token: t")) == (500, expected)
    assert backend.requests == []


def test_a_service_that_is_slow_or_away(gateway, service, launch):
    service.gate.clear()
    begun = time.monotonic()
    assert cause(get(gateway, "/token/a", "X-Token: t")) == (500, "external-timeout")
    assert time.monotonic() - begun < 5
    service.gate.set()
    service.answer = lambda event: (200, policy(allow("*")))
    assert get(gateway, "/token/a", "X-Token: t").status == 200
    nobody = launch(url=f"http://127.0.0.1:{free_port()}/")
    assert cause(get(nobody, "/token/a", "X-Token: t")) == (500, "external-failure")


def test_a_client_that_leaves_while_it_is_asked_harms_nobody(gateway, service, backend):
    service.gate.clear()
    for count in range(1, 4):
        client = gateway.connect()
        client.send(request("GET", "/v1/each"))
        wait_until(lambda count=count: len(service.events) == count, "the question")
        client.reset()
    assert [line["status"] for line in gateway.log_lines(3)] == [499] * 3
    service.gate.set()
    assert get(gateway, "/each").status == 200
    wait_until(lambda: len(service.events) == 4, "all questions")
    assert len(backend.requests) == 1


def test_no_more_is_asked_at_once_than_may_be(gateway, service):
    service.gate.clear()
    clients = [gateway.connect() for _ in range(2)]
    for client in clients:
        client.send(request("GET", "/v1/few"))
    wait_until(lambda: len(service.events) == 2, "two questions")
    answer = get(gateway, "/few")
    assert cause(answer) == (503, "external-busy") and answer.get("Retry-After") == "1"
    service.gate.set()
    for client in clients:
        assert client.read_response().status == 200
        client.close()
    assert get(gateway, "/few").status == 200


# What is asked, and what is kept


def test_without_an_identity_nobody_is_asked(gateway, service):
    answer = get(gateway, "/orders/1")
    assert cause(answer) == (401, "missing-identity") and answer.get("WWW-Authenticate") == "Bearer"
    for path, *fields in (
        ("/lambda/1/2", "X-Token: t"),
        ("/lambda/1/2?key=k",),
        ("/lambda/1/2?key=", "X-Token: t"),
        ("/lambda/1/2?key=k", "X-Token:"),
        ("/orders/1", "Authorization:"),
    ):
        assert cause(get(gateway, path, *fields)) == (401, "missing-identity"), (path, fields)
    assert cause(get(gateway, "/orders/1", "Authorization: a", "Authorization: b")) == (400, "duplicate-credentials")
    assert cause(get(gateway, "/lambda/1/2?key=a&k%65y=b", "X-Token: t")) == (400, "duplicate-credentials")
    assert service.events == []


def test_a_policy_is_kept_and_held_against_each_request(gateway, service):
    service.answer = lambda event: (200, policy(allow(ARN + "GET/token/*"), allow(ARN + "*/secret", effect="Deny")))
    for _ in range(3):
        assert get(gateway, "/token/a", "X-Token: t").status == 200
        assert get(gateway, "/token/b", "X-Token: t").status == 200
        assert cause(get(gateway, "/token/a", "X-Token: t", method="POST")) == (403, "not-permitted")
        assert cause(get(gateway, "/token/secret", "X-Token: t")) == (403, "not-permitted")
    assert len(service.events) == 1
    assert get(gateway, "/token/a", "X-Token: other").status == 200
    assert len(service.events) == 2


def test_a_simple_answer_is_kept_for_what_was_asked(gateway, service):
    service.answer = lambda event: (
        200,
        {"isAuthorized": event["rawPath"].endswith("/1"), "context": {"customer": "acme"}},
    )
    for _ in range(3):
        assert get(gateway, "/orders/1", "Authorization: t").status == 200
        assert cause(get(gateway, "/orders/2", "Authorization: t")) == (403, "not-permitted")
    assert len(service.events) == 2
    assert get(gateway, "/orders/1", "Authorization: t", method="DELETE").status == 200
    assert len(service.events) == 3


def test_values_cannot_be_shifted_from_one_source_to_another(gateway, service):
    service.answer = lambda event: (200, policy(allow("*")))
    for token, key in (("ab", "c"), ("a", "bc"), ("a,b", "c"), ("a", "b,c")):
        assert get(gateway, f"/lambda/1/2?key={key}", f"X-Token: {token}").status == 200
    assert len(service.events) == 4


def test_what_failed_is_not_kept_and_what_is_kept_ends(launch, service):
    gateway = launch(cache="100ms")
    service.answer = lambda event: (500, {})
    for _ in range(2):
        assert cause(get(gateway, "/token/a", "X-Token: t"))[0] == 500
    assert len(service.events) == 2
    service.answer = lambda event: (200, policy(allow("*")))
    assert get(gateway, "/token/a", "X-Token: t").status == 200
    wait_until(lambda: get(gateway, "/token/a", "X-Token: t").status == 200 and len(service.events) >= 4, "another question")


def test_another_way_in_beside_it(gateway, service):
    service.answer = lambda event: (200, policy(allow("*", effect="Deny")))
    assert get(gateway, "/any", "X-Token: t", "x-api-key: acme-acme-acme-acme").status == 200
    assert cause(get(gateway, "/any", "X-Token: t")) == (403, "not-permitted")
    assert cause(get(gateway, "/any")) == (401, "missing-identity")
