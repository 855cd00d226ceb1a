"""Each way in which a backend misbehaves: what the client sees, what log and metrics say, and that the pool stays sound.

The table of docs/backends.md has a row for each of them.
"""

import threading
import time

import pytest

from harness import ONE_THREAD, free_port, request, response, wait_until
from metrics import Metrics

HEAD = b"HTTP/1.1 200 Fine\r\nContent-Length: 50\r\n\r\n"


def silence(peer):
    peer.read_request()


def stall_in_head(peer):
    peer.send(b"HTTP/1.1 200 Fine\r\nContent-")
    peer.read_request()


def stall_in_body(peer):
    peer.send(HEAD + b"some")
    peer.read_request()


def drip(peer):
    peer.send(b"HTTP/1.1 200 Fine\r\n")
    while True:
        peer.send(b"X: 1\r\n")
        time.sleep(0.02)


def end(peer):
    peer.half_close()


def end_in_head(peer):
    peer.send(b"HTTP/1.1 200 Fine\r\nContent-")


def reset(peer):
    peer.reset()


def end_in_body(peer):
    peer.send(HEAD)
    time.sleep(0.05)
    peer.send(b"some")


def reset_in_body(peer):
    peer.send(HEAD + b"some")
    time.sleep(0.05)
    peer.reset()


def answer_twice(peer):
    peer.send(response(body=b"one") + response(body=b"two"))
    peer.read_request()


def say_more(peer):
    peer.send(response(body=b"one") + b"more")
    peer.read_request()


def garble(peer):
    peer.send(b"\x15\x03\x01\x00\x02\x02\x46 no HTTP\r\n\r\n")
    peer.read_request()


def boast(peer):
    peer.send(b"HTTP/1.1 200 Fine\r\n" + b"X: " + b"x" * 70_000 + b"\r\n\r\n")
    peer.read_request()


def hint_for_ever(peer):
    while True:
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")


def switch_protocols(peer):
    peer.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
    peer.read_request()


# What it does; the client's status; the cause in body, log and metrics; whether it counts as the target's failure.
# "cut" is an answer that ends before it is complete.
MISBEHAVIOUR = {
    "never answers": (silence, 504, "backend.timeout", True),
    "stalls in the head": (stall_in_head, 504, "backend.timeout", True),
    "sends the head in drips": (drip, 504, "backend.timeout", True),
    "answers and stalls": (stall_in_body, "cut", "backend.idle-timeout", True),
    "closes without an answer": (end, 502, "backend.reset", True),
    "closes in the head": (end_in_head, 502, "backend.reset", True),
    "resets without an answer": (reset, 502, "backend.reset", True),
    "closes in the body": (end_in_body, "cut", "backend.closed-mid-response", True),
    "resets in the body": (reset_in_body, "cut", "backend.closed-mid-response", True),
    "answers twice": (answer_twice, 200, None, False),
    "sends more than its answer": (say_more, 200, None, False),
    "sends garbage": (garble, 502, "backend.malformed-response", True),
    "sends too long a head": (boast, 502, "backend.malformed-response", True),
    "sends 1xx without end": (hint_for_ever, 502, "backend.malformed-response", True),
    "switches protocols unasked": (switch_protocols, 502, "backend.malformed-response", True),
}


def serving(start, targets, options="eject: { failures: 0 }", timeout="{ first_byte: 400ms, idle: 300ms }"):
    metrics = Metrics()
    gateway = start(
        f"{metrics.line}\n"
        f"apis: {{ all: {{ routes: {{ $default: {{ to: b, timeout: {timeout} }} }} }} }}\n"
        f"backends: {{ b: {{ targets: [{', '.join(targets)}], {options} }} }}",
        arguments=ONE_THREAD,
    )
    return gateway, metrics


def assert_sound(gateway, metrics, *backends):
    """Further requests get their own answers, nothing is left under way, and the backend sees the same connections."""
    with gateway.connect() as client:
        for number in range(5):
            client.send(request("GET", f"/after/{number}"))
            answer = client.read_response()
            assert (answer.status, answer.body) == (200, b"/after/%d" % number)
    wait_until(metrics.is_at_rest, "all connections to be at rest")

    def open_at_backends():
        return sum(not peer.has_ended.is_set() for backend in backends for peer in backend.peers)

    wait_until(lambda: open_at_backends() == metrics.pool()[0], "both sides to count the same connections")


def behaving_but_for(misbehave):
    """A backend's part that echoes paths, and misbehaves when it is asked for `/bad`."""

    def serve(peer):
        while message := peer.read_request():
            if message.target == "/bad":
                return misbehave(peer)
            peer.send(response(body=message.target.encode()))

    return serve


@pytest.mark.parametrize("way", MISBEHAVIOUR)
def test_a_backend_that(start, make_backend, way):
    misbehave, status, cause, is_failure = MISBEHAVIOUR[way]
    backend = make_backend(serve=behaving_but_for(misbehave))
    gateway, metrics = serving(start, [backend.url])
    gateway.exchange(request("GET", "/warm"))
    with gateway.connect() as client:
        client.send(request("POST", "/bad", body=b"x"))
        if status == "cut":
            assert client.read_response_head().status == 200
            assert len(client.read_to_end()) < 50
        else:
            answer = client.read_response()
            assert answer.status == status
            assert cause is None or answer.json()["cause"] == cause
    line = gateway.log_lines(2)[1]
    assert (line["status"], line.get("cause")) == (200 if status == "cut" else status, cause)
    assert line["target"] == f"127.0.0.1:{backend.port}"
    assert metrics.total("daemun_backend_failures_total", backend="b") == is_failure
    if cause:
        assert metrics.total("daemun_requests_by_cause_total", cause=cause) == 1
    assert_sound(gateway, metrics, backend)


def test_a_backend_that_refuses(start, make_backend):
    gateway, metrics = serving(start, [f"http://127.0.0.1:{free_port()}"])
    answer = gateway.exchange(request())
    assert (answer.status, answer.json()["cause"]) == (502, "backend.connect-failed")
    # The attempt and its repetition.
    assert metrics.total("daemun_backend_failures_total") == 2
    assert metrics.total("daemun_requests_by_cause_total", cause="backend.connect-failed") == 1
    assert metrics.pool() == (0, 0, 0, 0)


@pytest.mark.parametrize("method, statuses", [("GET", {200}), ("POST", {502})])
def test_a_kept_connection_that_is_reset_as_the_next_request_arrives(start, make_backend, method, statuses):
    """The worst moment: the request is on its way, and nobody knows whether it was carried out."""

    def serve(peer):
        for number in range(2):
            message = peer.read_request()
            if message is None or number:
                return peer.reset()
            peer.send(response(body=message.target.encode()))

    backend = make_backend(serve=serve)
    gateway, metrics = serving(start, [backend.url])
    for number in range(10):
        with gateway.connect() as client:
            client.send(request("GET", f"/first/{number}"))
            assert client.read_response().status == 200
            client.send(request(method, f"/{number}", body=b"x" if method == "POST" else None))
            answer = client.read_response()
            assert answer.status in statuses
            assert answer.body == b"/%d" % number or answer.json()["cause"] == "backend.reset"
    # A retry's connection, too, breaks at its second request.
    assert (metrics.total("daemun_backend_retries_total", backend="b") >= 10) == (method == "GET")
    wait_until(metrics.is_at_rest, "all connections to be at rest")


def test_a_kept_connection_that_is_reset_at_rest_is_not_used(start, make_backend):
    def serve(peer):
        message = peer.read_request()
        peer.send(response(body=message.target.encode()))
        time.sleep(0.02)
        peer.reset()

    gateway, metrics = serving(start, [make_backend(serve=serve).url])
    for number in range(5):
        answer = gateway.exchange(request("POST", f"/{number}", body=b"x"))
        assert (answer.status, answer.body) == (200, b"/%d" % number)
        wait_until(lambda: metrics.pool() == (0, 0, 0, 0), "the connection to be gone")


def test_misbehaviour_of_all_kinds_at_once_leaves_nothing_behind(start, make_backend):
    backends = [make_backend(serve=behaving_but_for(MISBEHAVIOUR[way][0])) for way in MISBEHAVIOUR]
    targets = [backend.url for backend in backends]
    gateway, metrics = serving(start, targets, "balance: round-robin, eject: { failures: 0 }")

    def ask():
        for _ in range(15):
            with gateway.connect() as client:
                client.send(request("POST", "/bad", body=b"x"))
                try:
                    client.read_response()
                except (EOFError, ConnectionResetError):
                    pass

    clients = [threading.Thread(target=ask) for _ in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert_sound(gateway, metrics, *backends)


@pytest.mark.parametrize("way", ["never answers", "closes without an answer", "sends garbage"])
def test_one_that_misbehaves_is_soon_left_out(start, make_backend, way):
    """And the other's answers are all that clients get from then on."""
    bad = make_backend(serve=behaving_but_for(MISBEHAVIOUR[way][0]))
    good = make_backend(lambda message: response(body=b"good"))
    gateway, metrics = serving(start, [bad.url, good.url], "balance: round-robin, eject: { failures: 3 }", "200ms")
    answers = [gateway.exchange(request("POST", "/bad", body=b"x")) for _ in range(20)]
    assert sum(answer.status != 200 for answer in answers) == 3
    assert metrics.total("daemun_backend_ejected", target=f"127.0.0.1:{bad.port}") == 1
    assert metrics.total("daemun_backend_ejections_total", target=f"127.0.0.1:{bad.port}") == 1
    assert metrics.total("daemun_backend_ejected", target=f"127.0.0.1:{good.port}") == 0


def test_one_slow_target_among_fast_ones_slows_down_few(start, make_backend):
    """Those that meet the fast targets are served as if the slow one were not there."""

    def slow(message):
        time.sleep(0.4)
        return response(body=b"slow")

    fast = [make_backend(lambda message: response(body=b"fast"), records=False) for _ in range(2)]
    sluggish = make_backend(slow)
    gateway, metrics = serving(start, [backend.url for backend in [*fast, sluggish]], timeout="5s")
    taken = {b"fast": [], b"slow": []}

    def ask():
        with gateway.connect() as client:
            until = time.monotonic() + 2
            while time.monotonic() < until:
                began = time.monotonic()
                client.send(request())
                body = client.read_response().body
                taken[body].append(time.monotonic() - began)

    clients = [threading.Thread(target=ask) for _ in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert len(taken[b"slow"]) < 0.1 * len(taken[b"fast"])
    assert sorted(taken[b"fast"])[int(len(taken[b"fast"]) * 0.99)] < 0.2
    assert metrics.total("daemun_backend_failures_total") == 0
    wait_until(metrics.is_at_rest, "all connections to be at rest")
