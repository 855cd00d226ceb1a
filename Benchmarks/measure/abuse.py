"""Good clients beside all attacks at once: what they notice, and whether the gateway's memory comes back."""
import json
import os
import subprocess
import sys
import time

from measure import configuration, process
from measure.bench import Bench, free_port
from measure.figure import Measured
from measure.load import Load
from measure.server import H2C, HTTPS, Server

ATTACKS = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../Tests/Clients/attacks.py"))
PROBER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "prober.py")
# Seconds for the gateway to end what the attacks left: longer than its times for a head and for a body.
REST = 35
MEMORY_TOLERANCE = 0.05
# Large enough to wait for its reader, small enough that a hundred of them do not busy the backend.
LARGE = 1 << 20


def beside_good_clients(bench: Bench) -> Measured:
    """The worst client's p99 under attack as a ratio to its p99 before.

    The gateway has a processor of its own, and the attackers run on what everybody else leaves of the other one, as if they
    were on a machine of their own: what is measured is what the attacks cost the gateway, and not that whoever makes
    them is busy.
    """
    elsewhere, own = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, [elsewhere])
    gateway = _gateway(bench)
    process.pin(gateway.pid, own)
    quiet = _good_clients(bench, gateway, max(10, min(60, bench.seconds // 4)))
    before = process.resident_bytes(gateway.pid)
    process.reset_peak(gateway.pid)
    spent = process.cpu_seconds(gateway.pid)
    attacks = _attacks(gateway, bench.seconds)
    busy = _good_clients(bench, gateway, bench.seconds)
    met = json.loads(attacks.communicate()[0])
    share = (process.cpu_seconds(gateway.pid) - spent) / bench.seconds
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
    detail = f"{', '.join(changes.values())}; memory {memory} MiB; {share:.0%} of a processor; {bench.seconds} s"
    return Measured(ratio, detail, broken)


def _gateway(bench: Bench) -> Server:
    """HTTP/1.1 and HTTP/2 without TLS on one port, both in TLS on the next."""
    large = bench.file("large", "x" * LARGE)
    port, backend_port = free_port(pair=True), free_port()
    bench.nginx("backend", backend_port, configuration.nginx_backend(backend_port, bench.work, large))
    text = configuration.forwarding({port: H2C, port + 1: HTTPS}, [backend_port], bench.work)
    return bench.gateway_by_file(bench.file("gateway.yaml", text), port)


def _attacks(gateway: Server, seconds: int) -> subprocess.Popen:
    ports = ["--http", str(gateway.port), "--https", str(gateway.port + 1)]
    command = ["chrt", "--idle", "0", sys.executable, ATTACKS, *ports, "--seconds", str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _good_clients(bench: Bench, gateway: Server, seconds: int) -> dict[str, Load]:
    """One over each protocol."""
    ports = {"http": gateway.port, "https": gateway.port + 1, "h2": gateway.port + 1}
    clients = {
        name: subprocess.Popen(
            [sys.executable, PROBER, name, str(port), str(seconds)], stdout=subprocess.PIPE, text=True
        )
        for name, port in ports.items()
    }
    runs = {}
    for name, client in clients.items():
        told = json.loads(client.communicate()[0])
        for failure in told["failed"][:3]:
            print(f"  {name}: {failure}")
        runs[name] = Load(told["answers"], told["seconds"], told["p99_ms"], len(told["failed"]))
        print("  " + runs[name].line(name), flush=True)
    return runs
