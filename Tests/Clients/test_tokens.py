"""Signed tokens: which are taken, which are not, and what the client, the log and the backend are told."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from harness import request, wait_until
from issuers import ec_key, ed_key, key_set, rsa_key, token
from joserfc.jwk import OctKey

FILE = """
authorizers:
  tokens:
    jwt: {{ issuer: https://issuer.test, audience: orders, jwks: jwks.json, leeway: 0s }}
  scoped:
    jwt:
      issuer: https://issuer.test
      audience: [orders, shop]
      jwks: jwks.json
      scopes: orders.read
      claims: {{ tenant: [red, blue] }}
  anywhere: {{ jwt: {{ issuer: https://issuer.test, audience: "*", jwks: jwks.json, query: token }} }}
apis:
  shop:
    authorize: tokens
    claims_to_headers: {{ X-Customer: sub, X-Tenant: tenant, X-Scopes: $scopes }}
    routes:
      $default: {backend}
      GET /open: {{ to: {backend}, authorize: none }}
      GET /scoped: {{ to: {backend}, authorize: scoped }}
      GET /written: {{ to: {backend}, authorize: {{ use: tokens, scopes: [orders.write] }} }}
      GET /query: {{ to: {backend}, authorize: anywhere }}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "jwks.json").write_text(key_set(rsa_key(0), rsa_key(1), ELLIPTIC, EDWARDS))
    return tmp_path


ELLIPTIC = ec_key()
EDWARDS = ed_key()


@pytest.fixture
def gateway(start, backend, folder):
    return start(FILE.format(backend=backend.url), folder=folder)


def get(gateway, bearer=None, path="/", *fields):
    lines = [f"Authorization: Bearer {bearer}"] if bearer is not None else []
    return gateway.exchange(request("GET", path, *lines, *fields))


def refused(gateway, answer, status, cause):
    """Checks an answer and its line in the log, and that neither shows a token."""
    assert (answer.status, answer.json()["cause"]) == (status, cause)
    assert gateway.line_of(answer)["cause"] == cause
    return answer


def encoded(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# What is taken


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(rsa_key(0), "RS256"), (rsa_key(0), "RS512"), (rsa_key(1), "PS256"), (ELLIPTIC, "ES256"), (EDWARDS, "EdDSA")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_good_token_is_taken_and_its_subject_is_told(gateway, backend, key, algorithm):
    for _ in range(3):
        answer = get(gateway, token(key, algorithm, sub="someone"))
        assert answer.status == 200
        assert backend.requests[-1].get("X-Customer") == "someone"
        line = gateway.line_of(answer)
        assert (line["subject"], line["authorizer"]) == ("someone", "tokens")


def test_a_bare_token_and_any_case_of_the_scheme_are_taken(gateway):
    good = token(rsa_key(0))
    for value in (good, "bearer " + good, "BEARER  " + good):
        assert gateway.exchange(request("GET", "/", f"Authorization: {value}")).status == 200


def test_a_token_in_the_query_is_taken_once(gateway):
    good = token(rsa_key(0), aud="whoever")
    assert gateway.exchange(request("GET", f"/query?token={good}")).status == 200
    for query in (f"token={good}&token={good}", f"token={good}&tok%65n={good}"):
        answer = gateway.exchange(request("GET", "/query?" + query))
        refused(gateway, answer, 400, "authorizer.duplicate-credentials")
    refused(gateway, gateway.exchange(request("GET", "/query?x=1")), 401, "authorizer.missing-token")


def test_scopes_and_claims_are_asked_for(gateway, backend):
    good = {"scope": "orders.read orders.write", "tenant": "red", "aud": ["other", "shop"]}
    assert get(gateway, token(rsa_key(0), **good), "/scoped").status == 200
    told = backend.requests[-1]
    assert (told.get("X-Tenant"), told.get("X-Scopes")) == ("red", "orders.read orders.write")
    answer = get(gateway, token(rsa_key(0), **{**good, "scope": "orders"}), "/scoped")
    refused(gateway, answer, 403, "authorizer.insufficient-scope")
    assert 'error="insufficient_scope"' in answer.get("WWW-Authenticate")
    assert 'scope="orders.read"' in answer.get("WWW-Authenticate")
    refused(gateway, get(gateway, token(rsa_key(0), **{**good, "tenant": "green"}), "/scoped"), 401,
            "authorizer.wrong-claim")  # fmt: skip
    refused(gateway, get(gateway, token(rsa_key(0), **{**good, "tenant": None}), "/scoped"), 401,
            "authorizer.missing-claim")  # fmt: skip


def test_a_routes_own_scopes_are_asked_for(gateway):
    assert get(gateway, token(rsa_key(0), scope="a orders.write"), "/written").status == 200
    assert get(gateway, token(rsa_key(0), scope=["orders.write"]), "/written").status == 200
    answer = get(gateway, token(rsa_key(0), scope="orders.writer"), "/written")
    refused(gateway, answer, 403, "authorizer.insufficient-scope")


# What is refused


def test_no_token_is_told_how_to_bring_one(gateway):
    answer = refused(gateway, get(gateway), 401, "authorizer.missing-token")
    assert answer.get("WWW-Authenticate") == "Bearer"
    assert answer.json()["message"] == "Unauthorized"
    answer = gateway.exchange(request("GET", "/", "Authorization: Basic dTpw"))
    refused(gateway, answer, 401, "authorizer.missing-token")


def bad_tokens():
    now = int(time.time())
    good = token(rsa_key(0))
    header, payload, signature = good.split(".")
    public = json.dumps(rsa_key(0).as_dict(private=False)).encode()
    pem = rsa_key(0).as_pem(private=False)

    def hs256(key, kid="rsa-0", alg="HS256"):
        signed = encoded({"alg": alg, "kid": kid}) + "." + payload
        return signed + "." + encoded(hmac.new(key, signed.encode(), hashlib.sha256).digest())

    stranger = rsa_key(2)
    return {
        "expired": (token(rsa_key(0), exp=now - 1), "expired-token"),
        "early": (token(rsa_key(0), nbf=now + 60), "early-token"),
        "from the future": (token(rsa_key(0), iat=now + 60), "token-from-future"),
        "of another issuer": (token(rsa_key(0), iss="https://issuer.test/"), "wrong-issuer"),
        "for another audience": (token(rsa_key(0), aud="order"), "wrong-audience"),
        "for no audience": (token(rsa_key(0), aud=None), "wrong-audience"),
        "without end": (token(rsa_key(0), exp=None), "missing-claim"),
        "of a stranger's key": (token(stranger), "unknown-key"),
        "of a stranger with our kid": (token(stranger, header={"kid": "rsa-0"}), "wrong-signature"),
        "kid of another key": (token(rsa_key(0), header={"kid": "rsa-1"}), "wrong-signature"),
        "kid as a path": (token(rsa_key(0), header={"kid": "../../../dev/null"}), "unknown-key"),
        "kid as SQL": (token(rsa_key(0), header={"kid": "x' UNION SELECT 'rsa-0"}), "unknown-key"),
        "alg none": (encoded({"alg": "none", "kid": "rsa-0"}) + "." + payload + ".", None),
        "alg NONE with signature": (encoded({"alg": "NONE"}) + "." + payload + "." + signature, "refused-algorithm"),
        "HS256 with the public PEM": (hs256(pem), "refused-algorithm"),
        "HS256 with the public JWK": (hs256(public), "refused-algorithm"),
        "ES256 on an RSA key": (hs256(b"x" * 32, alg="ES256"), "refused-algorithm"),
        "another payload": (header + "." + encoded({"sub": "admin"}) + "." + signature, "wrong-signature"),
        "a cut signature": (good[:-2], "wrong-signature"),
        "no signature": (header + "." + payload + ".", "malformed-token"),
        "two parts": (header + "." + payload, "malformed-token"),
        "no token": ("x", "malformed-token"),
        "an oversized one": (header + "." + "A" * 20_000 + "." + signature, "malformed-token"),
        "a header with its own key": (
            token(stranger, header={"kid": "rsa-9", "jwk": stranger.as_dict(private=False)}), "unknown-key",
        ),
        "critical extensions": (encoded({"alg": "RS256", "kid": "rsa-0", "crit": ["b64"], "b64": False}) + "."
                                + payload + "." + signature, "malformed-token"),
    }  # fmt: skip


@pytest.mark.parametrize("name", bad_tokens())
def test_a_bad_token_is_refused(gateway, backend, name):
    bad, cause = bad_tokens()[name]
    answer = get(gateway, bad)
    assert answer.status == 401
    assert answer.get("WWW-Authenticate").startswith('Bearer error="invalid_token", error_description="')
    if cause:
        refused(gateway, answer, 401, "authorizer." + cause)
    assert backend.requests == []
    assert bad not in gateway.log_text() and bad not in gateway.stderr()


def test_two_tokens_are_refused_whichever_is_good(gateway, backend):
    good = token(rsa_key(0))
    for pair in ((good, "x"), ("x", good), (good, good)):
        fields = [f"Authorization: Bearer {value}" for value in pair]
        answer = gateway.exchange(request("GET", "/", *fields))
        assert answer.status == 400, pair
    assert backend.requests == []


def test_a_cached_token_ends_when_it_expires(gateway):
    short = token(rsa_key(0), exp=int(time.time()) + 2)
    assert get(gateway, short).status == 200
    assert get(gateway, short).status == 200
    wait_until(lambda: get(gateway, short).status == 401, "the token's end", patience=5)
    refused(gateway, get(gateway, short), 401, "authorizer.expired-token")


def test_what_differs_from_a_cached_token_anywhere_is_not_taken(gateway):
    good = token(rsa_key(0))
    assert get(gateway, good).status == 200
    for position in range(0, len(good), 41):
        other = "A" if good[position] != "A" else "B"
        changed = good[:position] + other + good[position + 1 :]
        assert get(gateway, changed).status == 401, position


# Keys in a file


def test_a_key_that_left_the_file_ends_cached_decisions(gateway, folder):
    former, latter = token(rsa_key(0)), token(rsa_key(1))
    assert get(gateway, former).status == get(gateway, latter).status == 200
    (folder / "jwks.json").write_text(key_set(rsa_key(1)))
    wait_until(lambda: get(gateway, former).status == 401, "the key to be withdrawn")
    refused(gateway, get(gateway, former), 401, "authorizer.unknown-key")
    assert get(gateway, latter).status == 200


def test_a_broken_key_file_leaves_the_old_keys(gateway, folder):
    (folder / "jwks.json").write_text('{"keys": [')
    wait_until(lambda: "configuration fault" in gateway.stderr(), "the fault in the log")
    assert get(gateway, token(rsa_key(0))).status == 200


# Headers


@pytest.mark.parametrize(
    "field",
    ["X-Customer: admin", "x-CUSTOMER: admin", "X_Customer: admin", "X-Tenant: admin", "X-Scopes: admin"],
)
def test_no_client_sets_what_only_the_gateway_may(gateway, backend, field):
    for path, bearer in (("/", token(rsa_key(0))), ("/open", None)):
        assert get(gateway, bearer, path, "A: 1", field, "B: 2", field, "C: 3").status == 200
        told = backend.requests[-1]
        assert [value for name, value in told.headers if value == "admin"] == []
        assert (told.get("A"), told.get("B"), told.get("C")) == ("1", "2", "3")
        assert told.get("X-Customer") == ("customer-1" if bearer else None)


def test_no_client_sets_it_in_trailers(gateway, backend):
    sent = request("POST", "/", f"Authorization: Bearer {token(rsa_key(0))}", "Transfer-Encoding: chunked")
    assert gateway.exchange(sent + b"1\r\nx\r\n0\r\nX-Customer: admin\r\nX_Tenant: admin\r\nOther: 1\r\n\r\n").status == 200
    assert backend.requests[-1].trailers == [("Other", "1")]


def test_a_claim_that_is_no_field_value_is_not_told(gateway, backend):
    assert get(gateway, token(rsa_key(0), sub="a\r\nX-Admin: 1")).status == 200
    told = backend.requests[-1]
    assert told.get("X-Customer") is None and told.get("X-Admin") is None


# A secret that both sides have


def test_hs256_is_taken_with_a_secret_alone(start, backend, tmp_path):
    secret = "0123456789abcdef0123456789abcdef"
    text = """
authorizers: {{ tokens: {{ jwt: {{ issuer: https://issuer.test, audience: orders, secret: "env:TOKEN_SECRET" }} }} }}
apis: {{ shop: {{ authorize: tokens, routes: {{ $default: {backend} }} }} }}
"""
    gateway = start(text.format(backend=backend.url), environment={"TOKEN_SECRET": secret})
    key = OctKey.import_key(secret)
    assert get(gateway, token(key, "HS256", header={"kid": None})).status == 200
    other = OctKey.import_key("f" * 32)
    refused(gateway, get(gateway, token(other, "HS256", header={"kid": None})), 401, "authorizer.wrong-signature")
    assert get(gateway, token(rsa_key(0))).status == 401
