"""Backends by customer: whose calls go where, and that everything else of a route stays as it is."""

import itertools

import pytest
from harness import request, response, wait_until
from issuers import key_set, rsa_key, token
from test_customers import basic, scrypt

FILE = """
authorizers:
  keys: {{ api_key: {{}} }}
  basic: {{ basic: {{}} }}
  tokens: {{ jwt: {{ issuer: https://issuer.test, audience: orders, jwks: jwks.json, customer: sub }} }}
customers:
  acme:
    api_keys: {{ secret: "env:ACME_KEY" }}
    passwords: {{ wiley: "{wiley}" }}
    backends: {{ orders: {acme}/of-acme/ }}
  branch: {{ api_keys: {{ secret: "env:BRANCH_KEY" }}, backends: {{ orders: spare }} }}
  other: {{ api_keys: {{ secret: "env:OTHER_KEY" }} }}
backends:
  orders: {{ targets: {shared}, retry: {{ attempts: 3, on: [connect, 503] }} }}
  spare: {{ targets: {spare} }}
  stock: {{ targets: {shared} }}
apis:
  shop:
    authorize: keys
    claims_to_headers: {{ X-Customer: $customer }}
    routes:
      ANY /orders: orders
      GET /orders/{{id}}: {{ to: orders, path: "/intern/{{id}}" }}
      GET /stock: stock
      GET /open: {{ to: orders, authorize: none }}
      GET /basic: {{ to: orders, authorize: basic }}
      GET /token: {{ to: orders, authorize: tokens }}
"""

SECRETS = {"ACME_KEY": "acme-acme-acme-acme", "BRANCH_KEY": "branch-branch-branch", "OTHER_KEY": "other-other-other-other"}
BOTH_PROTOCOLS = True
ACME, BRANCH, OTHER = (f"x-api-key: {key}" for key in SECRETS.values())


@pytest.fixture
def backends(make_backend):
    """By name; each answers with its name."""
    names = ("acme", "spare", "shared")
    return {name: make_backend(lambda _, name=name: response(body=name.encode())) for name in names}


@pytest.fixture
def gateway(start, backends, tmp_path):
    (tmp_path / "jwks.json").write_text(key_set(rsa_key(0)))
    urls = {name: backend.url for name, backend in backends.items()}
    return start(FILE.format(wiley=scrypt("roadrunner"), **urls), folder=tmp_path, environment=SECRETS)


def get(gateway, path, *fields):
    return gateway.exchange(request("GET", path, *fields))


def test_the_backend_of_a_route_is_the_customers_own(gateway, backends):
    for key, name in ((ACME, "acme"), (BRANCH, "spare"), (OTHER, "shared")):
        assert get(gateway, "/orders", key).body == name.encode()
        # Other backends of the same routes' file are nobody's own.
        assert get(gateway, "/stock", key).body == b"shared"
    assert [message.get("X-Customer") for message in backends["acme"].requests] == ["acme"]


def test_the_path_of_the_url_comes_before_that_of_the_route(gateway, backends):
    get(gateway, "/orders?a=1", ACME)
    get(gateway, "/orders/7", ACME)
    assert [message.target for message in backends["acme"].requests] == ["/of-acme/orders?a=1", "/of-acme/intern/7"]


def test_the_log_says_where_a_call_went(gateway, backends):
    own = f"orders@127.0.0.1:{backends['acme'].port}/of-acme"
    assert gateway.line_of(get(gateway, "/orders", ACME))["backend"] == own
    assert gateway.line_of(get(gateway, "/orders", BRANCH))["backend"] == "spare"
    line = gateway.line_of(get(gateway, "/orders", OTHER))
    assert (line["backend"], line["customer"]) == ("orders", "other")


def test_who_is_not_known_goes_where_everybody_goes(gateway, backends):
    assert get(gateway, "/open", ACME).body == b"shared"
    assert get(gateway, "/orders").status == 403
    assert sum(len(backend.requests) for backend in backends.values()) == 1


def test_every_kind_of_credentials_leads_to_the_customers_backend(gateway):
    for _ in range(2):
        assert get(gateway, "/basic", basic("wiley", "roadrunner")).body == b"acme"
        assert get(gateway, "/token", "Authorization: Bearer " + token(rsa_key(0), sub="branch")).body == b"spare"
        assert get(gateway, "/token", "Authorization: Bearer " + token(rsa_key(0), sub="other")).body == b"shared"


def test_the_settings_of_the_backend_hold_for_the_url_that_replaces_it(gateway, backends):
    """503 is retried on `orders`, and not on `spare`."""
    for name in ("acme", "spare"):
        answers = itertools.count()
        backends[name].answer = lambda _, answers=answers: response(503 if next(answers) < 2 else 200)
    answer = get(gateway, "/orders", ACME)
    assert (answer.status, gateway.line_of(answer)["attempts"]) == (200, 3)
    assert get(gateway, "/orders", BRANCH).status == 503


def test_a_backend_that_fails_does_not_send_calls_to_the_shared_one(gateway, backends):
    backends["acme"].answer = lambda _: None
    answer = get(gateway, "/orders", ACME)
    assert (answer.status, answer.json()["cause"]) == (502, "backend.reset")
    assert backends["shared"].requests == []


def test_a_reload_changes_where_calls_go(gateway, backends):
    assert get(gateway, "/orders", OTHER).body == b"shared"
    gateway.write(gateway.file.read_text().replace('"env:OTHER_KEY" }', '"env:OTHER_KEY" }, backends: { orders: spare }'))
    wait_until(lambda: get(gateway, "/orders", OTHER).body == b"spare", "the new backend to be asked")
    assert get(gateway, "/orders", ACME).body == b"acme"
