"""The gateway replaced by a new process under load, which no request may notice."""
import http.client
import time

from http2_load import HTTP2Load
from measure import configuration
from measure.bench import Bench, free_port
from measure.figure import Measured
from measure.load import Wrk
from measure.server import HTTP1, HTTPS, Server

PATIENCE = 20
# Seconds between two restarts.
EVERY = 2.0
RESTARTS = 6


def restarts(bench: Bench) -> Measured:
    """A new process takes the ports over from the old one again and again."""
    port = free_port(pair=True)
    listeners = {port: HTTP1, port + 1: HTTPS}
    text = configuration.forwarding(listeners, [bench.backend().port], bench.work)
    current = _launched(bench, text, port)
    secure = Server("HTTPS", port + 1, current.pid, HTTPS, current.client_settings)
    seconds = int(EVERY * (RESTARTS + 1))
    loads = {
        "HTTP": Wrk(current, seconds, connections=32),
        "a connection a request": Wrk(current, seconds, connections=8, headers=("Connection: close",)),
        "HTTPS": Wrk(secure, seconds, connections=32),
    }
    with HTTP2Load(port + 1, in_tls=True) as http2:
        for _ in range(RESTARTS):
            time.sleep(EVERY)
            former, current = current, _launched(bench, text, port)
            bench.stop(former)
    runs = {name: load.result() for name, load in loads.items()}
    for name, run in runs.items():
        print("  " + run.line(name), flush=True)
    counts = {name: run.requests for name, run in runs.items()} | {"HTTP/2": http2.count}
    failed = sum(run.failed for run in runs.values()) + len(http2.failures)
    note = ", ".join(f"{name} {count}" for name, count in counts.items())
    broken = [f"HTTP/2: {text}" for text in http2.failures[:1]]
    return Measured(failed, f"{RESTARTS} restarts; requests: {note}", broken)


def _launched(bench: Bench, text: str, port: int) -> Server:
    """A further process on the port; it is there once its own admin port says that it is ready."""
    admin = free_port()
    path = bench.file(f"gateway-{admin}.yaml", f"{text}admin: {admin}\n")
    server = bench.gateway_by_file(path, admin, name=f"gateway-{admin}")
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", admin, timeout=PATIENCE)
        connection.request("GET", "/readyz")
        if connection.getresponse().status == 200:
            return Server("HTTP", port, server.pid, HTTP1, server.client_settings)
        time.sleep(0.02)
    raise RuntimeError("the new process does not become ready")
