"""Many answers, or large ones, at once: each is sent exactly once."""

import pytest

from harness import request


@pytest.mark.parametrize("size", [100, 2_000, 20_000])
def test_a_burst_of_pipelined_requests(start, size):
    reply = f'"GET /a/{{x}}": {{ reply: {{ text: "{{x}} {"x" * size}" }} }}'
    gateway = start(f"apis: {{ all: {{ routes: {{ {reply} }} }} }}")
    with gateway.connect() as client:
        client.send(b"".join(request("GET", f"/a/{number}") for number in range(300)))
        for number in range(300):
            assert client.read_response().body == b"%d %s" % (number, b"x" * size)
        assert client.is_silent()


@pytest.mark.parametrize("size", [100, 100_000, 3_000_000])
def test_a_large_last_answer(start, size):
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {{ reply: {{ text: {'x' * size} }} }} }} }} }}")
    with gateway.connect() as client:
        client.send(request("GET", "/", "Connection: close"))
        head, body = client.read_to_end().split(b"\r\n\r\n", 1)
        assert f"Content-Length: {size}".encode() in head
        assert body == b"x" * size


def test_answers_wait_for_a_client_that_does_not_read(start, make_backend):
    backend = make_backend(lambda message: b"HTTP/1.1 200 Fine\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000)
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}", arguments=["--threads", "1"])
    with gateway.connect(receive_buffer=4_096) as client:
        before = gateway.memory()
        client.send(request() * 200)
        assert client.socket.recv(1)
        client.is_silent(0.5)
        assert len(backend.requests) < 20
        assert gateway.peak_memory() - before < 30 * 2**20
