"""Stopping without losing a request, and handing a port over to another process."""

import signal
import subprocess
import time

import pytest

from harness import free_port, request, response, wait_until
from load import Load, result, wrk

SLOW = 0.6


@pytest.fixture
def slow(make_backend):
    def answer(message):
        time.sleep(SLOW if message.target.startswith("/slow") else 0)
        return response(body=message.target.encode())

    return make_backend(answer)


@pytest.fixture
def gateway(start, slow):
    return start(f"drain: 5s\napis: {{ all: {{ routes: {{ $default: {slow.url} }} }} }}")


def ended(gateway, patience=10):
    """The exit code, and after how many seconds it came."""
    began = time.monotonic()
    return gateway.process.wait(patience), time.monotonic() - began


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_without_clients_it_ends_at_once(gateway, number):
    gateway.signal(number)
    code, taken = ended(gateway)
    assert (code, taken < 1) == (0, True)


def test_a_request_in_flight_is_finished(gateway, slow):
    with gateway.connect() as client:
        client.send(request("GET", "/slow"))
        slow.wait_for_requests(1)
        gateway.signal(signal.SIGTERM)
        answer = client.read_response()
        assert (answer.body, answer.get("Connection")) == (b"/slow", "close")
        assert client.is_closed()
    code, taken = ended(gateway)
    assert (code, taken < 1) == (0, True)
    assert gateway.log_lines(1)[0]["status"] == 200


def test_no_new_connection_is_accepted(gateway, slow):
    with gateway.connect() as client:
        client.send(request("GET", "/slow"))
        slow.wait_for_requests(1)
        gateway.signal(signal.SIGTERM)
        wait_until(lambda: is_refused(gateway), "connections to be refused", patience=SLOW)
        assert client.read_response().status == 200


def is_refused(gateway):
    try:
        gateway.connect().close()
        return False
    except ConnectionRefusedError:
        return True


def test_idle_connections_are_closed(gateway):
    clients = [gateway.connect() for _ in range(5)]
    for client in clients[:3]:
        client.send(request())
        assert client.read_response().status == 200
    gateway.signal(signal.SIGTERM)
    assert all(client.is_closed() for client in clients)
    code, taken = ended(gateway)
    assert (code, taken < 2) == (0, True)


def test_a_request_that_is_on_its_way_on_an_idle_connection_is_served(gateway):
    clients = [gateway.connect() for _ in range(5)]
    for client in clients[:3]:
        client.send(request())
        assert client.read_response().status == 200
    gateway.signal(signal.SIGTERM)
    wait_until(lambda: is_refused(gateway), "the gateway to stop listening")
    for client in clients:
        client.send(request("GET", "/late"))
        answer = client.read_response()
        assert (answer.body, answer.get("Connection")) == (b"/late", "close")
    assert ended(gateway)[0] == 0


def test_an_upload_in_flight_is_finished(gateway):
    with gateway.connect() as client:
        client.send(request("POST", "/up", "Content-Length: 10"), b"12345", pause=0.1)
        gateway.signal(signal.SIGTERM)
        time.sleep(0.3)
        client.send(b"67890")
        assert client.read_response().body == b"/up"
    assert ended(gateway)[0] == 0


def test_an_answer_that_had_begun_does_not_keep_its_connection_open(start, make_backend):
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 Fine\r\nContent-Length: 4\r\n\r\nab")
        time.sleep(0.5)
        peer.send(b"cd")

    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {make_backend(serve=serve).url} }} }} }}")
    with gateway.connect() as client:
        client.send(request())
        assert client.read_response_head().status == 200
        gateway.signal(signal.SIGTERM)
        assert client.read_exactly(4) == b"abcd"
        assert client.is_closed()
    assert ended(gateway)[1] < 1


def test_what_takes_longer_than_the_limit_is_cut_off(start, make_backend):
    backend = make_backend(serve=lambda peer: (peer.read_request(), peer.read_request()))
    gateway = start(f"drain: 300ms\napis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
    with gateway.connect() as client:
        client.send(request())
        backend.wait_for_requests(1)
        gateway.signal(signal.SIGTERM)
        code, taken = ended(gateway)
        assert client.is_closed()
    assert (code, 0.2 < taken < 1.5) == (0, True)
    assert gateway.log_lines(1)[0]["cause"] == "gateway.stopping"


def test_a_second_signal_does_not_wait(gateway, slow):
    with gateway.connect() as client:
        client.send(request("GET", "/slow"))
        slow.wait_for_requests(1)
        gateway.signal(signal.SIGTERM)
        time.sleep(0.1)
        gateway.signal(signal.SIGTERM)
        code, taken = ended(gateway)
    assert (code, taken < 0.4) == (143, True)


def test_the_log_is_complete(start, slow):
    """With a log that is written only when it holds a lot, or rarely."""
    gateway = start(
        f"apis: {{ all: {{ routes: {{ $default: {slow.url} }} }} }}\n"
        "log: { access: { path: access.log, buffer: 1MiB, flush: 1h } }"
    )
    for number in range(50):
        assert gateway.exchange(request("GET", f"/{number}")).status == 200
    assert gateway.log_text() == ""
    gateway.signal(signal.SIGTERM)
    assert ended(gateway)[0] == 0
    assert {line["path"] for line in gateway.log_lines(50)} == {f"/{number}" for number in range(50)}
    assert len(gateway.log_lines()) == 50


# Two processes on one port


class Pair:
    """A port that one process hands over to another."""

    def __init__(self, start, text):
        self.start = start
        self.text = text
        self.current = self.launch(None)

    def launch(self, port):
        admin = free_port()
        gateway = self.start(f"admin: {admin}\n{self.text}", port=port)
        wait_until(lambda: self.is_ready(admin), "the new process to be ready")
        return gateway

    @staticmethod
    def is_ready(admin):
        command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://127.0.0.1:{admin}/readyz"]
        return subprocess.run(command, capture_output=True, text=True).stdout == "200"

    def hand_over(self):
        """The new one starts, the old one stops."""
        old = self.current
        self.current = self.launch(old.port)
        old.signal(signal.SIGTERM)
        assert old.process.wait(10) == 0
        return old


@pytest.mark.parametrize("keep_alive", [True, False], ids=["keep-alive", "a connection a request"])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_new_process_takes_over_without_a_failed_request(start, start_nginx, keep_alive, threads):
    nginx = start_nginx("location / { return 200 nginx; }")
    text = f"apis: {{ all: {{ routes: {{ $default: {nginx.url}, GET /mock: {{ reply: {{ text: mock }} }} }} }} }}"
    pair = Pair(lambda text, port: start(text, port=port, arguments=["--threads", str(threads)]), text)
    with Load(pair.current, clients=6, keep_alive=keep_alive) as load:
        served = []
        for _ in range(4):
            wait_until(lambda: len(pair.current.log_lines()) > 20, "the gateway to serve some")
            served.append(pair.hand_over())
        wait_until(lambda: len(pair.current.log_lines()) > 20, "the last gateway to serve some")
    assert load.failures == []
    total = sum(len(gateway.log_lines()) for gateway in [*served, pair.current])
    assert total == load.count


def test_a_new_process_takes_over_under_wrk(start, start_nginx):
    nginx = start_nginx("location / { return 200 nginx; }")
    pair = Pair(start, f"apis: {{ all: {{ routes: {{ $default: {nginx.url} }} }} }}")
    load = wrk(pair.current, 4, connections=50)
    gateways = [pair.current]
    for _ in range(2):
        time.sleep(0.8)
        pair.hand_over()
        gateways.append(pair.current)
    count, failed = result(load)
    # wrk opens another connection when an answer says that this one is closed, and counts nothing for it.
    assert failed == []
    assert count > 1_000
    assert {line["status"] for gateway in gateways for line in gateway.log_lines()} <= {200, 499}
    assert not [line for gateway in gateways for line in gateway.log_lines() if line["status"] >= 500]
