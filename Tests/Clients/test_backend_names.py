"""Backends' names that change, vanish and come back while they are served.

The names are looked up in a file of the test's own: nss_wrapper stands in for the C library's look-up.
"""

import glob
import os
import threading
import time

import pytest

from harness import ONE_THREAD, PATIENCE, request, response, wait_until
from metrics import Metrics

LIBRARY = next(iter(glob.glob("/usr/lib/*/libnss_wrapper.so") + glob.glob("/usr/lib*/libnss_wrapper.so")), None)

pytestmark = pytest.mark.skipif(LIBRARY is None, reason="libnss-wrapper is not installed")


class Names:
    """What the gateway finds when it looks names up."""

    def __init__(self, folder):
        self.file = folder / "hosts"
        self.changes = 0
        self.set()

    def set(self, *addresses, name="shop.test"):
        """From now on the name has these addresses, or does not exist."""
        lines = [f"{address} {name}\n" for address in addresses]
        self.file.with_suffix(".new").write_text("".join(["127.9.9.9 unused.test\n", *lines]))
        # The file is read again when it is of another time, in seconds.
        self.changes += 10
        moment = time.time() - 100_000 + self.changes
        os.utime(self.file.with_suffix(".new"), (moment, moment))
        os.replace(self.file.with_suffix(".new"), self.file)

    @property
    def environment(self):
        return {"LD_PRELOAD": LIBRARY, "NSS_WRAPPER_HOSTS": str(self.file)}


@pytest.fixture
def names(tmp_path):
    return Names(tmp_path)


@pytest.fixture
def pair(make_backend):
    """Two backends on the same port of two addresses."""
    first = make_backend(lambda _: response(body=b"first"), address="127.0.0.1")
    return first, make_backend(lambda _: response(body=b"second"), address="127.0.0.2", port=first.port)


def serving(start, names, port, options=""):
    metrics = Metrics()
    gateway = start(
        f"{metrics.line}\n"
        "apis: { all: { routes: { $default: b } } }\n"
        f"backends: {{ b: {{ targets: [http://shop.test:{port}], resolve: 1s, {options} }} }}",
        arguments=ONE_THREAD,
        environment=names.environment,
    )
    return gateway, metrics


def answers(gateway, count=8):
    """Who answers so many requests: a body, or a cause."""
    seen = set()
    for _ in range(count):
        answer = gateway.exchange(request())
        seen.add(answer.body if answer.status == 200 else answer.json()["cause"])
    return seen


def settled(gateway, *expected):
    wait_until(lambda: answers(gateway) == set(expected), f"{expected} to answer", pause=0.05)


def test_a_name_that_changes_moves_the_requests(start, names, pair):
    names.set("127.0.0.1")
    gateway, metrics = serving(start, names, pair[0].port)
    assert answers(gateway) == {b"first"}
    names.set("127.0.0.2")
    settled(gateway, b"second")
    # The connections to the former address are closed.
    assert all(peer.has_ended.wait(PATIENCE) for peer in pair[0].peers)
    wait_until(metrics.is_at_rest, "all connections to be at rest")
    names.set("127.0.0.1", "127.0.0.2")
    settled(gateway, b"first", b"second")
    assert {line["status"] for line in gateway.log_lines()} == {200}


def test_a_request_under_way_to_a_former_address_is_completed(start, names, make_backend):
    gate = threading.Event()

    def serve(peer):
        while message := peer.read_request():
            if message.target == "/held":
                gate.wait(PATIENCE)
            peer.send(response(body=b"first"))

    first = make_backend(serve=serve)
    make_backend(lambda _: response(body=b"second"), address="127.0.0.2", port=first.port)
    names.set("127.0.0.1")
    gateway, metrics = serving(start, names, first.port)
    with gateway.connect() as client:
        client.send(request("GET", "/held"))
        first.wait_for_requests(1)
        names.set("127.0.0.2")
        settled(gateway, b"second")
        gate.set()
        assert client.read_response().body == b"first"
    assert first.peers[0].has_ended.wait(PATIENCE)
    wait_until(metrics.is_at_rest, "all connections to be at rest")


def test_a_name_that_vanishes_keeps_its_last_addresses(start, names, pair):
    names.set("127.0.0.1")
    gateway, metrics = serving(start, names, pair[0].port)
    names.set()
    until = time.monotonic() + 3
    while time.monotonic() < until:
        assert answers(gateway) == {b"first"}
        time.sleep(0.1)
    names.set("127.0.0.2")
    settled(gateway, b"second")
    assert metrics.total("daemun_backend_failures_total") == 0


def test_a_name_that_appears_is_served_from_then_on(start, names, pair):
    gateway, metrics = serving(start, names, pair[0].port)
    assert answers(gateway) == {"backend.unresolved"}
    assert metrics.total("daemun_requests_by_cause_total", cause="backend.unresolved") == 8
    names.set("127.0.0.1")
    settled(gateway, b"first")


def test_an_address_where_nobody_listens_costs_no_request(start, names, pair):
    """A name with two addresses, one of them wrong, and then only the wrong one."""
    names.set("127.0.0.1", "127.0.0.3")
    gateway, metrics = serving(start, names, pair[0].port)
    assert answers(gateway, 40) == {b"first"}
    assert metrics.total("daemun_backend_failures_total", target=f"shop.test:{pair[0].port}@127.0.0.3") > 0
    names.set("127.0.0.3")
    settled(gateway, "backend.connect-failed")
