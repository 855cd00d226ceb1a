"""Backends that go away and come back while clients are being served."""

import signal
import subprocess
import time

import pytest

from harness import Nginx
from load import result, wrk


def failures(gateway):
    return [line for line in gateway.log_lines() if "cause" in line]


@pytest.fixture
def pair(tmp_path):
    targets = [Nginx(tmp_path / name, f"location / {{ return 200 {name}; }}") for name in "ab"]
    yield targets
    for target in targets:
        target.stop()


@pytest.mark.parametrize("balance", ["least-requests", "round-robin"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGQUIT], ids=["killed", "stopped", "drained"])
def test_a_target_that_restarts_under_load_costs_no_get(start, pair, balance, how):
    gateway = start(
        "apis: { all: { routes: { $default: b } } }\n"
        f"backends: {{ b: {{ targets: [{pair[0].url}, {pair[1].url}], balance: {balance},"
        # A slow machine serves so few requests before the first kill that a fifth of them is less than those in flight.
        " retry: { budget: 100% } } }"
    )
    load = wrk(gateway, 5)
    time.sleep(0.5)
    # Nobody is away for long enough to be forgiven its former failures: the defaults have to do.
    for target in [pair[0], pair[1], pair[0], pair[1]]:
        target.end(how)
        time.sleep(0.3)
        target.start()
        time.sleep(0.6)
    count, failed = result(load)
    # wrk cuts off what is under way when its time is over.
    assert (failed, [line for line in failures(gateway) if line["cause"] != "client.closed"]) == ([], [])
    assert count > 1_000
    assert pair[0].requests() and pair[1].requests()


def test_a_single_target_that_restarts_is_used_again_at_once(start, pair):
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {pair[0].url} }} }} }}")
    load = wrk(gateway, 2)
    time.sleep(0.5)
    pair[0].stop()
    time.sleep(0.3)
    assert subprocess.check_output(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", gateway.url()]) == b"502"
    pair[0].start()
    assert subprocess.check_output(["curl", "-s", gateway.url()]) == b"a"
    count, _ = result(load)
    causes = {line["cause"] for line in failures(gateway)} - {"client.closed"}
    assert causes <= {"backend.connect-failed", "backend.reset", "backend.closed-mid-response"}
    assert count > 500
