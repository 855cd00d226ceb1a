"""Circuit breaker, requests in flight to a target, the share of ejected targets, and full pools."""

import collections
import threading
import time

import pytest

from harness import PATIENCE, free_port, request, response, wait_until
from metrics import Metrics


def serving(start, targets, options, threads=1, timeout="5s"):
    metrics = Metrics()
    gateway = start(
        f"{metrics.line}\n"
        f"apis: {{ all: {{ routes: {{ $default: {{ to: b, timeout: {timeout} }} }} }} }}\n"
        f"backends: {{ b: {{ targets: [{', '.join(targets)}], {options} }} }}",
        arguments=("--threads", str(threads)),
    )
    return gateway, metrics


def statuses(gateway, count, method="GET"):
    """How many of so many requests, each on a connection of its own, had which status and cause."""
    seen = collections.Counter()
    for _ in range(count):
        answer = gateway.exchange(request(method, body=b"" if method == "POST" else None))
        cause = answer.status != 200 and answer.json().get("cause")
        seen[(answer.status, cause) if cause else answer.status] += 1
    return seen


OPEN = (503, "backend.circuit-open")
NO_RETRY = "retry: { attempts: 1 }, eject: { failures: 0 }"


class Moody:
    """A backend that answers with `status`, and breaks the connection when that is `None`."""

    def __init__(self, make_backend):
        self.status = 200
        self.backend = make_backend(lambda _: response(self.status, body=b"{}") if self.status else None)
        self.url = self.backend.url

    @property
    def count(self):
        return len(self.backend.requests)


@pytest.fixture
def moody(make_backend):
    return Moody(make_backend)


# Circuit breaker

BREAKER = "breaker: { requests: 10, failures: 50%, open: 400ms, at_most: 2s, probes: 2 }"


@pytest.mark.parametrize("illness", [None, 502, 503, 504])
def test_a_circuit_opens_lets_probes_through_and_closes(start, moody, illness):
    gateway, metrics = serving(start, [moody.url], f"{BREAKER}, {NO_RETRY}")
    assert statuses(gateway, 5) == {200: 5}
    moody.status = illness
    for _ in range(5):
        assert gateway.exchange(request()).status == (illness or 502)
    asked = moody.count
    answer = gateway.exchange(request())
    assert (answer.status, answer.json()["cause"], answer.get("Retry-After")) == (*OPEN, "1")
    assert gateway.line_of(answer)["cause"] == OPEN[1]
    assert statuses(gateway, 20) == {OPEN: 20}
    assert moody.count == asked
    assert metrics.total("daemun_backend_circuit_open", backend="b") == 1
    assert metrics.total("daemun_backend_circuit_opened_total", backend="b") == 1
    assert metrics.total("daemun_requests_by_cause_total", cause=OPEN[1]) == 21
    moody.status = 200
    time.sleep(0.4)
    assert metrics.total("daemun_backend_circuit_half_open", backend="b") == 1
    assert statuses(gateway, 20) == {200: 20}
    assert metrics.total("daemun_backend_circuit_open", backend="b") == 0
    wait_until(lambda: "the circuit is closed" in gateway.stderr(), "its end in the log")
    assert gateway.stderr().count("the circuit is open") == 1


def test_a_failed_probe_opens_it_again_for_longer(start, moody):
    gateway, metrics = serving(start, [moody.url], f"{BREAKER}, {NO_RETRY}")
    moody.status = 503
    statuses(gateway, 10)
    asked = moody.count
    time.sleep(0.45)
    seen = statuses(gateway, 5)
    assert seen[OPEN] == 4 and moody.count == asked + 1
    time.sleep(0.45)
    assert statuses(gateway, 5) == {OPEN: 5}
    assert metrics.total("daemun_backend_circuit_opened_total") == 2
    moody.status = 200
    time.sleep(0.4)
    assert statuses(gateway, 5) == {200: 5}


@pytest.mark.parametrize("status", [500, 501, 429, 404])
def test_other_statuses_open_nothing(start, moody, status):
    gateway, _ = serving(start, [moody.url], f"{BREAKER}, {NO_RETRY}")
    moody.status = status
    for _ in range(30):
        assert gateway.exchange(request()).status == status


def test_a_circuit_is_that_of_the_backend_whichever_the_target(start, make_backend):
    targets = [Moody(make_backend) for _ in range(3)]
    gateway, _ = serving(start, [each.url for each in targets], f"balance: round-robin, {BREAKER}, {NO_RETRY}")
    targets[0].status = None
    assert OPEN not in statuses(gateway, 30)
    for each in targets:
        each.status = None
    assert statuses(gateway, 30)[OPEN] > 10


def test_without_a_breaker_a_failing_backend_is_asked_for_ever(start, moody):
    gateway, metrics = serving(start, [moody.url], NO_RETRY)
    moody.status = 503
    for _ in range(50):
        assert gateway.exchange(request()).json() == {}
    assert moody.count == 50
    assert metrics.total("daemun_backend_circuit_opened_total") == 0


def test_the_failure_that_opens_the_circuit_is_told_as_it_was(start):
    """And not tried again, though it might be."""
    gateway, _ = serving(
        start, [f"http://127.0.0.1:{free_port()}"], "breaker: { requests: 1 }, retry: { attempts: 3 }"
    )
    assert statuses(gateway, 3) == {(502, "backend.connect-failed"): 1, OPEN: 2}
    assert gateway.log_lines(1)[0]["attempts"] == 1


def test_a_client_that_leaves_is_not_the_backends_failure(start, make_backend):
    opened = threading.Event()

    def serve(peer):
        while message := peer.read_request():
            if message.target == "/slow":
                opened.wait(PATIENCE)
            peer.send(response())

    gateway, metrics = serving(start, [make_backend(serve=serve).url], f"{BREAKER}, {NO_RETRY}")
    for _ in range(20):
        client = gateway.connect()
        client.send(request("GET", "/slow"))
        time.sleep(0.01)
        client.reset()
    assert statuses(gateway, 5) == {200: 5}
    opened.set()


# Requests in flight


class Gate:
    """A backend's part that answers only once it is opened, and counts who is inside."""

    def __init__(self, make_backend):
        self.opened = threading.Event()
        self.inside = 0
        self.most = 0
        self.lock = threading.Lock()
        self.url = make_backend(serve=self.serve).url

    def serve(self, peer):
        while message := peer.read_request():
            with self.lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
            self.opened.wait(PATIENCE)
            with self.lock:
                self.inside -= 1
            peer.send(response(body=message.target.encode()))


def send_many(gateway, count):
    """So many clients, each with a request under way."""
    clients = [gateway.connect() for _ in range(count)]
    for number, client in enumerate(clients):
        client.send(request("GET", f"/{number}"))
    return clients


BUSY = (503, "backend.target-busy")


@pytest.mark.parametrize("threads", [1, 4])
def test_a_target_never_has_more_requests_than_it_may_from_all_workers_together(start, make_backend, threads):
    gate = Gate(make_backend)
    gateway, metrics = serving(start, [gate.url], "concurrency: 5", threads)
    clients = send_many(gateway, 5)
    wait_until(lambda: gate.inside == 5, "five requests at the target")
    answers = [gateway.exchange(request()) for _ in range(20)]
    assert {(answer.status, answer.json()["cause"]) for answer in answers} == {BUSY}
    assert {answer.get("Retry-After") for answer in answers} == {"1"}
    assert metrics.total("daemun_backend_busy_total", backend="b") == 20
    assert metrics.total("daemun_backend_failures_total", backend="b") == 0
    gate.opened.set()
    assert [client.read_response().body for client in clients] == [b"/%d" % number for number in range(5)]
    wait_until(lambda: gateway.exchange(request()).status == 200, "room for another request")
    wait_until(metrics.is_at_rest, "all connections to be at rest")
    assert gate.most == 5


def test_what_one_target_may_not_have_goes_to_the_others(start, make_backend):
    gates = [Gate(make_backend) for _ in range(3)]
    options = "concurrency: 4, balance: hash(ip)"
    gateway, metrics = serving(start, [gate.url for gate in gates], options, threads=2)
    clients = send_many(gateway, 12)
    wait_until(lambda: [gate.inside for gate in gates] == [4, 4, 4], "four requests at each target")
    answer = gateway.exchange(request("POST", body=b"x"))
    assert (answer.status, answer.json()["cause"]) == BUSY
    for gate in gates:
        gate.opened.set()
    assert {client.read_response().status for client in clients} == {200}
    assert [gate.most for gate in gates] == [4, 4, 4]


def test_every_end_of_a_request_gives_its_place_back(start, make_backend):
    """A client that leaves, a connection that breaks, a time-out, a refusal to connect."""

    def serve(peer):
        while message := peer.read_request():
            if message.target == "/break":
                return
            if message.target == "/cut":
                peer.send(b"HTTP/1.1 200 Fine\r\nContent-Length: 9\r\n\r\ncut")
                return
            if message.target == "/hang":
                time.sleep(0.4)
            peer.send(response())

    backend = make_backend(serve=serve)
    options = "concurrency: 1, retry: { attempts: 1 }, eject: { failures: 0 }"
    gateway, metrics = serving(start, [backend.url], options, timeout="200ms")
    for _ in range(3):
        for path in ["/break", "/cut", "/hang", "/leave"]:
            with gateway.connect() as client:
                client.send(request("GET", "/hang" if path == "/leave" else path))
                if path == "/leave":
                    time.sleep(0.05)
                    client.reset()
                else:
                    client.read_to_end() if path == "/cut" else client.read_response()
            wait_until(lambda: gateway.exchange(request()).status == 200, f"the place after {path} to be free")
    backend.listener.shutdown(2)
    backend.close()
    assert {answer for answer in statuses(gateway, 10)} <= {(502, "backend.connect-failed"), (502, "backend.reset")}
    wait_until(metrics.is_at_rest, "all connections to be at rest")


# The share of ejected targets


@pytest.mark.parametrize("share, away", [("", 2), ("share: 25%,", 1), ("share: 100%,", 4), ("share: 0%,", 0)])
def test_no_more_than_the_share_is_ejected_however_many_fail(start, make_backend, share, away):
    targets = [Moody(make_backend) for _ in range(4)]
    options = f"balance: round-robin, retry: {{ attempts: 1 }}, eject: {{ {share} failures: 2, for: 1h, at_most: 1h }}"
    gateway, metrics = serving(start, [each.url for each in targets], options)
    for each in targets:
        each.status = 503
    for _ in range(40):
        assert gateway.exchange(request()).status == 503
    assert metrics.total("daemun_backend_ejected", backend="b") == away
    assert metrics.total("daemun_backend_ejections_total", backend="b") == away


def test_a_request_that_the_others_fail_brings_an_ejected_target_back(start, make_backend):
    first, other = Moody(make_backend), Moody(make_backend)
    options = "balance: round-robin, eject: { failures: 2, for: 1h, at_most: 1h, slow_start: 0s }"
    gateway, metrics = serving(start, [first.url, other.url], options)
    first.status = None
    statuses(gateway, 10)
    assert metrics.total("daemun_backend_ejected") == 1
    first.status, other.status = 200, None
    assert statuses(gateway, 20) == {200: 20}
    assert metrics.total("daemun_backend_ejected", target=f"127.0.0.1:{first.backend.port}") == 0
    assert metrics.total("daemun_backend_ejected", target=f"127.0.0.1:{other.backend.port}") == 1


# Full pools


def test_a_full_pool_sends_requests_to_another_target(start, make_backend):
    gates = [Gate(make_backend) for _ in range(2)]
    options = "balance: hash(ip), pool: { connections: 2, waiting: 1 }, retry: { attempts: 1 }"
    gateway, metrics = serving(start, [gate.url for gate in gates], options)
    clients = send_many(gateway, 6)
    wait_until(lambda: [gate.inside for gate in gates] == [2, 2], "two requests at each target")
    wait_until(lambda: metrics.pool()[3] == 2, "a request in line at each target")
    answer = gateway.exchange(request("POST", body=b"x"))
    assert (answer.status, answer.json()["cause"], answer.get("Retry-After")) == (503, "backend.pool-full", "1")
    for gate in gates:
        gate.opened.set()
    assert [client.read_response().body for client in clients] == [b"/%d" % number for number in range(6)]
