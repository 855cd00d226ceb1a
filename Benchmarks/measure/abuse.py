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
# Seconds for the gateway to end what the attacks left, by its times for a head and for a body, and then to give the memory back,
# which it tries every 30 s.
REST = 90
MEMORY_TOLERANCE = 0.05
# Large enough to wait for its reader, small enough that a hundred of them do not busy the backend.
LARGE = 1 << 20


def beside_good_clients(bench: Bench) -> Measured:
    """The worst client's p99 while its gateway is attacked, as a ratio to the same while another gateway is.

    On one machine the attackers slow every client down, whatever they attack. So the gateway has a processor of its own, and
    the attackers run on what the clients and the backend leave of the other one; and they attack another gateway
    there, which serves no client, before they attack this one. What remains is what the attacks cost the gateway.
    """
    elsewhere, own = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, [elsewhere])
    backend_port = free_port()
    large = bench.file("large", "x" * LARGE)
    bench.nginx("backend", backend_port, configuration.nginx_backend(backend_port, bench.work, large))
    other, gateway = (_gateway(bench, backend_port, name) for name in ("other", "gateway"))
    process.leave_to_others(other.pid)
    process.pin(gateway.pid, own)
    calm = max(10, min(60, bench.seconds // 4))
    quiet = _good_clients("quiet", gateway, calm)
    before = process.resident_bytes(gateway.pid)
    process.reset_peak(gateway.pid)
    aside, _ = _attacked("the other attacked", gateway, other, calm)
    spent = process.cpu_seconds(gateway.pid)
    busy, met = _attacked("attacked", gateway, gateway, bench.seconds)
    share = (process.cpu_seconds(gateway.pid) - spent) / bench.seconds
    time.sleep(REST)
    after, peak = process.resident_bytes(gateway.pid), process.peak_bytes(gateway.pid)
    for name, ends in met.items():
        print(f"  {name:22s} " + ", ".join(f"{end} {count}" for end, count in ends.items()), flush=True)

    broken = [f"{run.failed} failed requests ({name})" for name, run in [*quiet.items(), *busy.items()] if run.failed]
    if abs(after / before - 1) > MEMORY_TOLERANCE:
        broken.append("memory has not come back")
    times = [f"{name} {quiet[name].p99_ms:.2f}, {aside[name].p99_ms:.2f} → {busy[name].p99_ms:.2f} ms" for name in busy]
    memory = " → ".join(f"{value / (1 << 20):.1f}" for value in (before, peak, after))
    ratio = max(busy[name].p99_ms / max(aside[name].p99_ms, 0.001) for name in busy)
    detail = f"{'; '.join(times)}; memory {memory} MiB; {share:.0%} of a processor; {bench.seconds} s"
    return Measured(ratio, detail, broken)


def _gateway(bench: Bench, backend_port: int, name: str) -> Server:
    """HTTP/1.1 and HTTP/2 without TLS on one port, both in TLS on the next."""
    port = free_port(pair=True)
    text = configuration.forwarding({port: H2C, port + 1: HTTPS}, [backend_port], bench.work)
    return bench.gateway_by_file(bench.file(f"{name}.yaml", text), port, name=name)


def _attacked(what: str, served: Server, target: Server, seconds: int) -> tuple[dict[str, Load], dict]:
    """What good clients of one gateway notice while one is attacked, and how the attacks were met."""
    ports = ["--http", str(target.port), "--https", str(target.port + 1)]
    command = ["chrt", "--idle", "0", sys.executable, ATTACKS, *ports, "--seconds", str(seconds)]
    attacks = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    runs = _good_clients(what, served, seconds)
    return runs, json.loads(attacks.communicate()[0])


def _good_clients(what: str, gateway: Server, seconds: int) -> dict[str, Load]:
    """One over each protocol."""
    print(f"  {what}", flush=True)
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
