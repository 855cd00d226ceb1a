"""Throttles that several gateways count together in Redis, while gateways and the server die, stall or forget."""

import signal
import socket
import threading
import time

import pytest
from harness import request, wait_until
from metrics import Metrics
from redis_server import Redis
from test_quotas import SECRETS
from test_shared_quotas import cause

FILE = """
redis: redis://127.0.0.1:{port}
throttle: {{ rate: {rate}, shared: true, on_failure: {on_failure} }}
apis: {{ shop: {{ routes: {{ $default: {{ reply: {{}} }} }} }} }}
"""


def text(redis, rate, on_failure="local", more=""):
    return FILE.format(port=redis.port, rate=rate, on_failure=on_failure) + more


def get(gateway, path="/", *fields):
    return gateway.exchange(request("GET", path, *fields))


class Load:
    """Clients that call one gateway again and again, each on one connection, and note when a call passed."""

    def __init__(self, gateway, clients=2, pause=0.0):
        self.gateway = gateway
        self.passed = []
        self.statuses = {}
        self.pause = pause
        self.longest = 0.0
        self.over = False
        self.threads = [threading.Thread(target=self._call) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def _call(self):
        while not self.over:
            try:
                with self.gateway.connect() as client:
                    while not self.over:
                        begun = time.monotonic()
                        client.send(request("GET", "/"))
                        status = client.read_response("GET").status
                        now = time.monotonic()
                        self.longest = max(self.longest, now - begun)
                        self.statuses[status] = self.statuses.get(status, 0) + 1
                        if status == 200:
                            self.passed.append((begun, now))
                        time.sleep(self.pause)
            except (OSError, AssertionError, EOFError):
                time.sleep(0.01)

    @property
    def count(self):
        return sum(self.statuses.values())

    def stop(self):
        self.over = True
        for thread in self.threads:
            thread.join()


def commands(redis):
    """How many scripts the server has run."""
    with socket.create_connection(("127.0.0.1", redis.port), timeout=2) as client:
        client.sendall(b"INFO commandstats\r\n")
        reply = b""
        while not reply.endswith(b"\r\n") or reply.count(b"\r\n") < 2 or len(reply) < int(reply[1:reply.index(b"\r\n")]):
            reply += client.recv(65536)
    lines = [line for line in reply.decode().splitlines() if line.startswith("cmdstat_eval")]
    return sum(int(line.split("calls=")[1].split(",")[0]) for line in lines)


def most_in_any_stretch(passed, rate, burst):
    """By how much the calls of some stretch of time are more than `burst + rate * time`, at most.

    A call passed some time between its sending and its answer. So a stretch is from the sending of one to the answer of
    another, which is never shorter than what the gateways saw.
    """
    passed = sorted(passed, key=lambda call: call[1])
    # The earliest sending of a call and of all that were answered after it.
    sendings, earliest = [], float("inf")
    for sent, _ in reversed(passed):
        earliest = min(earliest, sent)
        sendings.append(earliest)
    sendings.reverse()
    worst, start = float("-inf"), float("inf")
    for number, (_, answered) in enumerate(passed):
        start = min(start, number - rate * sendings[number])
        worst = max(worst, number + 1 - rate * answered - start)
    return worst - burst


def test_gateways_count_together(start, redis):
    gateways = [start(text(redis, "6/day")) for _ in range(3)]
    answers = [get(gateways[number % 3]) for number in range(30)]
    statuses = [answer.status for answer in answers]
    # One call may lie ready at one of the others until it has not been needed for a second.
    assert 4 <= statuses.count(200) <= 6 and set(statuses) == {200, 429}
    assert cause(answers[-1]) == (429, "throttle.rate")
    assert 3_600 < int(answers[-1].get("Retry-After")) <= 14_400
    assert answers[0].get("RateLimit-Policy") == '"service";q=6;w=86400'
    assert answers[0].get("RateLimit").startswith('"service";r=5;t=')
    if statuses.count(200) < 6:
        wait_until(lambda: [get(gateway).status for gateway in gateways].count(200) > 0, "what lay ready to go back")


@pytest.mark.parametrize("shared", [True, False], ids=["in Redis", "alone"])
def test_a_rate_that_a_reload_raises_is_not_held_up_by_the_former_one(start, redis, shared):
    def file(rate):
        return text(redis, rate) if shared else text(redis, rate).replace(", shared: true, on_failure: local", "")

    gateway = start(file("2/day"))
    assert [get(gateway).status for _ in range(4)] == [200] * 2 + [429] * 2
    gateway.write(file("1000/s"))
    wait_until(lambda: get(gateway).get("RateLimit-Policy") == '"service";q=1000;w=1', "the reload")
    wait_until(lambda: {get(gateway).status for _ in range(8)} == {200}, "the new rate", patience=2)


def test_callers_count_apart_over_all_gateways(start, redis):
    file = f"""
redis: redis://127.0.0.1:{redis.port}
authorizers: {{ keys: {{ api_key: {{}} }} }}
customers:
  acme: {{ plan: gold, api_keys: {{ secret: "env:ACME" }} }}
plans: {{ gold: {{ throttle: {{ rate: 3/day, per: route, shared: true }} }} }}
trusted_proxies: 127.0.0.1
throttle: {{ rate: 1000/day, per: address, shared: true, name: everybody }}
apis:
  shop:
    authorize: keys
    routes: {{ GET /a: {{ reply: {{}} }}, GET /b: {{ reply: {{}} }} }}
"""
    gateways = [start(file, environment=SECRETS) for _ in range(2)]
    key = f"x-api-key: {SECRETS['ACME']}"
    for path in ("/a", "/b"):
        answers = [get(gateways[number % 2], path, key, f"X-Forwarded-For: 10.0.0.{number}") for number in range(5)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
        # Whoever waits for one limit takes nothing of another.
        assert answers[-1].get("RateLimit").startswith('"gold-route";r=0;')


@pytest.mark.parametrize("refusing", ["shared", "local"])
def test_a_limit_that_refuses_takes_nothing_from_others(start, redis, refusing):
    small, large = "rate: 2/day, name: small", "rate: 5/day, name: large"
    shared, local = (small, large) if refusing == "shared" else (large, small)
    gateway = start(f"""
redis: redis://127.0.0.1:{redis.port}
apis:
  shop:
    throttle: {{ {shared if refusing == "local" else local}{", shared: true" if refusing == "local" else ""} }}
    routes:
      GET /both: {{ reply: {{}}, throttle: {{ {small}{", shared: true" if refusing == "shared" else ""} }} }}
      GET /one: {{ reply: {{}} }}
""")
    assert [get(gateway, "/both").status for _ in range(10)] == [200] * 2 + [429] * 8
    assert [get(gateway, "/one").status for _ in range(4)] == [200] * 3 + [429]


def test_the_sum_over_all_gateways_is_exact_and_each_lives_on_few_questions(start, redis):
    rate, burst = 500, 400
    file = text(redis, f"{rate}/s, burst: {burst}")
    gateways = [start(file) for _ in range(3)]
    loads = [Load(gateway) for gateway in gateways]
    try:
        time.sleep(1)
        asked, begun, before = commands(redis), time.monotonic(), [load.count for load in loads]
        passed = sum(len(load.passed) for load in loads)
        time.sleep(4)
        lasted = time.monotonic() - begun
        asked = commands(redis) - asked
        requests = sum(load.count for load in loads) - sum(before)
        passed = sum(len(load.passed) for load in loads) - passed
    finally:
        for load in loads:
            load.stop()
    calls = [call for load in loads for call in load.passed]
    assert most_in_any_stretch(calls, rate, burst) <= 0
    # All of the rate is used, and nobody goes empty.
    assert passed >= 0.8 * rate * lasted
    assert all(len(load.passed) > len(calls) / 10 for load in loads)
    print(f"{asked} questions, {requests} requests, {passed} passed in {lasted:.2f} s")
    # An empty bucket is asked for again when tokens of a tenth of a second or so have gathered.
    assert asked <= 3 * 20 * lasted
    assert all(set(load.statuses) <= {200, 429} for load in loads)


def test_a_steady_load_under_the_limit_hardly_ever_waits(start, redis):
    gateway = start(text(redis, "20000/s"))
    load = Load(gateway, clients=4)
    try:
        time.sleep(1)
        asked, requests = commands(redis), load.count
        time.sleep(3)
        asked, requests = commands(redis) - asked, load.count - requests
    finally:
        load.stop()
    print(f"{asked} questions, {requests} requests")
    assert set(load.statuses) == {200}
    assert asked * 100 <= requests


def test_gateways_that_die_leave_the_limit_as_it_is(start, redis, tmp_path):
    rate, burst = 200, 100
    file = text(redis, f"{rate}/s, burst: {burst}")
    gateways = [start(file, folder=tmp_path / f"gateway-{number}") for number in range(3)]
    loads = [Load(gateway, pause=0.002) for gateway in gateways]
    try:
        for number in range(3):
            time.sleep(1)
            port = gateways[number].port
            gateways[number].signal(signal.SIGKILL)
            gateways[number].process.wait()
            gateways[number] = start(file, folder=tmp_path / f"gateway-{number}", port=port)
            loads[number].gateway = gateways[number]
        time.sleep(1)
    finally:
        for load in loads:
            load.stop()
    calls = [call for load in loads for call in load.passed]
    assert most_in_any_stretch(calls, rate, burst) <= 0
    assert len(calls) > rate


def pause(redis):
    redis.process.send_signal(signal.SIGSTOP)


def go_on(redis):
    redis.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("stop, again", [(Redis.kill, Redis.start), (pause, go_on)], ids=["killed", "paused"])
def test_without_redis_calls_are_decided_upon_as_configured(start, redis, stop, again):
    metrics = {rule: Metrics() for rule in ("local", "open", "closed")}
    gateways = {
        rule: start(text(redis, "8/day", rule, metrics[rule].line + "\n")) for rule in metrics
    }
    assert {rule: get(gateway).status for rule, gateway in gateways.items()} == dict.fromkeys(gateways, 200)
    stop(redis)
    # What was leased is spent, or over after three seconds.
    wait_until(lambda: cause(get(gateways["closed"])) == (503, "throttle.unavailable"), "a call to be refused")
    assert get(gateways["closed"]).get("Retry-After") == "1"
    wait_until(lambda: metrics["open"].total("daemun_throttle_alone_total", on_failure="open") > 0 or
               get(gateways["open"]).status != 200, "a call to pass uncounted")  # fmt: skip
    begun = time.monotonic()
    assert [get(gateways["open"]).status for _ in range(30)] == [200] * 30
    statuses = [get(gateways["local"]).status for _ in range(30)]
    assert 8 <= statuses.count(200) <= 11 and set(statuses) == {200, 429}
    # Who is not there is not waited for.
    assert time.monotonic() - begun < 3
    for rule in metrics:
        assert metrics[rule].total("daemun_throttle_alone_total", on_failure=rule) > 0
        assert metrics[rule].total("daemun_throttle_server_failures_total") > 0
        assert "shared throttles can't be counted in Redis" in gateways[rule].stderr()
    again(redis)
    wait_until(lambda: cause(get(gateways["closed"]))[0] != 503, "the server to be asked again", 30)
    wait_until(lambda: "counted in Redis again" in gateways["closed"].stderr(), "the log to tell")


def test_a_server_that_comes_back_empty_has_a_full_bucket(start, redis):
    gateway = start(text(redis, "5/day", "closed"))
    assert [get(gateway).status for _ in range(7)] == [200] * 5 + [429] * 2
    redis.kill()
    redis.forget()
    redis.start()
    wait_until(lambda: get(gateway).status == 200, "calls to pass again", 30)
    assert 3 <= [get(gateway).status for _ in range(10)].count(200) <= 4


def test_a_clean_stop_gives_back_what_was_not_used(start, redis):
    for passed in ([200] * 3, [200] * 3, [200] * 2 + [429]):
        gateway = start(text(redis, "8/day"))
        assert [get(gateway).status for _ in passed] == passed
        assert gateway.stop() == 0


def test_a_reload_may_share_a_limit(start, redis):
    plain = "throttle: 4/day\napis: { shop: { routes: { $default: { reply: {} } } } }"
    gateways = [start(plain) for _ in range(2)]
    for gateway in gateways:
        gateway.write(text(redis, "4/day"))
        gateway.signal(signal.SIGHUP)
        wait_until(lambda: "configuration loaded" in gateway.stderr(), "the new configuration")
    assert [get(gateways[number % 2]).status for number in range(8)].count(200) in (3, 4)


def test_a_limit_that_is_asked_for_each_call_is_asked_again_as_well(start, redis):
    gateway = start(text(redis, "1/day", "closed"))
    assert [get(gateway).status for _ in range(2)] == [200, 429]
    redis.kill()
    wait_until(lambda: get(gateway).status == 503, "a call to be refused")
    redis.start()
    wait_until(lambda: get(gateway).status == 429, "the server to be asked again", 30)
