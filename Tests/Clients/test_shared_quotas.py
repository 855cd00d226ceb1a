"""Quotas that several gateways count together in Redis, while gateways and the server die at random moments."""

import random
import signal
import time

from harness import request, wait_until
from metrics import Metrics
from test_quotas import SECRETS, Callers

FILE = """
redis: redis://127.0.0.1:{port}
quotas: {{ on_failure: {on_failure} }}
authorizers: {{ keys: {{ api_key: {{}} }} }}
customers:
  acme: {{ plan: gold, api_keys: {{ secret: "env:ACME" }} }}
plans: {{ gold: {{ quota: {quota} }} }}
apis: {{ shop: {{ authorize: keys, routes: {{ $default: {backend} }} }} }}
"""


def text(redis, backend, quota, on_failure="closed", more=""):
    return FILE.format(port=redis.port, backend=backend.url, quota=quota, on_failure=on_failure) + more


def get(gateway):
    return gateway.exchange(request("GET", "/", f"x-api-key: {SECRETS['ACME']}"))


def cause(answer):
    return answer.status, answer.json()["cause"] if answer.status != 200 else None


def test_gateways_count_together(start, backend, redis):
    gateways = [start(text(redis, backend, "6/month"), environment=SECRETS) for _ in range(3)]
    statuses = [get(gateways[number % 3]).status for number in range(30)]
    # One call may lie in the reserve of each of the others, until it has not been needed for a while.
    assert 4 <= statuses.count(200) <= 6 and set(statuses) == {200, 429}
    assert len(backend.requests) == statuses.count(200)


def test_a_clean_stop_gives_back_what_was_not_used(start, backend, redis):
    for passed in ([200] * 2, [200] * 3, [200, 429]):
        gateway = start(text(redis, backend, "6/month"), environment=SECRETS)
        assert [get(gateway).status for _ in passed] == passed
        assert gateway.stop() == 0


def test_without_the_server_calls_are_refused_or_pass_as_configured(start, backend, redis):
    metrics = Metrics()
    closed = start(text(redis, backend, "1000/month"), environment=SECRETS)
    opened = start(text(redis, backend, "1000/month", "open", metrics.line + "\n"), environment=SECRETS)
    assert [get(gateway).status for gateway in (closed, opened)] == [200, 200]
    for stop, go_on in ((redis.kill, redis.start), (
        lambda: redis.process.send_signal(signal.SIGSTOP), lambda: redis.process.send_signal(signal.SIGCONT)
    )):  # fmt: skip
        stop()
        # What lies in reserve is spent first.
        wait_until(lambda: cause(get(closed)) == (503, "quota.unavailable"), "a call to be refused")
        answer = get(closed)
        assert (answer.status, answer.get("Retry-After")) == (503, "1")
        passed = metrics.total("daemun_quota_uncounted_total")
        wait_until(lambda: get(opened).status == 200 and metrics.total("daemun_quota_uncounted_total") > passed,
                   "a call to pass uncounted")  # fmt: skip
        go_on()
        wait_until(lambda: get(closed).status == 200, "calls to pass again", 30)
    assert "quotas can't be counted" in closed.stderr()
    assert metrics.total("daemun_quota_store_failures_total") > 0


def test_a_server_that_was_emptied_counts_from_the_start(start, backend, redis):
    gateway = start(text(redis, backend, "10/month"), environment=SECRETS)
    wait_until(lambda: get(gateway).status == 429, "the end of the quota")
    assert len(backend.requests) == 10
    redis.kill()
    redis.forget()
    redis.start()
    wait_until(lambda: get(gateway).status == 200, "calls to pass again", 30)
    wait_until(lambda: get(gateway).status == 429, "the end of the quota")
    assert len(backend.requests) <= 20


def test_no_death_lets_a_call_over_the_limit_through(start, backend, redis, tmp_path):
    """Three gateways and the server are killed at random moments."""
    limit = 4_000

    def run(number, port=None):
        return start(text(redis, backend, f"{limit}/month"), folder=tmp_path / f"gateway-{number}", environment=SECRETS,
                     port=port)  # fmt: skip

    gateways = [run(number) for number in range(3)]
    callers = [Callers(gateway.port, 2) for gateway in gateways]
    try:
        for death in range(8):
            time.sleep(random.random() / 2)
            if death % 4 == 3:
                redis.kill()
                redis.start()
                continue
            number = random.randrange(3)
            gateways[number].signal(signal.SIGKILL)
            gateways[number].process.wait()
            gateways[number] = run(number, gateways[number].port)
        wait_until(lambda: all(some.refused() > 20 for some in callers), "the end of the quota", 120)
    finally:
        for some in callers:
            some.stop()
    assert limit / 4 < len(backend.requests) <= limit
