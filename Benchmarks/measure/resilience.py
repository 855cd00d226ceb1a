"""Backends that restart under load, one of two at a time, which no GET may notice. The gateway runs with its defaults."""
import http.client
import re
import signal
import time

from measure import configuration
from measure.bench import Bench, free_port
from measure.figure import Measured
from measure.load import Wrk, gently
from measure.server import HTTP1

SECONDS = 60
# Seconds from one restart to the next, and those that a backend is away.
EVERY, AWAY = 2.0, 0.5


def killed(bench: Bench) -> Measured:
    """SIGKILL in the midst of its requests."""
    return _restarted(bench, signal.SIGKILL)


def drained(bench: Bench) -> Measured:
    """A rolling restart: it answers what it has and closes its idle connections, while new requests are on their way."""
    return _restarted(bench, signal.SIGQUIT)


def _restarted(bench: Bench, number: int) -> Measured:
    backends = [bench.backend(f"backend-{name}") for name in "ab"]
    port, admin = free_port(), free_port()
    text = configuration.forwarding({port: HTTP1}, [each.port for each in backends], bench.work)
    gateway = bench.gateway_by_file(bench.file("gateway.yaml", f"{text}admin: {admin}\n"), port, threads=2)
    loads = {
        "as fast as it goes": Wrk(gateway, SECONDS, connections=32),
        "gently": Wrk(gateway, SECONDS, bench.file("gently.lua", gently(20)), connections=32),
        "a connection a request": Wrk(gateway, SECONDS, connections=4, headers=("Connection: close",)),
    }
    end, restarts = time.monotonic() + SECONDS - EVERY, 0
    while time.monotonic() < end:
        began, index = time.monotonic(), restarts % 2
        bench.stop(backends[index], number)
        time.sleep(AWAY)
        backends[index] = bench.backend(backends[index].name, backends[index].port)
        restarts += 1
        time.sleep(max(0.0, began + EVERY - time.monotonic()))
    runs = {name: load.result() for name, load in loads.items()}
    for name, run in runs.items():
        print("  " + run.line(name), flush=True)
    note = f"{restarts} restarts; {sum(run.requests for run in runs.values())} requests; {_told(admin)}"
    return Measured(sum(run.failed for run in runs.values()), note)


def _told(admin: int) -> str:
    """What the gateway counted: the attempts that failed, and what clients were told."""
    connection = http.client.HTTPConnection("127.0.0.1", admin, timeout=5)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    failed = sum(int(count) for count in re.findall(r"^daemun_backend_failures_total\{.*\} (\d+)", text, re.MULTILINE))
    causes = re.findall(r'^daemun_requests_by_cause_total\{cause="(.*)"\} (\d+)', text, re.MULTILINE)
    return ", ".join([f"{failed} failed attempts", *(f"{count} × {cause}" for cause, count in causes)])
