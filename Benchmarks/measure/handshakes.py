"""Full TLS handshakes per CPU-second, against nginx: ECDSA P-256, nothing resumed."""
import os
import subprocess
import sys
from statistics import median

from measure import certificate, process
from measure.bench import Bench
from measure.figure import Measured
from measure.server import HTTPS, Server

CLIENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "handshaker.py")
CLIENTS = 4


def full(bench: Bench) -> Measured:
    backend = bench.backend()
    servers = [bench.nginx_proxy(backend, HTTPS), bench.gateway(backend, HTTPS)]
    negotiated = {server.name: certificate.negotiated(server) for server in servers}
    ratios, resumed = [], []
    for _ in range(bench.rounds):
        ratios.append(_ratio(servers, bench.seconds, resuming=False))
        resumed.append(_ratio(servers, bench.seconds, resuming=True))
    broken = [f"not the same TLS: {negotiated}"] if len(set(negotiated.values())) > 1 else []
    note = f"{min(ratios):.2f} to {max(ratios):.2f}, rounds: {len(ratios)}; resumed {median(resumed):.2f}"
    return Measured(median(ratios), f"{note}; {negotiated[servers[1].name]}", broken)


def _ratio(servers: list[Server], seconds: int, resuming: bool) -> float:
    nginx, gateway = (_per_cpu_second(server, seconds, resuming) for server in servers)
    return gateway / nginx


def _per_cpu_second(server: Server, seconds: int, resuming: bool) -> float:
    _handshakes(server, 1, resuming)
    before = process.cpu_seconds(server.pid)
    count = _handshakes(server, seconds, resuming)
    rate = count / (process.cpu_seconds(server.pid) - before)
    kind = "resumed" if resuming else "full"
    print(f"  {server.name:20s} {rate:7.0f} {kind} handshakes per CPU-second", flush=True)
    return rate


def _handshakes(server: Server, seconds: int, resuming: bool) -> int:
    command = [sys.executable, CLIENT, str(server.port), str(seconds), "resumed" if resuming else "full"]
    clients = [
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=server.client_environment
        )
        for _ in range(CLIENTS)
    ]
    answers = [client.communicate()[0].strip() for client in clients]
    if not all(answer.isdigit() for answer in answers):
        raise RuntimeError(f"handshakes with {server.name}: {answers[0][-300:]}")
    return sum(map(int, answers))
