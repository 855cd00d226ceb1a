"""Sandboxes: which credentials lead where, for every kind of credentials, and what answers there."""

import itertools
import json
import subprocess

import pytest
from harness import binary, request, response, wait_until
from issuers import key_set, rsa_key, token
from test_customers import basic, scrypt

FILE = """
authorizers:
  keys: {{ api_key: {{}} }}
  query: {{ api_key: {{ query: key }} }}
  basic: {{ basic: {{ realm: orders }} }}
  tokens: {{ jwt: {{ issuer: https://issuer.test, audience: orders, jwks: jwks.json, customer: sub }} }}
  trial-tokens:
    jwt: {{ issuer: https://issuer.test, audience: trial, jwks: jwks.json, customer: sub }}
    sandbox: true
  anywhere: {{ address: {{ allow: 127.0.0.0/8 }} }}
customers:
  acme:
    api_keys: {{ id: real, secret: "env:ACME_KEY" }}
    passwords: {{ wiley: "{wiley}" }}
    labels: {{ tier: gold }}
    backends: {{ orders: {own} }}
    sandbox:
      api_keys: {{ id: trial, secret: "env:TRIAL_KEY" }}
      passwords: {{ wiley-trial: "{trial}" }}
  other: {{ api_keys: {{ secret: "env:OTHER_KEY" }} }}
backends:
  orders: {{ targets: {real}, retry: {{ attempts: 3, on: [503] }} }}
  trial: {{ targets: {sandbox} }}
apis:
  shop:
    host: shop.test
    authorize: keys
    claims_to_headers: {{ X-Customer: $customer, X-Tier: $labels.tier }}
    sandbox:
      host: sandbox.test
      path: /trial
      backends: {{ orders: {sandbox}/base }}
      to: trial
      authorizers: {{ tokens: trial-tokens }}
    routes:
      GET /keys: orders
      GET /query: {{ to: orders, authorize: query }}
      GET /basic: {{ to: orders, authorize: basic }}
      GET /tokens: {{ to: {real}, authorize: tokens }}
      GET /any: {{ to: orders, authorize: {{ any_of: [keys, basic, tokens] }} }}
      GET /all: {{ to: orders, authorize: {{ all_of: [anywhere, keys] }} }}
      GET /two: {{ to: orders, authorize: {{ all_of: [keys, basic] }} }}
      GET /open: {{ to: orders, authorize: none }}
      GET /reply: {{ reply: {{ text: fixed }} }}
"""

SECRETS = {"ACME_KEY": "acme-acme-acme-acme", "TRIAL_KEY": "trial-trial-trial-trial", "OTHER_KEY": "other-other-other-other"}
REAL_KEY, TRIAL_KEY, OTHER_KEY = (f"x-api-key: {key}" for key in SECRETS.values())
REAL, TRIAL = "shop.test", "sandbox.test"
BOTH_PROTOCOLS = True


def bearer(**claims):
    return "Authorization: Bearer " + token(rsa_key(0), **claims)


def credentials():
    """For each kind: the path, and a caller's fields for real and for the sandbox."""
    return {
        "key": ("/keys", [REAL_KEY], [TRIAL_KEY]),
        "password": ("/basic", [basic("wiley", "road")], [basic("wiley-trial", "runner")]),
        "any of several": ("/any", [REAL_KEY], [TRIAL_KEY]),
        "any of several, by password": ("/any", [basic("wiley", "road")], [basic("wiley-trial", "runner")]),
        "all of several": ("/all", [REAL_KEY], [TRIAL_KEY]),
        "two at once": ("/two", [REAL_KEY, basic("wiley", "road")], [TRIAL_KEY, basic("wiley-trial", "runner")]),
    }


@pytest.fixture
def backends(make_backend):
    return {name: make_backend(lambda _, name=name: response(body=name.encode())) for name in ("real", "own", "sandbox")}


@pytest.fixture
def gateway(start, backends, tmp_path):
    (tmp_path / "jwks.json").write_text(key_set(rsa_key(0)))
    urls = {name: backend.url for name, backend in backends.items()}
    text = FILE.format(wiley=scrypt("road"), trial=scrypt("runner"), **urls)
    return start(text, folder=tmp_path, environment=SECRETS)


def get(gateway, host, path, *fields):
    path = path if host == REAL else "/trial" + path
    return gateway.exchange(request("GET", path, *fields, host=host))


def cause(answer):
    return answer.status, answer.json()["cause"]


@pytest.mark.parametrize("kind", credentials())
def test_credentials_lead_to_one_side_and_never_to_the_other(gateway, backends, kind):
    path, real, trial = credentials()[kind]
    # Decisions are remembered, and a remembered one must not lead elsewhere either.
    for _ in range(3):
        assert get(gateway, REAL, path, *real).body == b"own"
        assert get(gateway, TRIAL, path, *trial).body == b"sandbox"
        assert cause(get(gateway, REAL, path, *trial)) == (403, "authorizer.sandbox-credentials")
        assert cause(get(gateway, TRIAL, path, *real)) == (403, "authorizer.production-credentials")
    assert len(backends["own"].requests) == len(backends["sandbox"].requests) == 3
    assert backends["real"].requests == []


def test_a_key_in_the_query_leads_to_one_side(gateway):
    real, trial = SECRETS["ACME_KEY"], SECRETS["TRIAL_KEY"]
    assert get(gateway, REAL, f"/query?key={real}").body == b"own"
    assert get(gateway, TRIAL, f"/query?key={trial}").body == b"sandbox"
    assert cause(get(gateway, REAL, f"/query?key={trial}")) == (403, "authorizer.sandbox-credentials")
    assert cause(get(gateway, TRIAL, f"/query?key={real}")) == (403, "authorizer.production-credentials")


def test_tokens_lead_to_one_side(gateway, backends):
    real, trial = bearer(sub="acme"), bearer(sub="acme", aud="trial")
    for _ in range(3):
        assert get(gateway, REAL, "/tokens", real).body == b"real"
        assert get(gateway, TRIAL, "/tokens", trial).body == b"sandbox"
        # Another authorizer is asked in the sandbox, for which these are tokens for somebody else.
        assert cause(get(gateway, REAL, "/tokens", trial)) == (401, "authorizer.wrong-audience")
        assert cause(get(gateway, TRIAL, "/tokens", real)) == (401, "authorizer.wrong-audience")
    assert len(backends["real"].requests) == len(backends["sandbox"].requests) == 3
    # A customer without a sandbox is none there.
    assert cause(get(gateway, TRIAL, "/tokens", bearer(sub="other", aud="trial"))) == (403, "authorizer.unknown-customer")


def test_credentials_of_both_sides_are_good_for_neither(gateway, backends):
    for host in (REAL, TRIAL):
        for fields in ([TRIAL_KEY, basic("wiley", "road")], [REAL_KEY, basic("wiley-trial", "runner")]):
            answer = get(gateway, host, "/two", *fields)
            assert cause(answer) in [(403, "authorizer.sandbox-credentials"), (403, "authorizer.production-credentials")]
    assert not any(backend.requests for backend in backends.values())


def test_wrong_passwords_are_told_no_side(gateway):
    for host, user in itertools.product((REAL, TRIAL), ("wiley", "wiley-trial", "nobody")):
        assert cause(get(gateway, host, "/basic", basic(user, "x"))) == (401, "authorizer.wrong-password")


def test_the_way_to_the_other_side_is_not_in_the_path_or_the_host(gateway, backends):
    for path in ("/trial/../keys", "/trial/%2e%2e/keys", "/trial//../keys"):
        answer = gateway.exchange(request("GET", path, TRIAL_KEY, host=TRIAL))
        assert cause(answer) == (400, "path.dot-segment")
    for host in ("shop.test:80", "SHOP.test", "shop.test."):
        assert cause(gateway.exchange(request("GET", "/keys", TRIAL_KEY, host=host))) == (403, "authorizer.sandbox-credentials")
    assert gateway.exchange(request("GET", "/keys", TRIAL_KEY, f"X-Forwarded-Host: {TRIAL}", host=REAL)).status == 403
    assert not any(backend.requests for backend in backends.values())


def test_the_sandbox_is_like_the_api_with_other_backends(gateway, backends):
    answers = itertools.count()
    backends["sandbox"].answer = lambda _: response(503 if next(answers) < 2 else 200)
    # The settings of the backend that is replaced hold for the URL.
    assert get(gateway, TRIAL, "/keys", TRIAL_KEY).status == 200
    message = backends["sandbox"].requests[-1]
    assert (message.target, message.get("X-Customer"), message.get("X-Tier")) == ("/base/keys", "acme", "gold")
    assert get(gateway, TRIAL, "/reply", TRIAL_KEY).body == b"fixed"
    assert get(gateway, TRIAL, "/open").status == 200
    assert get(gateway, TRIAL, "/nothing", TRIAL_KEY).status == 404


def test_the_log_and_the_metrics_tell_the_sandbox_apart(gateway):
    real = gateway.line_of(get(gateway, REAL, "/keys", REAL_KEY))
    trial = gateway.line_of(get(gateway, TRIAL, "/keys", TRIAL_KEY))
    assert (real["stage"], real["api_key"], real["customer"]) == ("$default", "real", "acme")
    assert (trial["stage"], trial["api_key"], trial["customer"]) == ("sandbox", "trial", "acme")
    assert trial["api"] == real["api"] == "shop"


def test_a_key_changes_sides_with_a_reload(gateway):
    assert get(gateway, REAL, "/keys", OTHER_KEY).body == b"real"
    text = gateway.file.read_text()
    gateway.write(text.replace('other: { api_keys: { secret: "env:OTHER_KEY" } }', 'other: { sandbox: { api_keys: { secret: "env:OTHER_KEY" } } }'))
    wait_until(lambda: get(gateway, TRIAL, "/keys", OTHER_KEY).status == 200, "the key to be one for the sandbox")
    assert cause(get(gateway, REAL, "/keys", OTHER_KEY)) == (403, "authorizer.sandbox-credentials")


VERSIONS = """
authorizers: {{ keys: {{ api_key: {{}} }} }}
customers:
  acme:
    api_keys: {{ secret: "env:ACME_KEY" }}
    versions: {{ shop: v1 }}
    sandbox: {{ api_keys: {{ secret: "env:TRIAL_KEY" }} }}
apis:
  shop:
    authorize: keys
    default_version: v2
    sandbox: {{ path: /sandbox, to: {sandbox} }}
    versions:
      v1: {{ routes: {{ GET /one: {real} }}, deprecated: 2024-01-01 }}
      v2: {{ routes: {{ GET /two: {real} }} }}
"""


def test_a_sandbox_has_the_versions_of_its_api(start, backends):
    urls = {name: backend.url for name, backend in backends.items()}
    gateway = start(VERSIONS.format(**urls), environment=SECRETS)

    def ask(path, key):
        return gateway.exchange(request("GET", path, key))

    for path in ("/v1/one", "/one"):
        assert ask(path, REAL_KEY).body == b"real"
        assert ask("/sandbox" + path, TRIAL_KEY).body == b"sandbox"
        assert ask("/sandbox" + path, TRIAL_KEY).get("Deprecation") == "@1704067200"
        assert ask("/sandbox" + path, REAL_KEY).status in (403, 404)
        assert ask(path, TRIAL_KEY).status in (403, 404)
    assert ask("/sandbox/v2/two", TRIAL_KEY).body == b"sandbox"
    assert cause(ask("/sandbox/v1/one", REAL_KEY)) == (403, "authorizer.production-credentials")
    assert {message.target for message in backends["sandbox"].requests} == {"/one", "/two"}


DOCUMENT = {
    "openapi": "3.0.1",
    "info": {"title": "shop", "version": "1"},
    "paths": {
        "/orders/{id}": {
            "get": {
                "responses": {
                    "404": {"description": "none"},
                    "200": {
                        "description": "an order",
                        "headers": {"X-Total": {"schema": {"type": "integer", "example": 3}}},
                        "content": {"application/json": {"example": {"id": "{id}", "price": 1.5, "lines": []}}},
                    },
                }
            },
            "delete": {"responses": {"204": {"description": "deleted"}}},
        },
        "/orders": {
            "get": {
                "responses": {
                    "200": {
                        "description": "orders",
                        "content": {
                            "application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}}
                        },
                    }
                }
            },
            "post": {"responses": {"201": {"$ref": "#/components/responses/Made"}}},
        },
    },
    "components": {
        "responses": {
            "Made": {
                "description": "made",
                "content": {"text/plain": {"examples": {"first": {"value": "made {id}"}}}},
            }
        },
        "schemas": {
            "Order": {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "example": "o-7"},
                    "state": {"type": "string", "enum": ["new", "paid"]},
                    "parent": {"$ref": "#/components/schemas/Order"},
                },
            }
        },
    },
}

EXAMPLES = """
authorizers: { keys: { api_key: {} } }
customers:
  acme:
    api_keys: { secret: "env:ACME_KEY" }
    sandbox: { api_keys: { secret: "env:TRIAL_KEY" } }
apis:
  shop:
    authorize: keys
    openapi: shop.json
    sandbox: { host: sandbox.test, answers: examples }
"""


def write_document(folder, backend, document=DOCUMENT):
    document = json.loads(json.dumps(document))
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["x-amazon-apigateway-integration"] = {"type": "http_proxy", "httpMethod": "ANY", "uri": backend.url + path}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shop.json").write_text(json.dumps(document))


def test_examples_of_the_document_answer_without_a_backend(start, backend, tmp_path):
    write_document(tmp_path, backend)
    gateway = start(EXAMPLES, folder=tmp_path, environment=SECRETS)

    def ask(method, path, key=TRIAL_KEY, host=TRIAL):
        return gateway.exchange(request(method, path, key, host=host))

    answer = ask("GET", "/orders/7")
    assert (answer.status, answer.get("Content-Type"), answer.get("X-Total")) == (200, "application/json", "3")
    assert answer.body == b'{"id":"{id}","price":1.5,"lines":[]}'
    assert ask("DELETE", "/orders/7").status == 204
    assert [(order["id"], order["state"]) for order in ask("GET", "/orders").json()] == [("o-7", "new")]
    answer = ask("POST", "/orders")
    assert (answer.status, answer.get("Content-Type"), answer.body) == (201, "text/plain", b"made {id}")
    assert cause(ask("GET", "/orders", REAL_KEY)) == (403, "authorizer.production-credentials")
    assert backend.requests == []
    assert ask("GET", "/orders/7", REAL_KEY, REAL).body == b"hello"


@pytest.mark.parametrize(
    "old, new, fault",
    [
        ("sandbox: { host: sandbox.test, answers: examples }", "sandbox: { host: sandbox.test }", "nothing in the place"),
        ("host: sandbox.test, ", "", "a sandbox has a host or a path of its own"),
        ("answers: examples", "answers: examples, to: http://127.0.0.1:1", "without any backend"),
        ("    authorize: keys\n", "    authorize: trial\n", "this authorizer is for sandboxes alone"),
        ("    authorize: keys\n", "    authorize: tokens\n", "knows nobody in sandboxes"),
        ("audience: trial", "audience: [trial, orders]", "a token could be taken here and by"),
        ("env:TRIAL_KEY", "env:ACME_KEY", "this API key is declared twice"),
    ],
)
def test_what_would_join_the_sides_is_refused(tmp_path, backend, old, new, fault):
    write_document(tmp_path, backend)
    (tmp_path / "jwks.json").write_text(key_set(rsa_key(0)))
    tokens = """authorizers:
  keys: { api_key: {} }
  tokens: { jwt: { issuer: https://issuer.test, audience: orders, jwks: jwks.json } }
  trial: { jwt: { issuer: https://issuer.test, audience: trial, jwks: jwks.json }, sandbox: true }"""
    text = EXAMPLES.replace("authorizers: { keys: { api_key: {} } }", tokens)
    for part, is_good in ((text, True), (text.replace(old, new), False)):
        (tmp_path / "shop.yaml").write_text(part)
        done = subprocess.run(
            [binary(), "validate", str(tmp_path / "shop.yaml")], capture_output=True, text=True, env=SECRETS, timeout=60
        )
        assert (done.returncode == 0) == is_good, done.stdout + done.stderr
    assert fault in done.stdout + done.stderr


def test_an_operation_without_an_example_is_a_fault(tmp_path, backend):
    document = json.loads(json.dumps(DOCUMENT))
    del document["paths"]["/orders/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    write_document(tmp_path, backend, document)
    (tmp_path / "shop.yaml").write_text(EXAMPLES)
    done = subprocess.run(
        [binary(), "validate", str(tmp_path / "shop.yaml")], capture_output=True, text=True, env=SECRETS, timeout=60
    )
    assert done.returncode == 1
    assert 'the sandbox has no example to answer with: "GET /orders/{id}"' in done.stdout + done.stderr
