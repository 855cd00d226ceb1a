"""Good clients beside all attacks at once: what they notice, and whether the gateway's memory comes back."""
import json
import os
import subprocess
import sys
import time

from measure import configuration, process
from measure.bench import Bench, free_port
from measure.figure import Measured
from measure.load import Load, PacedH2load, Wrk, gently
from measure.server import H2, H2C, HTTPS, Server

ATTACKS = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../Tests/Clients/attacks.py"))
# Seconds for the gateway to end what the attacks left: longer than its times for a head and for a body.
REST = 35
MEMORY_TOLERANCE = 0.05
# Large enough to wait for its reader, small enough that a hundred of them do not busy the backend.
LARGE = 1 << 20


def beside_good_clients(bench: Bench) -> Measured:
    """The worst client's p99 under attack as a ratio to its p99 before.

    The attackers have a processor of their own, as if they were on another machine, and everybody else has the others:
    what is measured is what the attacks cost the gateway, and not that whoever makes them is busy.
    """
    attackers, *others = sorted(os.sched_getaffinity(0))
    if not others:
        raise RuntimeError("needs two processors, one of them for the attackers")
    os.sched_setaffinity(0, others)
    bench.callback(os.sched_setaffinity, 0, [attackers, *others])
    gateway = _gateway(bench)
    quiet = _good_clients(bench, gateway, max(5, min(60, bench.seconds // 4)))
    before = process.resident_bytes(gateway.pid)
    process.reset_peak(gateway.pid)
    attacks = _attacks(gateway, bench.seconds, attackers)
    busy = _good_clients(bench, gateway, bench.seconds)
    met = json.loads(attacks.communicate()[0])
    time.sleep(REST)
    after, peak = process.resident_bytes(gateway.pid), process.peak_bytes(gateway.pid)
    for name, ends in met.items():
        print(f"  {name:22s} " + ", ".join(f"{end} {count}" for end, count in ends.items()), flush=True)

    broken = [f"{run.failed} failed requests ({name})" for name, run in [*quiet.items(), *busy.items()] if run.failed]
    if abs(after / before - 1) > MEMORY_TOLERANCE:
        broken.append("memory has not come back")
    changes = {name: f"{name} {quiet[name].p99_ms:.2f} → {busy[name].p99_ms:.2f} ms" for name in busy}
    memory = " → ".join(f"{value / (1 << 20):.1f}" for value in (before, peak, after))
    ratio = max(busy[name].p99_ms / max(quiet[name].p99_ms, 0.001) for name in busy)
    return Measured(ratio, f"{', '.join(changes.values())}; memory {memory} MiB; {bench.seconds} s", broken)


def _gateway(bench: Bench) -> Server:
    """HTTP/1.1 and HTTP/2 without TLS on one port, both in TLS on the next."""
    large = bench.file("large", "x" * LARGE)
    port, backend_port = free_port(pair=True), free_port()
    bench.nginx("backend", backend_port, configuration.nginx_backend(backend_port, bench.work, large))
    text = configuration.forwarding({port: H2C, port + 1: HTTPS}, [backend_port], bench.work)
    return bench.gateway_by_file(bench.file("gateway.yaml", text), port)


def _attacks(gateway: Server, seconds: int, processor: int) -> subprocess.Popen:
    ports = ["--http", str(gateway.port), "--https", str(gateway.port + 1)]
    command = [sys.executable, ATTACKS, *ports, "--seconds", str(seconds)]
    attacks = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    os.sched_setaffinity(attacks.pid, [processor])
    return attacks


def _good_clients(bench: Bench, gateway: Server, seconds: int) -> dict[str, Load]:
    """Few clients that rest between requests, over each protocol."""
    script = bench.file("gently.lua", gently(20))
    secure = Server("HTTPS", gateway.port + 1, gateway.pid, HTTPS, gateway.client_settings)
    newer = Server("HTTP/2", gateway.port + 1, gateway.pid, H2, gateway.client_settings)
    clients = {
        "HTTP/1.1": Wrk(gateway, seconds, script, connections=8),
        "HTTPS": Wrk(secure, seconds, script, connections=8),
        "HTTP/2": PacedH2load(newer, seconds, bench.work),
    }
    runs = {name: client.result() for name, client in clients.items()}
    for name, run in runs.items():
        print("  " + run.line(name), flush=True)
    return runs
