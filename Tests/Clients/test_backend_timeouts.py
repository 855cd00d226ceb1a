"""Each wait for a backend has its limit, its status and its cause."""

import socket
import time

import pytest

from harness import ONE_THREAD, request, response


def serving(start, backend, timeout, options=""):
    return start(
        f"apis: {{ all: {{ routes: {{ $default: {{ to: b, timeout: {timeout} }} }} }} }}\n"
        f"backends: {{ b: {{ targets: [{backend.url}], {options} }} }}",
        arguments=ONE_THREAD,
    )


def timed(action):
    began = time.monotonic()
    result = action()
    return result, time.monotonic() - began


def silent(peer):
    peer.read_request()
    peer.read_request()


def failure(answer):
    return answer.status, answer.json()["cause"]


class Unreachable:
    """A listener whose queue is full, so that connecting to it takes for ever."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(self.listener.getsockname())
            self.fillers.append(filler)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def close(self):
        for each in [self.listener, *self.fillers]:
            each.close()


@pytest.fixture
def unreachable():
    target = Unreachable()
    yield target
    target.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_connecting(start, unreachable, method):
    gateway = serving(start, unreachable, "{ connect: 200ms }", "retry: { attempts: 1 }")
    answer, taken = timed(lambda: gateway.exchange(request(method, body=b"x")))
    assert failure(answer) == (504, "backend.connect-timeout")
    assert 0.15 < taken < 0.6
    assert gateway.log_lines(1)[0]["cause"] == "backend.connect-timeout"


def test_connecting_is_within_the_total(start, unreachable):
    gateway = serving(start, unreachable, "{ connect: 5s, total: 200ms }", "retry: { attempts: 3 }")
    answer, taken = timed(lambda: gateway.exchange(request()))
    assert failure(answer) == (504, "backend.connect-timeout")
    assert taken < 0.6


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("timeout", ["200ms", "{ first_byte: 200ms }", "{ total: 200ms, first_byte: 5s }"])
def test_the_first_byte(start, make_backend, timeout, method):
    backend = make_backend(serve=silent)
    gateway = serving(start, backend, timeout)
    answer, taken = timed(lambda: gateway.exchange(request(method, body=b"x")))
    assert failure(answer) == (504, "backend.timeout")
    assert 0.15 < taken < 0.6
    assert backend.peers[0].has_ended.wait(5)
    line = gateway.log_lines(1)[0]
    assert (line["status"], line["cause"], line["attempts"]) == (504, "backend.timeout", 1)


def test_a_head_that_comes_byte_by_byte_does_not_prolong_the_wait(start, make_backend):
    def serve(peer):
        peer.read_request()
        peer.send(*[bytes([byte]) for byte in response(body=b"late")], pause=0.05)

    gateway = serving(start, make_backend(serve=serve), "300ms")
    answer, taken = timed(lambda: gateway.exchange(request()))
    assert failure(answer) == (504, "backend.timeout")
    assert taken < 0.7


def test_the_total_covers_all_attempts(start, make_backend):
    def serve(peer):
        if peer.read_request():
            time.sleep(0.15)

    backend = make_backend(serve=serve)
    gateway = serving(start, backend, "400ms", "retry: { attempts: 10, budget: 100% }, eject: { failures: 0 }")
    answer, taken = timed(lambda: gateway.exchange(request()))
    assert failure(answer) == (504, "backend.timeout")
    assert taken < 0.8
    assert 2 <= len(backend.requests) <= 4


def test_an_answer_that_stalls_is_cut_off(start, make_backend):
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 Fine\r\nContent-Length: 100\r\n\r\nsome")
        peer.read_request()

    gateway = serving(start, make_backend(serve=serve), "{ idle: 200ms }")
    with gateway.connect() as client:
        client.send(request())
        assert client.read_response_head().status == 200
        rest, taken = timed(client.read_to_end)
    assert rest == b"some"
    assert 0.15 < taken < 0.6
    assert gateway.log_lines(1)[0]["cause"] == "backend.idle-timeout"


def test_an_answer_that_goes_on_is_not_cut_off_by_total_or_idle(start, make_backend):
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 Fine\r\nContent-Length: 10\r\n\r\n", *[b"x"] * 10, pause=0.06)

    gateway = serving(start, make_backend(serve=serve), "{ idle: 200ms, total: 300ms, first_byte: 300ms }")
    assert gateway.exchange(request()).body == b"x" * 10


def test_the_clients_slow_body_does_not_count_as_the_backends_time(start, backend):
    gateway = serving(start, backend, "200ms")
    with gateway.connect() as client:
        client.send(request("POST", "/", "Content-Length: 8"), *[b"x"] * 8, pause=0.06)
        assert client.read_response().status == 200


def test_a_backend_that_stops_taking_the_body(start, make_backend):
    def serve(peer):
        peer.read_head()
        peer.has_ended.wait(5)

    backend = make_backend(serve=serve, receive_buffer=4_096)
    gateway = serving(start, backend, "{ idle: 300ms }", "retry: { attempts: 1 }")
    with gateway.connect() as client:
        client.socket.setblocking(False)
        body = memoryview(b"x" * 50_000_000)
        pending = memoryview(request("PUT", "/", f"Content-Length: {len(body)}") + bytes(body))
        sent = 0
        end = time.monotonic() + 5
        while time.monotonic() < end:
            try:
                sent += client.socket.send(pending[sent : sent + 1_000_000])
            except BlockingIOError:
                time.sleep(0.01)
                if gateway.log_text():
                    break
        client.socket.setblocking(True)
        assert failure(client.read_response()) == (504, "backend.timeout")
    backend.peers[0].has_ended.set()


def test_a_late_answer_is_not_given_to_the_next_request(start, make_backend):
    def serve(peer):
        while message := peer.read_request():
            if message.target == "/slow":
                time.sleep(0.3)
            peer.send(response(body=message.target.encode()))

    gateway = serving(start, make_backend(serve=serve), "150ms")
    with gateway.connect() as client:
        client.send(request("GET", "/slow"))
        assert client.read_response().status == 504
        for number in range(20):
            client.send(request("GET", f"/{number}"))
            assert client.read_response().body == b"/%d" % number
            time.sleep(0.02)
