"""Keys that are fetched: rotation, servers that are down, and tokens that ask for keys that nobody has."""

import time

import pytest
from harness import free_port, request, wait_until
from issuers import Issuer, rsa_key, token

FILE = """
authorizers: {{ tokens: {{ jwt: {{ issuer: "{issuer}", audience: orders, {more} }} }} }}
apis: {{ shop: {{ authorize: tokens, routes: {{ $default: {{ reply: {{ text: hello }} }} }} }} }}
"""


@pytest.fixture
def issuer():
    with Issuer(rsa_key(0)) as issuer:
        yield issuer


def get(gateway, bearer):
    return gateway.exchange(request("GET", "/", f"Authorization: Bearer {bearer}"))


@pytest.mark.parametrize("how", ["discovery", "key set"])
def test_keys_are_fetched_and_rotate(start, issuer, how):
    more = f"jwks: '{issuer.jwks_url}'" if how == "key set" else "leeway: 1s"
    gateway = start(FILE.format(issuer=issuer.url, more=more))
    # A token that came before the first fetch would ask for one, and for a while no other could.
    wait_until(lambda: issuer.fetches, "the fetch at the start")
    assert get(gateway, issuer.token()).status == 200
    issuer.keys.append(rsa_key(1))
    fetches = issuer.fetches
    # The first token by the new key has it fetched, and is taken.
    assert get(gateway, issuer.token(rsa_key(1))).status == 200
    assert issuer.fetches == fetches + 1
    assert get(gateway, issuer.token(rsa_key(0))).status == 200


def test_a_withdrawn_key_ends_cached_decisions(start, issuer):
    gateway = start(FILE.format(issuer=issuer.url, more=f"jwks: '{issuer.jwks_url}'"))
    former = issuer.token(rsa_key(0))
    assert get(gateway, former).status == 200
    issuer.keys = [rsa_key(1)]
    assert get(gateway, issuer.token(rsa_key(1))).status == 200
    answer = get(gateway, former)
    assert (answer.status, answer.json()["cause"]) == (401, "authorizer.unknown-key")


def test_unknown_keys_do_not_make_the_gateway_ask_again_and_again(start, issuer):
    gateway = start(FILE.format(issuer=issuer.url, more=f"jwks: '{issuer.jwks_url}'"))
    assert get(gateway, issuer.token()).status == 200
    fetches = issuer.fetches
    for number in range(20):
        answer = get(gateway, issuer.token(rsa_key(2), header={"kid": f"k{number}"}))
        assert (answer.status, answer.json()["cause"]) == (401, "authorizer.unknown-key")
    assert issuer.fetches <= fetches + 1


def test_old_keys_serve_on_when_their_server_fails(start, issuer):
    gateway = start(FILE.format(issuer=issuer.url, more=f"jwks: '{issuer.jwks_url}'"))
    assert get(gateway, issuer.token()).status == 200
    issuer.status = 500
    assert get(gateway, issuer.token(rsa_key(1))).status == 401
    assert get(gateway, issuer.token(sub="another")).status == 200


def test_without_any_keys_clients_are_told_to_come_back(start):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    gateway = start(FILE.format(issuer=url, more=f"jwks: '{url}/jwks.json'"))
    answer = get(gateway, token(rsa_key(0), iss=url))
    assert (answer.status, answer.json()["cause"]) == (503, "authorizer.keys-unavailable")
    assert answer.get("Retry-After") == "5"
    # What a token's own fetch has found is told with the next one.
    wait_until(lambda: "there are no keys" in gateway.stderr(), "the log to tell", patience=30)


def test_an_answer_of_another_issuer_is_not_believed(start, issuer):
    # Discovery under another name than the document's: the issuer would be somebody else.
    other = issuer.url.replace("127.0.0.1", "localhost")
    gateway = start(FILE.format(issuer=other, more="leeway: 1s"))
    answer = get(gateway, issuer.token(iss=other))
    assert (answer.status, answer.json()["cause"]) == (503, "authorizer.keys-unavailable")


def test_a_client_that_leaves_while_keys_are_fetched_harms_nobody(start, issuer):
    gateway = start(FILE.format(issuer=issuer.url, more=f"jwks: '{issuer.jwks_url}'"), arguments=("--threads", "1"))
    assert get(gateway, issuer.token()).status == 200
    unknown = request("GET", "/", f"Authorization: Bearer {issuer.token(rsa_key(2))}")
    for _ in range(20):
        with gateway.connect() as client:
            client.send(unknown)
        assert gateway.exchange(request("GET", "/")).status == 401
    assert get(gateway, issuer.token()).status == 200
    time.sleep(0.1)
    assert gateway.process.poll() is None
