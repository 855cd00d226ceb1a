"""Connections to backends: how many, for how long, and what happens when there are none left."""

import threading
import time

import pytest

from harness import ONE_THREAD, PATIENCE, request, response, wait_until


def serving(start, backend, pool, route="{ to: b }", options=""):
    return start(
        f"apis: {{ all: {{ routes: {{ $default: {route} }} }} }}\n"
        f"backends: {{ b: {{ targets: [{backend.url}], pool: {pool}, {options} }} }}",
        arguments=ONE_THREAD,
    )


class Gate:
    """A backend's part that answers only once it is opened, and counts who waits."""

    def __init__(self):
        self.opened = threading.Event()
        self.waiting = 0
        self.most = 0
        self.lock = threading.Lock()

    def serve(self, peer):
        while message := peer.read_request():
            with self.lock:
                self.waiting += 1
                self.most = max(self.most, self.waiting)
            self.opened.wait(PATIENCE)
            with self.lock:
                self.waiting -= 1
            peer.send(response(body=message.target.encode()))


def many(gateway, count):
    """So many clients, each with a request under way."""
    clients = []
    for number in range(count):
        clients.append(gateway.connect())
        clients[-1].send(request("GET", f"/{number}"))
    return clients


def close(clients):
    for client in clients:
        client.close()


def test_connections_to_a_target_are_bounded_and_the_others_wait_in_line(start, make_backend):
    gate = Gate()
    backend = make_backend(serve=gate.serve)
    gateway = serving(start, backend, "{ connections: 3 }")
    clients = many(gateway, 40)
    wait_until(lambda: gate.waiting == 3, "three requests at the backend")
    time.sleep(0.1)
    gate.opened.set()
    answers = [client.read_response() for client in clients]
    assert [answer.body for answer in answers] == [b"/%d" % number for number in range(40)]
    assert (gate.most, len(backend.peers)) == (3, 3)
    close(clients)


def test_a_full_line_is_a_503(start, make_backend):
    gate = Gate()
    gateway = serving(start, make_backend(serve=gate.serve), "{ connections: 1, waiting: 2 }")
    clients = many(gateway, 3)
    wait_until(lambda: gate.waiting == 1, "a request at the backend")
    time.sleep(0.05)
    answer = gateway.exchange(request())
    assert (answer.status, answer.json()["cause"], answer.get("Retry-After")) == (503, "backend.pool-full", "1")
    gate.opened.set()
    assert [client.read_response().status for client in clients] == [200] * 3
    assert gateway.exchange(request()).status == 200
    close(clients)


def test_without_a_line_the_first_request_over_the_bound_is_a_503(start, make_backend):
    gate = Gate()
    gateway = serving(start, make_backend(serve=gate.serve), "{ connections: 1, waiting: 0 }")
    clients = many(gateway, 1)
    wait_until(lambda: gate.waiting == 1, "a request at the backend")
    assert gateway.exchange(request()).status == 503
    gate.opened.set()
    close(clients)


def test_waiting_in_line_has_an_end_and_is_not_the_targets_fault(start, make_backend):
    gate = Gate()
    gateway = serving(
        start,
        make_backend(serve=gate.serve),
        "{ connections: 1 }",
        route="{ to: b, timeout: { connect: 200ms, total: 10s } }",
        options="eject: { failures: 1, for: 1h, at_most: 1h }",
    )
    clients = many(gateway, 1)
    wait_until(lambda: gate.waiting == 1, "a request at the backend")
    answer = gateway.exchange(request())
    assert (answer.status, answer.json()["cause"]) == (503, "backend.pool-timeout")
    gate.opened.set()
    assert clients[0].read_response().status == 200
    assert gateway.exchange(request()).status == 200
    close(clients)


def test_a_client_that_leaves_the_line_makes_room(start, make_backend):
    gate = Gate()
    backend = make_backend(serve=gate.serve)
    gateway = serving(start, backend, "{ connections: 1, waiting: 1 }")
    first = many(gateway, 1)
    wait_until(lambda: gate.waiting == 1, "a request at the backend")
    for _ in range(5):
        leaving = many(gateway, 1)[0]
        time.sleep(0.02)
        leaving.reset()
        time.sleep(0.02)
    waiting = many(gateway, 1)
    time.sleep(0.05)
    gate.opened.set()
    assert [client.read_response().status for client in first + waiting] == [200, 200]
    assert len(backend.requests) == 2
    close(first + waiting)


def test_the_line_is_served_when_connections_break(start, make_backend):
    """Each connection serves one request and breaks: those in line get new ones."""

    def serve(peer):
        message = peer.read_request()
        time.sleep(0.005)
        peer.send(response(body=message.target.encode()))

    backend = make_backend(serve=serve)
    gateway = serving(start, backend, "{ connections: 2 }")
    clients = many(gateway, 30)
    assert [client.read_response().body for client in clients] == [b"/%d" % number for number in range(30)]
    close(clients)


def test_the_line_is_served_when_clients_leave_in_the_middle(start, make_backend):
    gate = Gate()
    backend = make_backend(serve=gate.serve)
    gateway = serving(start, backend, "{ connections: 2 }")
    clients = many(gateway, 10)
    wait_until(lambda: gate.waiting == 2, "two requests at the backend")
    for client in clients[:2]:
        client.reset()
    wait_until(lambda: len(backend.requests) == 4, "the next two")
    gate.opened.set()
    assert [client.read_response().status for client in clients[2:]] == [200] * 8
    close(clients)


def test_the_line_is_served_when_connecting_fails(start, make_backend):
    gate = Gate()
    backend = make_backend(serve=gate.serve)
    gateway = serving(start, backend, "{ connections: 2 }", options="eject: { failures: 0 }")
    clients = many(gateway, 10)
    wait_until(lambda: gate.waiting == 2, "two requests at the backend")
    time.sleep(0.05)
    backend.listener.shutdown(2)
    backend.close()
    assert {client.read_response().status for client in clients} == {502}
    close(clients)


def test_connections_are_kept_and_used_again(start, backend):
    gateway = serving(start, backend, "{ connections: 10 }")
    for _ in range(30):
        assert gateway.exchange(request()).status == 200
    assert len(backend.peers) == 1


def test_an_unused_connection_is_closed_after_its_time(start, backend):
    gateway = serving(start, backend, "{ idle: 300ms }")
    gateway.exchange(request())
    began = time.monotonic()
    assert backend.peers[0].has_ended.wait(PATIENCE)
    assert 0.2 < time.monotonic() - began < 1
    assert gateway.exchange(request()).status == 200
    assert len(backend.peers) == 2


@pytest.mark.parametrize("field", ["Connection: close", "Connection: Close, x"])
def test_a_connection_that_the_backend_says_it_closes_is_not_used_again(start, make_backend, field):
    backend = make_backend(lambda message: response(200, field))
    gateway = serving(start, backend, "{ connections: 10 }")
    for _ in range(4):
        assert gateway.exchange(request("POST", body=b"x")).status == 200
    assert len(backend.peers) == 4
    assert backend.peers[0].has_ended.wait(PATIENCE)


def test_idle_connections_that_break_all_at_once_cost_no_get(start, make_backend):
    gate = Gate()
    backend = make_backend(serve=gate.serve)
    gateway = serving(start, backend, "{ connections: 20 }")
    for round in range(5):
        gate.opened.clear()
        clients = many(gateway, 20)
        wait_until(lambda: gate.waiting == 20, "20 requests at the backend")
        gate.opened.set()
        assert [client.read_response().status for client in clients] == [200] * 20
        for client in clients:
            client.send(request())
        for peer in backend.peers[-20:]:
            peer.socket.shutdown(2)
        assert [client.read_response().status for client in clients] == [200] * 20
        close(clients)
