"""Full TLS handshakes per CPU-second, against nginx: ECDSA P-256, nothing resumed."""
import re
import subprocess
from statistics import median

from measure import certificate, process
from measure.bench import Bench
from measure.figure import Measured
from measure.server import HTTPS, Server

CLIENTS = 4


def full(bench: Bench) -> Measured:
    """Each connection carries one small request, which the server answers itself: so it was really established."""
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
    """How many handshakes were made; it is an error when one was not of the kind that is counted."""
    command = ["openssl", "s_time", "-connect", f"127.0.0.1:{server.port}", "-www", "/reply", "-time", str(seconds)]
    clients = [
        subprocess.Popen(
            command + ["-reuse" if resuming else "-new"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=server.client_environment,
        )
        for _ in range(CLIENTS)
    ]
    total = 0
    for client in clients:
        output, _ = client.communicate()
        # A letter for each connection, r when it was resumed; then the sums.
        letters = re.findall(r"^[rt*]+$", output, re.MULTILINE)
        sums = re.search(r"(\d+) connections in \d+ real seconds, ([1-9]\d*) bytes read per connection", output)
        if not sums or not letters:
            raise RuntimeError(f"s_time gave no result for {server.name}: {output.strip()[-300:]}")
        if set(letters[-1]) - {"r" if resuming else "*"}:
            raise RuntimeError(f"{server.name} {'did not resume' if resuming else 'resumed'} a session")
        total += int(sums.group(1))
    return total
