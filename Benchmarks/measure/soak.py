"""A million requests on a hundred thousand connections: whether memory stays where it was."""
import time

from measure import configuration, process
from measure.bench import Bench, free_port
from measure.figure import Measured
from measure.load import H2load, Load
from measure.server import H2, H2C, HTTP1, HTTPS, Server

LAPS = 10
# After so many laps the gateway has all that it needs for this load.
WARM_LAPS = 2
# A lap has these for each of the four protocols; every connection carries ten requests.
BATCHES, CONNECTIONS_A_BATCH = 5, 500
REST = 2


def memory(bench: Bench) -> Measured:
    gateway, servers = _gateway(bench)
    resident, failed, requests = [], 0, 0
    for lap in range(LAPS):
        for server in servers:
            for _ in range(BATCHES):
                result = _batch(server)
                failed += result.failed
                requests += result.requests
        time.sleep(REST)
        resident.append(process.resident_bytes(gateway.pid))
        print(f"  lap {lap + 1}: {requests} requests, {resident[-1] / (1 << 20):.1f} MiB", flush=True)
    early, late = resident[WARM_LAPS - 1], resident[-1]
    connections = LAPS * len(servers) * BATCHES * CONNECTIONS_A_BATCH
    note = f"{early / (1 << 20):.1f} → {late / (1 << 20):.1f} MiB, {requests} requests, {connections} connections"
    return Measured(abs(late / early - 1) * 100, note, [f"{failed} failed requests"] if failed else [])


def _gateway(bench: Bench) -> tuple[Server, list[Server]]:
    """A gateway with a port for HTTP/1.1 and HTTP/2 and one for both in TLS: four servers, as clients see it."""
    port = free_port(pair=True)
    text = configuration.forwarding({port: H2C, port + 1: HTTPS}, [bench.backend().port], bench.work)
    gateway = bench.gateway_by_file(bench.file("gateway.yaml", text), port)
    ports = {HTTP1: port, H2C: port, HTTPS: port + 1, H2: port + 1}
    return gateway, [
        Server("gateway", port, gateway.pid, protocol, gateway.client_settings) for protocol, port in ports.items()
    ]


def _batch(server: Server) -> Load:
    # Two at once on each connection: more would not find a place in the line before the backend.
    options = ["-m2"] if server.protocol.http2 else ["--h1", "-m1"]
    return H2load(server, f"-c{CONNECTIONS_A_BATCH}", f"-n{10 * CONNECTIONS_A_BATCH}", *options).result()
