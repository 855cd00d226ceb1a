"""Attacks that cost the attacker little: each is cut off in time, costs bounded memory, and a good client does not notice."""

import re
import shutil
import subprocess
import time

import misbehaving
import pytest
from misbehaving import GoodClient, connections, drip, wait_until_closed
from harness import request, response, wait_until

MiB = 1 << 20

LIMITS = "head_timeout: 1s, body_idle: 2s, keep_alive: 30s, min_rate: { request: 240, response: 10KB, grace: 1s }"


@pytest.fixture
def attacked(start, make_backend):
    """A gateway with short time limits; /good is answered by itself, the rest by a backend with large answers."""
    backend = make_backend(lambda _: response(body=b"x" * 8 * MiB), records=False)
    gateway = start(
        f"""
apis: {{ all: {{ routes: {{ GET /good: {{ reply: {{ text: fine }} }}, $default: {backend.url} }} }} }}
limits: {{ {LIMITS} }}
admin: 0
"""
    )
    assert gateway.exchange(request("GET", "/good")).status == 200
    return gateway


def causes(gateway):
    return {line.get("cause") for line in gateway.log_lines()}


@pytest.fixture
def steady(attacked):
    """Holds the gateway to the memory that it had, give or take what a busy allocator keeps."""
    before = attacked.memory()
    yield attacked
    grown = attacked.memory() - before
    assert grown < 48 * MiB, f"{grown / MiB:.0f} MiB more than before"
    assert attacked.exchange(request("GET", "/good")).status == 200


def test_slowloris(steady):
    with GoodClient(steady) as good, connections(steady, 300) as slow:
        for connection in slow:
            connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        closed, _ = drip(slow, 6, b"X-a: b\r\n")
        assert closed == len(slow)
    assert good.fared_well()
    assert "client.head-timeout" in causes(steady)


def test_slow_bodies(steady):
    with GoodClient(steady) as good, connections(steady, 200) as slow:
        for connection in slow:
            connection.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        closed, said = drip(slow, 8, b"x", read=4_096)
        assert closed == len(slow)
    assert len(said) > 150 and all(b" 408 " in text for text in said)
    assert good.fared_well()
    assert "client.body-slow" in causes(steady)


def test_slow_readers(steady):
    with GoodClient(steady) as good, connections(steady, 30, receive_buffer=4_096) as slow:
        for connection in slow:
            connection.send(request("GET", "/large"))
        # Who reads so little would have his answer in an hour.
        drip(slow, 4, read=200)
        cut = {"client.write-slow", "client.write-timeout"}
        wait_until(
            lambda: sum(line.get("cause") in cut for line in steady.log_lines()) == len(slow),
            "slow readers to be cut off",
            pause=0.2,
        )
    assert good.fared_well()


def test_a_reader_that_is_fast_enough_gets_its_answer(attacked):
    with attacked.connect(receive_buffer=65_536) as client:
        client.send(request("GET", "/large"))
        client.read_head()
        left = 8 * MiB
        while left:
            left -= len(client.receive(min(left, MiB // 2)))
            time.sleep(0.05)
    assert attacked.log_lines(2)[-1]["bytes_out"] == 8 * MiB


def test_a_storm_of_resets(steady):
    ends = [b"", b"GE", b"GET / HTTP/1.1\r\nHost", request("GET", "/good"), request("GET", "/good") * 20]
    ends += [b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nxx"] * 20 + [request("GET", "/large")]
    number = 0
    with GoodClient(steady) as good:
        end = time.monotonic() + 3
        while time.monotonic() < end:
            with connections(steady, 1) as [connection]:
                connection.send(ends[number % len(ends)])
                misbehaving.reset(connection)
            number += 1
            # As fast as it can, this client takes all that a gateway built for debugging has, and the good one waits for a CPU.
            time.sleep(0.001)
    assert good.fared_well()
    assert number > 500


def test_connections_that_never_say_anything(steady):
    with GoodClient(steady) as good, connections(steady, 1_000) as silent:
        assert wait_until_closed(silent) == len(silent)
    assert good.fared_well()


def test_huge_heads(steady):
    head = b"GET /good HTTP/1.1\r\nHost: x\r\nX-Large: " + b"x" * 400_000
    number, end = 0, time.monotonic() + 1
    with GoodClient(steady) as good:
        while number < 100 or time.monotonic() < end:
            with steady.connect(source=misbehaving.SOURCE) as client:
                try:
                    client.send(head)
                    assert client.read_response().status == 431
                except (BrokenPipeError, ConnectionResetError):
                    pass
            number += 1
    assert good.fared_well()
    assert "wire.head-too-large" in causes(steady)


@pytest.mark.parametrize(
    "bomb",
    [
        b"GET /good HTTP/1.1\r\nHost: x\r\n" + b"a:\r\n" * 5_000 + b"\r\n",
        b"GET /good HTTP/1.1\r\nHost: x\r\nCookie: " + b"a=b;" * 7_000 + b"\r\n" * 2,
        b"GET /good HTTP/1.1\r\nHost: x\r\nConnection: " + b"a," * 10_000 + b"a\r\n\r\n",
        b"GET /" + b"a/" * 3_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /good HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * 4_000 + b"\r\n",
    ],
    ids=["fields", "cookie", "connection", "segments", "trailers"],
)
def test_heads_that_are_dear_to_read(steady, bomb):
    with GoodClient(steady) as good, connections(steady, 20) as bombers:
        began = steady.processor_time()
        for connection in bombers:
            connection.setblocking(True)
            try:
                connection.sendall(bomb)
            except OSError:
                pass
            connection.setblocking(False)
        drip(bombers, 1, read=65_536)
        taken = (steady.processor_time() - began) / len(bombers)
    assert taken < 0.1, f"one takes {taken:.3f} s of a processor"
    assert good.fared_well()


def test_thousands_of_idle_connections(steady):
    count = min(3_000, misbehaving.allow_many_descriptors() - 500)
    before = steady.memory()
    with connections(steady, count) as idle:
        for connection in idle:
            connection.send(request("GET", "/good"))
        for connection in idle:
            connection.setblocking(True)
            assert connection.recv(4_096).startswith(b"HTTP/1.1 200")
        held = (steady.memory() - before) / count
        with GoodClient(steady, pause=0) as good:
            time.sleep(1)
        for connection in idle[:: count // 20]:
            connection.send(request("GET", "/good"))
            assert connection.recv(4_096).startswith(b"HTTP/1.1 200")
    assert held < 16_384, f"an idle connection holds {held:.0f} bytes"
    assert good.fared_well(slowest=0.1)


def test_one_address_does_not_get_every_connection(start):
    gateway = start(
        "apis: { all: { routes: { $default: { reply: { text: m } } } } }\nlimits: { connections_per_address: 20 }"
    )
    with connections(gateway, 40) as greedy:
        assert drip(greedy, 0.5, read=1)[0] == 20
        assert gateway.exchange(request()).status == 200
    wait_until(lambda: refused(gateway, 15) == 0, "the closed connections to be forgotten")


def refused(gateway, count):
    with connections(gateway, count) as opened:
        return drip(opened, 0.2, read=1)[0]


@pytest.mark.skipif(not shutil.which("slowhttptest"), reason="slowhttptest is not installed")
@pytest.mark.parametrize("options", [["-H"], ["-B"], ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3"]])
def test_slowhttptest_finds_the_service_available(steady, options):
    with GoodClient(steady) as good:
        report = subprocess.run(
            ["slowhttptest", *options, "-c", "200", "-r", "100", "-i", "1", "-l", "5", "-p", "3",
             "-u", steady.url("/large")],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    text = re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", report.stdout)
    available = re.findall(r"service available:\s*(\w+)", text)
    assert available and set(available) == {"YES"}, text[-2_000:]
    assert good.fared_well()
