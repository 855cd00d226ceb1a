"""Nonces of signatures that one gateway took, and others refuse."""

import concurrent.futures
import signal
import uuid

import pytest
from harness import request, wait_until
from metrics import Metrics
from test_signatures import SECRET, cause, send, signed

FILE = """
redis: redis://127.0.0.1:{port}
authorizers: {{ signed: {{ signature: {{ max_age: 1m, on_failure: {on_failure} }} }} }}
customers: {{ acme: {{ signing_keys: {{ id: acme-hmac, secret: "env:ACME_SECRET" }} }} }}
apis: {{ shop: {{ authorize: signed, routes: {{ $default: {{ reply: {{}} }} }} }} }}
"""


@pytest.fixture
def run(start, redis):
    def run(on_failure="closed", more=""):
        text = FILE.format(port=redis.port, on_failure=on_failure) + more
        return start(text, environment={"ACME_SECRET": SECRET})

    return run


def status(gateway, lines):
    answer = send(gateway, lines)
    return 200 if answer.status == 200 else cause(answer)


REPLAYED = (401, "replayed-signature")


def test_a_signature_is_taken_by_one_gateway(run):
    first, second = run(), run("local")
    lines = signed()
    assert status(first, lines) == 200
    assert status(second, lines) == REPLAYED
    assert status(first, lines) == REPLAYED
    # Its content, too, is waited for before.
    body = b"orders"
    lines = signed("POST", body=body)
    assert send(second, lines, "POST", body=body).status == 200
    assert cause(send(first, lines, "POST", body=body)) == REPLAYED
    # The same nonce with another signature is no other.
    nonce = uuid.uuid4().hex
    assert status(second, signed(nonce=nonce)) == 200
    assert status(first, signed(nonce=nonce, created=-1)) == REPLAYED


def test_of_many_at_once_one_is_taken(run):
    gateways = [run(), run()]
    lines = signed()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: send(gateways[number % 2], lines).status, range(24)))
    assert sorted(answers) == [200] + [401] * 23


def test_nonces_outlive_gateways_and_what_is_kept_says_nothing(run, redis):
    gateway = run()
    lines = signed(nonce="a-nonce-of-acme")
    assert status(gateway, lines) == 200
    gateway.stop()
    assert status(run(), lines) == REPLAYED
    [written] = redis.folder.glob("appendonly*/*.incr.aof")
    assert b"daemun:nonce:" in written.read_bytes() and b"a-nonce-of-acme" not in written.read_bytes()


@pytest.mark.parametrize("stalls", [False, True], ids=["killed", "paused"])
def test_without_redis_signatures_are_refused_or_looked_up_here(run, redis, stalls):
    metrics = Metrics()
    closed, local = run(), run("local", metrics.line + "\n")
    before = signed()
    assert status(local, before) == 200
    if stalls:
        redis.process.send_signal(signal.SIGSTOP)
    else:
        redis.kill()
    wait_until(lambda: status(closed, signed()) == (503, "nonces-unavailable"), "a signature to be refused")
    assert send(closed, signed()).get("Retry-After") == "1"
    # What this gateway took is refused, whether before or since.
    assert status(local, before) == REPLAYED
    since = signed()
    assert [status(local, since), status(local, since)] == [200, REPLAYED]
    assert metrics.total("daemun_nonce_alone_total") > 0
    assert "nonces can't be kept in Redis" in local.stderr()
    if stalls:
        redis.process.send_signal(signal.SIGCONT)
    else:
        redis.start()
    wait_until(lambda: status(closed, signed()) == 200, "signatures to be taken again", 30)


def test_a_server_that_is_named_by_a_reload_is_asked_from_then_on(start, redis):
    text = FILE.format(port=redis.port, on_failure="closed")
    gateways = [
        start(text.replace(f"redis: redis://127.0.0.1:{redis.port}", "").replace(", on_failure: closed", ""),
              environment={"ACME_SECRET": SECRET})
        for _ in range(2)
    ]  # fmt: skip
    lines = signed()
    assert [status(gateway, lines) for gateway in gateways] == [200, 200]
    for gateway in gateways:
        gateway.write(text.replace(", on_failure: closed", ""))
        gateway.signal(signal.SIGHUP)
        wait_until(lambda: "configuration loaded" in gateway.stderr(), "the new configuration")
    assert status(gateways[0], lines) == REPLAYED
    lines = signed()
    assert [status(gateway, lines) for gateway in gateways] == [200, REPLAYED]
