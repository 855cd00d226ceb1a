"""A million customers that are managed live, each with an API key: memory, start, and the CPU of finding keys."""
import hashlib
import hmac
import os
import sqlite3
import time
from statistics import median

from measure import configuration, cost, process
from measure.bench import Bench, free_port
from measure.figure import Measured
from measure.server import Server

FEW, MANY = 1_000, 1_000_000
# What is promised beside the ratio.
MOST_BYTES_EACH, MOST_SECONDS = 1536, 30


def million(bench: Bench) -> Measured:
    backend = bench.backend()
    few, _ = _gateway(bench, backend, FEW)
    many, seconds = _gateway(bench, backend, MANY)
    each = (process.resident_bytes(many.pid) - process.resident_bytes(few.pid)) / (MANY - FEW)
    peak = process.peak_bytes(many.pid) / (1 << 20)
    print(f"  {MANY} customers: {each:.0f} bytes each, start in {seconds:.1f} s, {peak:.0f} MiB at most", flush=True)
    runs = {server.port: cost.wrk(bench.file(f"{count}.lua", _script(count))) for server, count in ((few, FEW), (many, MANY))}
    ratios, broken = [], []
    for _ in range(bench.rounds):
        costs = [cost.of(bench, server, runs[server.port], broken) for server in (few, many)]
        ratios.append(costs[1] / costs[0])
    if each > MOST_BYTES_EACH:
        broken.append(f"more than {MOST_BYTES_EACH} bytes each")
    if seconds > MOST_SECONDS:
        broken.append(f"the start took longer than {MOST_SECONDS} s")
    note = f"{cost.spread(ratios)}; {each:.0f} bytes each, start in {seconds:.1f} s"
    return Measured(median(ratios), note, broken)


def _key(number: int) -> str:
    return f"dk_{number:07d}_0123456789abcdefghijklmnopqrstuvwxyz"


def _script(count: int) -> str:
    """A wrk script in which each request has the key of a random customer."""
    return f"""
math.randomseed(os.time())
local headers = {{}}
request = function()
  headers["x-api-key"] = string.format("dk_%07d_0123456789abcdefghijklmnopqrstuvwxyz", math.random(0, {count - 1}))
  return wrk.format("GET", "/", headers)
end
"""


def _gateway(bench: Bench, backend: Server, count: int) -> tuple[Server, float]:
    """A gateway with so many customers, and the seconds that its start took."""
    port, folder = free_port(), os.path.join(bench.work, f"customers-{count}")
    path = bench.file(f"customers-{count}.yaml", configuration.live_customers(port, backend.port, folder))
    # The tables and the key are the gateway's to make.
    bench.stop(bench.gateway_by_file(path, port))
    _fill(folder, count)
    began = time.monotonic()
    gateway = bench.gateway_by_file(path, port, name=f"{count} customers", patience=300)
    return gateway, time.monotonic() - began


def _fill(folder: str, count: int) -> None:
    """Writes customers as the gateway would, a million times as fast as one by one through it."""
    with open(os.path.join(folder, "customers.key")) as file:
        key = bytes.fromhex(file.read().strip())
    prepared = hmac.new(key, b"daemun api key fingerprint 1\0", hashlib.sha256)

    def fingerprint(number: int) -> str:
        code = prepared.copy()
        code.update(hashlib.sha256(_key(number).encode()).digest())
        return code.hexdigest()

    database = sqlite3.connect(os.path.join(folder, "customers.sqlite"))
    with database:
        database.executemany(
            "INSERT INTO customer (id, settings, is_removed, created_at, changed_at, change) VALUES (?, ?, 0, 0, 0, ?)",
            (
                (f"customer-{number:07d}", f'{{"name":"Customer {number}","labels":{{"tier":"gold"}}}}', number + 1)
                for number in range(count)
            ),
        )
        database.executemany(
            "INSERT INTO api_key (customer, id, fingerprint, created_at) VALUES (?, 'first', ?, 0)",
            ((f"customer-{number:07d}", fingerprint(number)) for number in range(count)),
        )
    database.close()
