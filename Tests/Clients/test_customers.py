"""Customers: API keys, passwords and addresses, alone and together."""

import base64
import hashlib
import statistics
import threading
import time

import pytest
from harness import request
from issuers import key_set, rsa_key, token

KEY = "dmn_0123456789abcdefABCDEF0123456789"
OTHER_KEY = "dmn_ffffffffffffffffffffffffffffffff"


def scrypt(password, rounds=10):
    salt = b"0123456789abcdef"
    size = 128 * 8 * (1 << rounds) + (1 << 20)
    derived = hashlib.scrypt(password.encode(), salt=salt, n=1 << rounds, r=8, p=1, dklen=32, maxmem=size * 2)
    plain = [base64.b64encode(value).rstrip(b"=").decode() for value in (salt, derived)]
    return f"$scrypt$ln={rounds},r=8,p=1${plain[0]}${plain[1]}"


FILE = """
trusted_proxies: 127.0.0.1
authorizers:
  keys: {{ api_key: {{}} }}
  query: {{ api_key: {{ query: key }} }}
  basic: {{ basic: {{ realm: orders }} }}
  triple: {{ basic: {{ realm: orders, form: id_password_key }} }}
  inside: {{ address: {{ allow: [10.0.0.0/8, "fd00::/8"], deny: 10.9.0.0/16 }} }}
  tokens: {{ jwt: {{ issuer: https://issuer.test, audience: orders, jwks: jwks.json, customer: sub }} }}
customers:
  acme:
    name: Acme Ltd
    api_keys: [{{ id: first, secret: "env:ACME_KEY" }}, {{ sha256: "{hash}" }}]
    passwords: {{ wiley: "{wiley}", coyote: "{coyote}" }}
    labels: {{ tier: gold }}
  branch:
    api_keys: {{ id: only, secret: "env:BRANCH_KEY" }}
    addresses: 192.0.2.0/24
  gone:
    state: suspended
    api_keys: {{ secret: "env:GONE_KEY" }}
    passwords: {{ ghost: "{wiley}" }}
apis:
  shop:
    authorize: keys
    claims_to_headers: {{ X-Customer: $customer, X-Tier: $labels.tier }}
    routes:
      GET /: {backend}
      GET /query: {{ to: {backend}, authorize: query }}
      GET /basic: {{ to: {backend}, authorize: basic }}
      GET /triple: {{ to: {backend}, authorize: triple }}
      GET /inside: {{ to: {backend}, authorize: inside }}
      GET /any: {{ to: {backend}, authorize: {{ any_of: [keys, basic, tokens] }} }}
      GET /all: {{ to: {backend}, authorize: {{ all_of: [inside, keys] }} }}
      GET /both: {{ to: {backend}, authorize: {{ all_of: [keys, tokens] }} }}
      GET /token: {{ to: {backend}, authorize: tokens }}
"""

SECRETS = {"ACME_KEY": KEY, "BRANCH_KEY": "branch-branch-branch", "GONE_KEY": "gone-gone-gone-gone"}


@pytest.fixture
def gateway(start, backend, tmp_path):
    (tmp_path / "jwks.json").write_text(key_set(rsa_key(0)))
    text = FILE.format(
        backend=backend.url,
        hash=hashlib.sha256(OTHER_KEY.encode()).hexdigest(),
        wiley=scrypt("roadrunner"),
        coyote=scrypt("a:b:c"),
    )
    return start(text, folder=tmp_path, environment=SECRETS)


def get(gateway, path="/", *fields):
    return gateway.exchange(request("GET", path, *fields))


def basic(user, password):
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def cause(answer):
    return answer.status, answer.json()["cause"]


def test_a_key_is_taken_and_its_customer_is_told(gateway, backend):
    for _ in range(2):
        answer = get(gateway, "/", f"x-api-key: {KEY}")
        assert answer.status == 200
        assert (backend.requests[-1].get("X-Customer"), backend.requests[-1].get("X-Tier")) == ("acme", "gold")
        line = gateway.line_of(answer)
        assert (line["customer"], line["api_key"], line["authorizer"]) == ("acme", "first", "keys")
    assert get(gateway, "/", f"X-Api-Key: {OTHER_KEY}").status == 200
    assert get(gateway, f"/query?a=1&key={KEY}").status == 200
    assert KEY not in gateway.stderr()


def test_other_keys_are_not(gateway, backend):
    assert cause(get(gateway)) == (403, "authorizer.missing-api-key")
    for wrong in (KEY[:-1], KEY + "0", KEY.upper(), "x", "x" * 5_000):
        assert cause(get(gateway, "/", f"x-api-key: {wrong}")) == (403, "authorizer.unknown-api-key")
    assert cause(get(gateway, "/", f"x-api-key: {KEY}", f"x-api-key: {KEY}")) == (400, "authorizer.duplicate-credentials")
    assert cause(get(gateway, "/", "x-api-key: gone-gone-gone-gone")) == (403, "authorizer.suspended-customer")
    assert backend.requests == []


def test_a_customer_calls_from_its_addresses_alone(gateway):
    key = "x-api-key: branch-branch-branch"
    assert get(gateway, "/", key, "X-Forwarded-For: 192.0.2.7").status == 200
    assert cause(get(gateway, "/", key)) == (403, "authorizer.address-not-allowed")
    assert get(gateway, "/", key, "X-Forwarded-For: 192.0.2.7").status == 200


def test_a_password_is_taken_and_its_customer_is_told(gateway, backend):
    for user, password in (("wiley", "roadrunner"), ("coyote", "a:b:c")):
        answer = get(gateway, "/basic", basic(user, password))
        assert answer.status == 200
        line = gateway.line_of(answer)
        assert (line["customer"], line["user"]) == ("acme", user)
    assert "cm9hZHJ1bm5lcg" not in gateway.log_text()


def test_wrong_passwords_and_unknown_users_look_the_same(gateway, backend):
    answers = [get(gateway, "/basic", basic(*pair)) for pair in (("wiley", "x"), ("nobody", "x"), ("wiley", ""))]
    assert [cause(answer) for answer in answers] == [(401, "authorizer.wrong-password")] * 3
    assert {answer.get("WWW-Authenticate") for answer in answers} == {'Basic realm="orders", charset="UTF-8"'}
    assert cause(get(gateway, "/basic")) == (401, "authorizer.missing-password")
    for value in ("Basic", "Basic x", "Basic eA==", "Basic " + "A" * 4_000):
        answer = get(gateway, "/basic", f"Authorization: {value}")
        assert answer.status == 401
    assert cause(get(gateway, "/basic", basic("ghost", "roadrunner"))) == (403, "authorizer.suspended-customer")
    assert backend.requests == []


def test_a_password_and_a_key_of_the_same_customer_are_taken(gateway, backend):
    for user, password, key, name in (("wiley", "roadrunner", KEY, "first"), ("coyote", "a:b:c", OTHER_KEY, None)):
        for _ in range(2):
            answer = get(gateway, "/triple", basic(user, f"{password}:{key}"))
            assert answer.status == 200
            line = gateway.line_of(answer)
            assert (line["customer"], line["user"], line.get("api_key")) == ("acme", user, name)
    assert backend.requests[-1].get("X-Customer") == "acme"
    assert KEY not in gateway.log_text() + gateway.stderr()


def test_another_key_or_password_beside_it_is_not(gateway, backend):
    for pair, expected in (
        (("wiley", "roadrunner:branch-branch-branch"), "wrong-api-key"),
        (("wiley", "roadrunner:nobodys-nobodys"), "wrong-api-key"),
        (("wiley", f"wrong:{KEY}"), "wrong-password"),
        (("nobody", f"roadrunner:{KEY}"), "wrong-password"),
        (("wiley", "roadrunner"), "malformed-basic-credentials"),
        (("wiley", "roadrunner:"), "malformed-basic-credentials"),
    ):
        answer = get(gateway, "/triple", basic(*pair))
        assert cause(answer) == (401, f"authorizer.{expected}"), pair
        assert answer.get("WWW-Authenticate") == 'Basic realm="orders", charset="UTF-8"'
    # Nothing of a refusal is kept, and the other form does not take the same text.
    assert get(gateway, "/triple", basic("wiley", f"roadrunner:{KEY}")).status == 200
    assert cause(get(gateway, "/basic", basic("wiley", f"roadrunner:{KEY}"))) == (401, "authorizer.wrong-password")
    assert cause(get(gateway, "/triple", basic("ghost", "roadrunner:gone-gone-gone-gone"))) == (403, "authorizer.suspended-customer")
    assert cause(get(gateway, "/triple")) == (401, "authorizer.missing-password")


def test_a_key_for_the_sandbox_does_not_go_with_a_password_for_production(start, backend, tmp_path):
    gateway = start(
        f"""
authorizers: {{ triple: {{ basic: {{ form: id_password_key }} }} }}
customers:
  acme:
    api_keys: {{ secret: "env:ACME_KEY" }}
    passwords: {{ wiley: "{scrypt("roadrunner")}" }}
    sandbox: {{ api_keys: {{ secret: "env:TRIAL_KEY" }} }}
apis: {{ shop: {{ authorize: triple, routes: {{ GET /: {backend.url} }} }} }}
""",
        folder=tmp_path,
        environment={"ACME_KEY": KEY, "TRIAL_KEY": "trial-trial-trial"},
    )
    answer = get(gateway, "/", basic("wiley", "roadrunner:trial-trial-trial"))
    assert cause(answer) == (401, "authorizer.wrong-api-key")
    assert get(gateway, "/", basic("wiley", f"roadrunner:{KEY}")).status == 200


def test_the_second_call_with_a_password_is_fast(start, tmp_path):
    gateway = start(
        'authorizers: { basic: { basic: {} } }\ncustomers: { acme: { passwords: { wiley: "%s" } } }\n'
        "apis: { shop: { authorize: basic, routes: { $default: { reply: { text: hello } } } } }" % scrypt("x", 15)
    )

    def seconds():
        begun = time.monotonic()
        assert gateway.exchange(request("GET", "/", basic("wiley", "x"))).status == 200
        return time.monotonic() - begun

    # Each worker has decisions of its own.
    times = sorted(seconds() for _ in range(20))
    assert times[10] < times[-1] / 3


def test_the_time_of_a_refusal_does_not_tell_users(gateway):
    """Medians of many, taken in turn: an unknown user's check would take no time at all without a decoy."""
    times = {"wiley": [], "nobody": []}
    for number in range(40):
        for user in times:
            begun = time.monotonic()
            assert get(gateway, "/basic", basic(user, f"x{number}")).status == 401
            times[user].append(time.monotonic() - begun)
    known, unknown = (statistics.median(values) for values in times.values())
    assert 0.6 < unknown / known < 1.6, (known, unknown)


def test_many_passwords_at_once_are_answered_or_told_to_come_back(start, tmp_path):
    gateway = start(
        'authorizers: { basic: { basic: { realm: a } } }\ncustomers: { acme: { passwords: { wiley: "%s" } } }\n'
        "apis: { shop: { routes: { $default: { reply: { text: hello }, authorize: basic }, "
        "GET /open: { reply: { text: hello } } } } }" % scrypt("x", 12)
    )
    statuses, lock = [], threading.Lock()

    def ask(number):
        answer = gateway.exchange(request("GET", "/", basic("wiley", f"wrong{number}")))
        with lock:
            statuses.append(answer.status)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    # The loops are not held up.
    begun = time.monotonic()
    assert gateway.exchange(request("GET", "/open")).status == 200
    assert time.monotonic() - begun < 1
    for thread in threads:
        thread.join()
    assert set(statuses) <= {401, 503} and len(statuses) == 100


def test_addresses_decide(gateway):
    assert cause(get(gateway, "/inside")) == (403, "authorizer.address-not-allowed")
    for address, status in (("10.1.2.3", 200), ("fd00::1", 200), ("10.9.1.1", 403), ("11.0.0.1", 403)):
        assert get(gateway, "/inside", f"X-Forwarded-For: {address}").status == status


def test_any_of_takes_what_one_takes(gateway):
    assert get(gateway, "/any", f"x-api-key: {KEY}").status == 200
    assert get(gateway, "/any", basic("wiley", "roadrunner")).status == 200
    assert get(gateway, "/any", "Authorization: Bearer " + token(rsa_key(0), sub="acme")).status == 200
    answer = get(gateway, "/any")
    assert cause(answer) == (403, "authorizer.missing-api-key")
    answer = get(gateway, "/any", basic("wiley", "wrong"))
    assert cause(answer) == (401, "authorizer.wrong-password")
    assert answer.all("WWW-Authenticate") == ['Basic realm="orders", charset="UTF-8"', "Bearer"]


def test_all_of_takes_what_all_take(gateway):
    inside = "X-Forwarded-For: 10.0.0.1"
    assert get(gateway, "/all", inside, f"x-api-key: {KEY}").status == 200
    assert cause(get(gateway, "/all", f"x-api-key: {KEY}")) == (403, "authorizer.address-not-allowed")
    assert cause(get(gateway, "/all", inside)) == (403, "authorizer.missing-api-key")


def test_two_authorizers_have_to_know_the_same_customer(gateway):
    bearer = "Authorization: Bearer " + token(rsa_key(0), sub="acme")
    assert get(gateway, "/both", f"x-api-key: {KEY}", bearer).status == 200
    other = "X-Forwarded-For: 192.0.2.7"
    assert cause(get(gateway, "/both", "x-api-key: branch-branch-branch", bearer, other)) == (403, "authorizer.customers-differ")


def test_a_token_names_a_customer(gateway):
    def bearer(name):
        return "Authorization: Bearer " + token(rsa_key(0), sub=name)

    answer = get(gateway, "/token", bearer("acme"))
    assert gateway.line_of(answer)["customer"] == "acme"
    assert cause(get(gateway, "/token", bearer("nobody"))) == (403, "authorizer.unknown-customer")
    assert cause(get(gateway, "/token", bearer("gone"))) == (403, "authorizer.suspended-customer")


def test_a_suspended_customer_is_refused_at_once(gateway):
    assert get(gateway, "/", f"x-api-key: {KEY}").status == 200
    gateway.write(gateway.file.read_text().replace("name: Acme Ltd", "state: suspended"))
    end = time.monotonic() + 10
    while get(gateway, "/", f"x-api-key: {KEY}").status == 200 and time.monotonic() < end:
        time.sleep(0.05)
    assert cause(get(gateway, "/", f"x-api-key: {KEY}")) == (403, "authorizer.suspended-customer")
