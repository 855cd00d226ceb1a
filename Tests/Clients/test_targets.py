"""Which target gets a request: balance, weights, hashing, health, ejection, and names."""

import collections
import subprocess
import threading
import time

import pytest

from harness import ONE_THREAD, PATIENCE, Backend, free_port, request, response, wait_until


class Server:
    """A target with a name of its own that can be ill, and slow."""

    def __init__(self, make_backend, name, port=0):
        self.name = name
        self.delay = 0
        self.status = 200
        self.health = 200
        self.checks = 0
        self.backend = make_backend(self.answer, port=port)
        self.url = self.backend.url

    def answer(self, message):
        if message.target == "/healthz":
            self.checks += 1
            return response(self.health) if self.health else None
        time.sleep(self.delay)
        return response(self.status, body=self.name.encode()) if self.status else None


@pytest.fixture
def servers(make_backend):
    return [Server(make_backend, name) for name in "abc"]


def serving(start, targets, options="", timeout="10s"):
    return start(
        f"apis: {{ all: {{ routes: {{ $default: {{ to: b, timeout: {timeout} }} }} }} }}\n"
        f"backends: {{ b: {{ targets: [{', '.join(targets)}], {options} }} }}",
        arguments=ONE_THREAD,
    )


def tally(gateway, count, *fields, path="/"):
    """Who answers so many requests on one connection."""
    names = collections.Counter()
    with gateway.connect() as client:
        for _ in range(count):
            client.send(request("GET", path, *fields))
            answer = client.read_response()
            names[answer.body.decode() if answer.status == 200 else answer.status] += 1
    return names


def tally_at_once(gateway, clients, count):
    """Who answers requests of so many clients at the same time."""
    names = collections.Counter()
    threads = [threading.Thread(target=lambda: names.update(tally(gateway, count))) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return names


# Balance


def test_round_robin_follows_the_weights_exactly(start, servers):
    targets = [f"{{ url: {server.url}, weight: {weight} }}" for server, weight in zip(servers, [1, 2, 5])]
    gateway = serving(start, targets, "balance: round-robin")
    assert tally(gateway, 80) == {"a": 10, "b": 20, "c": 50}


def test_least_requests_follows_the_weights_while_all_are_alike(start, servers):
    targets = [f"{{ url: {server.url}, weight: {weight} }}" for server, weight in zip(servers, [1, 1, 3])]
    counts = tally(serving(start, targets, "balance: least-requests"), 1_000)
    assert 520 < counts["c"] < 680 and 130 < counts["a"] < 270


def test_least_requests_spares_the_slow_one(start, servers):
    servers[0].delay = 0.05
    gateway = serving(start, [server.url for server in servers], "balance: least-requests")
    counts = tally_at_once(gateway, 8, 40)
    assert counts.total() == 320
    assert counts["a"] < 0.2 * counts.total()
    assert min(counts["b"], counts["c"]) > 0.3 * counts.total()


def test_round_robin_does_not(start, servers):
    servers[0].delay = 0.01
    gateway = serving(start, [server.url for server in servers], "balance: round-robin")
    assert abs(tally_at_once(gateway, 6, 20)["a"] - 40) <= 1


@pytest.mark.parametrize("key", ["header:X-Customer", "path", "ip"])
def test_a_hash_is_sticky(start, servers, key):
    gateway = serving(start, [server.url for server in servers], f"balance: hash({key})")
    homes = set()
    for customer in range(20):
        names = tally(gateway, 5, f"x-customer: {customer}", path=f"/{customer}")
        assert len(names) == 1
        homes.update(names)
    assert homes == ({"a", "b", "c"} if key != "ip" else homes) and len(homes) >= 1


def test_a_target_that_leaves_moves_only_its_own_keys(start, servers):
    gateway = serving(
        start, [server.url for server in servers], "balance: hash(path), eject: { failures: 1, for: 1h, at_most: 1h }"
    )
    before = {key: list(tally(gateway, 1, path=f"/{key}"))[0] for key in range(30)}
    servers[0].backend.listener.shutdown(2)
    servers[0].backend.close()
    after = {key: list(tally(gateway, 1, path=f"/{key}"))[0] for key in range(30)}
    assert set(after.values()) == {"b", "c"}
    assert {key for key in before if before[key] != after[key]} == {key for key in before if before[key] == "a"}


# Active checks

CHECKS = "health: { path: /healthz, every: 50ms, timeout: 200ms, healthy: 2, unhealthy: 2 }, eject: { slow_start: 0s }"


def settled(gateway, names):
    """Waits until exactly these answer."""
    wait_until(lambda: set(tally(gateway, 12)) == set(names), f"only {names} to answer", pause=0.02)


@pytest.mark.parametrize("illness", [500, 404, None])
def test_a_target_goes_bad_and_returns(start, servers, illness):
    gateway = serving(start, [server.url for server in servers], CHECKS + ", balance: round-robin")
    settled(gateway, "abc")
    servers[1].health = illness
    settled(gateway, "ac")
    servers[1].health = 200
    settled(gateway, "abc")
    servers[1].health = 204
    time.sleep(0.2)
    settled(gateway, "abc")


def test_a_check_that_is_not_answered_in_time_has_failed(start, make_backend, servers):
    hanging = make_backend(serve=lambda peer: peer.read_to_end())
    gateway = serving(start, [hanging.url, servers[0].url], CHECKS + ", balance: round-robin", "300ms")
    settled(gateway, "a")


def test_one_stray_failure_changes_nothing(start, servers):
    gateway = serving(start, [server.url for server in servers[:2]], CHECKS + ", balance: round-robin")
    settled(gateway, "ab")
    checks = servers[0].checks
    servers[0].health = 500
    wait_until(lambda: servers[0].checks > checks, "a check")
    servers[0].health = 200
    for _ in range(20):
        assert set(tally(gateway, 4)) == {"a", "b"}
        time.sleep(0.01)


def test_when_all_are_ill_there_is_a_503(start, servers):
    gateway = serving(start, [server.url for server in servers], CHECKS)
    for server in servers:
        server.health = 500
    wait_until(lambda: gateway.exchange(request()).status == 503, "a 503")
    answer = gateway.exchange(request())
    assert (answer.status, answer.json()["cause"]) == (503, "backend.no-healthy-target")
    servers[2].health = 200
    settled(gateway, "c")


def test_checks_do_not_enter_the_access_log_or_use_the_pool(start, servers):
    gateway = serving(start, [servers[0].url], CHECKS)
    wait_until(lambda: servers[0].checks >= 5, "five checks")
    assert gateway.log_text() == ""
    assert [m.get("Connection") for m in servers[0].backend.requests if m.target == "/healthz"][0] == "close"


# Ejection


def test_a_target_that_fails_is_left_out_and_returns(start, servers):
    options = "balance: round-robin, eject: { failures: 3, for: 400ms, slow_start: 0s }, retry: { attempts: 1 }"
    gateway = serving(start, [server.url for server in servers], options)
    servers[1].status = 503
    counts = tally(gateway, 60)
    assert counts[503] == 3
    assert counts["a"] + counts["c"] == 57
    servers[1].status = 200
    settled(gateway, "abc")


@pytest.mark.parametrize("status", [500, 429, 404, 501])
def test_other_statuses_eject_nobody(start, servers, status):
    options = "balance: round-robin, eject: { failures: 1, for: 1h, at_most: 1h }, retry: { attempts: 1 }"
    gateway = serving(start, [server.url for server in servers[:2]], options)
    servers[0].status = status
    assert tally(gateway, 20) == {status: 10, "b": 10}


def test_a_success_ends_the_row_of_failures(start, servers):
    options = "balance: round-robin, eject: { failures: 2, for: 1h, at_most: 1h }, retry: { attempts: 1 }"
    gateway = serving(start, [server.url for server in servers[:2]], options)
    for _ in range(5):
        servers[0].status = 503
        assert tally(gateway, 2) == {503: 1, "b": 1}
        servers[0].status = 200
        assert tally(gateway, 2) == {"a": 1, "b": 1}


def test_when_all_are_ejected_they_serve_nevertheless(start, servers):
    options = "eject: { failures: 1, for: 1h, at_most: 1h }, retry: { attempts: 1 }"
    gateway = serving(start, [server.url for server in servers[:2]], options)
    for server in servers[:2]:
        server.status = 503
    tally(gateway, 10)
    for server in servers[:2]:
        server.status = 200
    assert tally(gateway, 10).total() == 10
    assert 503 not in tally(gateway, 10)


def test_with_ejection_and_retries_clients_see_nothing_of_a_dead_target(start, servers):
    gateway = serving(start, [f"http://127.0.0.1:{free_port()}", servers[0].url], "balance: round-robin")
    assert tally_at_once(gateway, 8, 50) == {"a": 400}
    attempts = sum(line["attempts"] for line in gateway.log_lines(400))
    assert attempts < 440


# Names


def test_localhost_is_a_name(start, backend):
    """Its addresses may be two, of which the backend listens on one only."""
    gateway = serving(start, [f"http://localhost:{backend.port}"])
    for _ in range(30):
        assert gateway.exchange(request("POST", body=b"x")).status == 200
    assert backend.requests[0].get("Host") == f"localhost:{backend.port}"
    assert {line["target"] for line in gateway.log_lines(30)} == {f"localhost:{backend.port}@127.0.0.1"}


def test_a_name_that_does_not_resolve_is_a_503(start):
    gateway = serving(start, ["http://no-such-host.invalid:9"])
    answer = gateway.exchange(request())
    assert (answer.status, answer.json()["cause"]) == (503, "backend.unresolved")
    assert gateway.log_lines(1)[0]["cause"] == "backend.unresolved"


def test_a_name_that_does_not_resolve_leaves_the_others(start, servers):
    gateway = serving(start, ["http://no-such-host.invalid:9", servers[0].url], "balance: round-robin")
    assert tally(gateway, 10) == {"a": 10}


# Errors


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_an_error_says_what_went_wrong_and_which_request_it_was(start, method):
    gateway = serving(start, [f"http://127.0.0.1:{free_port()}"])
    with gateway.connect() as client:
        client.send(request(method, "/x"))
        answer = client.read_response(method)
        assert (answer.status, answer.get("Content-Type")) == (502, "application/json")
        if method != "HEAD":
            assert answer.json() == {
                "message": "Bad Gateway",
                "cause": "backend.connect-failed",
                "request_id": answer.get("X-Request-Id"),
            }
        client.send(request("GET", "/again"))
        assert client.read_response().status == 502
    first, second = gateway.log_lines(2)
    assert (first["request_id"], first["cause"]) == (answer.get("X-Request-Id"), "backend.connect-failed")
    assert (first["backend"], second["path"]) == ("b", "/again")
