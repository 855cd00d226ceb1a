"""Backends that go away and come back while clients are being served."""

import subprocess
import time

import pytest

from harness import Nginx
from load import result, wrk


def causes(gateway):
    return {line.get("cause") for line in gateway.log_lines() if line["status"] >= 500}


@pytest.fixture
def pair(tmp_path):
    targets = [Nginx(tmp_path / name, f"location / {{ return 200 {name}; }}") for name in "ab"]
    yield targets
    for target in targets:
        target.stop()


@pytest.mark.parametrize("balance", ["least-requests", "round-robin"])
@pytest.mark.parametrize("at_once", [True, False], ids=["killed", "stopped"])
def test_a_target_that_restarts_under_load_costs_no_get(start, pair, balance, at_once):
    gateway = start(
        "apis: { all: { routes: { $default: b } } }\n"
        f"backends: {{ b: {{ targets: [{pair[0].url}, {pair[1].url}], balance: {balance},"
        # A slow machine serves so few requests before the first kill that a fifth of them is less than those in flight.
        " retry: { budget: 100% }, eject: { for: 200ms, slow_start: 200ms } } }"
    )
    load = wrk(gateway, 4)
    time.sleep(0.5)
    for target in [pair[0], pair[1], pair[0]]:
        target.stop(at_once)
        time.sleep(0.4)
        target.start()
        time.sleep(0.6)
    count, failed = result(load)
    assert (failed, causes(gateway)) == ([], set())
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
    assert causes(gateway) <= {"backend.connect-failed", "backend.reset", "backend.closed-mid-response"}
    assert count > 500
