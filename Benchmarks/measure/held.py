"""Connections that are held open: what they cost in memory, and what the busy ones notice of them."""
import socket
import ssl
import time
from statistics import median

from measure import configuration, process
from measure.bench import Bench, free_port
from measure.figure import Measured
from measure.load import Load, Wrk, gently
from measure.server import HTTP1, HTTPS, Server

IDLE_CONNECTIONS = 4_000
BESIDE_BUSY_ONES = 10_000
# Each client address makes so few connections that limits by address do not count.
PER_ADDRESS = 40


def memory(bench: Bench) -> Measured:
    return _memory(bench.gateway_by_flag(bench.backend()))


def tls_memory(bench: Bench) -> Measured:
    return _memory(bench.gateway(bench.backend(), HTTPS))


def beside_busy_ones(bench: Bench) -> Measured:
    """Two gateways alike, one of them with idle connections, half of them in TLS, have the same load in turn."""
    backend = bench.backend()
    quiet, crowded = (_both(bench, backend, name) for name in ("alone", "with idle ones"))
    secure = Server(crowded.name, crowded.port + 1, crowded.pid, HTTPS)
    held = hold(crowded, BESIDE_BUSY_ONES // 2) + hold(secure, BESIDE_BUSY_ONES // 2)
    script = bench.file("gently.lua", gently(20))
    runs: dict[str, list[Load]] = {quiet.name: [], crowded.name: []}
    for number in range(3 * bench.rounds):
        # Who comes first changes, so that a machine that warms up favours neither.
        for server in [quiet, crowded] if number % 2 == 0 else [crowded, quiet]:
            runs[server.name].append(Wrk(server, bench.seconds, script).result())
            print("  " + runs[server.name][-1].line(server.name), flush=True)
    before, beside = (median(run.p99_ms for run in of_one) for of_one in runs.values())
    failed = sum(run.failed for of_one in runs.values() for run in of_one)
    broken = [f"{failed} failed requests"] if failed else []
    lost = sum(not _is_open(connection) for connection in held)
    if lost:
        broken.append(f"{lost} idle connections were closed")
    _close(held)
    return Measured(beside / before, f"{before:.2f} → {beside:.2f} ms, medians of {3 * bench.rounds} runs each", broken)


def hold(server: Server, count: int) -> list[socket.socket]:
    """So many connections, open after one request each."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    held = []
    for number in range(count):
        block = number // PER_ADDRESS
        source = (f"127.1.{block // 250}.{block % 250 + 1}", 0)
        connection = socket.create_connection(("127.0.0.1", server.port), 10, source_address=source)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if server.protocol.tls:
            connection = context.wrap_socket(connection, server_hostname="localhost")
        connection.sendall(b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n")
        if not connection.recv(65536).startswith(b"HTTP/1.1 200"):
            raise RuntimeError("a connection was not served")
        held.append(connection)
    return held


def _memory(gateway: Server) -> Measured:
    # The first connections pay for what all share: pools, buffers, the backend's connection.
    first = hold(gateway, 50)
    time.sleep(0.5)
    before = process.resident_bytes(gateway.pid)
    held = hold(gateway, IDLE_CONNECTIONS)
    time.sleep(1)
    grown = process.resident_bytes(gateway.pid) - before
    lost = sum(not _is_open(connection) for connection in held)
    _close(first + held)
    broken = [f"{lost} connections were closed"] if lost else []
    return Measured(grown / IDLE_CONNECTIONS, f"{IDLE_CONNECTIONS} connections after one request each", broken)


def _both(bench: Bench, backend: Server, name: str) -> Server:
    """A gateway that listens for HTTP on a port and for HTTPS on the next one."""
    port = free_port(pair=True)
    text = configuration.forwarding({port: HTTP1, port + 1: HTTPS}, [backend.port], bench.work)
    return bench.gateway_by_file(bench.file(f"{name.replace(' ', '-')}.yaml", text), port, name=name)


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False


def _close(connections: list[socket.socket]) -> None:
    for connection in connections:
        connection.close()
