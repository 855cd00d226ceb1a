"""Quotas that several gateways share in Redis, while gateways and the server are killed under load.

What passed is counted by the backend alone. A run ends when every gateway refuses all calls.
"""
import glob
import http.client
import multiprocessing
import os
import random
import re
import signal
import socket
import time
from dataclasses import dataclass

from measure import configuration
from measure.bench import Bench, free_port
from measure.figure import Measured
from measure.server import Server

LIMIT = 100_000
GATEWAYS = 3
# The most deaths of a run. Every fourth is the server's, all others are gateways'; they come at random, so many seconds apart,
# while calls pass.
DEATHS = 24
APART = (0.2, 1.5)
# What a machine that fails takes along of a server that writes once in a second.
FORGOTTEN_SECONDS = 2
# Refusals in a row, of each gateway, after which the quota has come to its end.
ENOUGH_REFUSALS = 2_000
# Seconds that a run may take.
PATIENCE = 600
KEY = "a-key-that-only-this-benchmark-has"
# Calls that a client has on their way at a time.
BATCH = 8


@dataclass
class Run:
    """What came of one run."""

    passed: int
    bound: int
    gateways_killed: int = 0
    servers_killed: int = 0


def always(bench: Bench) -> Measured:
    """The server has written what it answers: not one call over the limit. What dies with a gateway is lost."""
    return _runs(bench, "always")


def every_second(bench: Bench) -> Measured:
    """The server writes once in a second, and its machine fails: what it forgets may be used once more."""
    return _runs(bench, "everysec")


def emptied(bench: Bench) -> Measured:
    """The server comes back with nothing: what was used in the window may be used once more."""
    return _runs(bench, "emptied")


def _runs(bench: Bench, kind: str) -> Measured:
    runs = []
    for number in range(bench.rounds):
        run = _Exactness(bench, kind, number).run()
        runs.append(run)
        print(
            f"  {kind} {number + 1}: {run.passed} calls passed, at most {run.bound}; "
            f"killed: gateways {run.gateways_killed} times, the server {run.servers_killed} times", flush=True,
        )
    passed, bounds = [run.passed for run in runs], [run.bound for run in runs]
    note = f"{min(passed)} to {max(passed)} passed of {LIMIT}; in {len(runs)} runs gateways were killed "
    note += f"{sum(run.gateways_killed for run in runs)} times, the server {sum(run.servers_killed for run in runs)} times"
    if max(bounds) > LIMIT:
        note += f"; the bounds were {min(bounds)} to {max(bounds)}"
    return Measured(max(0, max(run.passed - run.bound for run in runs)), note)


class _Exactness:
    """One run: a server, gateways, a backend that counts, and a client for each gateway."""

    def __init__(self, bench: Bench, kind: str, number: int):
        self.bench, self.kind, self.name = bench, kind, f"{kind}-{number}"
        self.folder = os.path.join(bench.work, self.name)
        os.mkdir(self.folder)
        self.server_port, self.ports, self.backend_port = free_port(), [free_port() for _ in range(GATEWAYS)], free_port()
        text = configuration.nginx_counting(self.backend_port, bench.work)
        self.backend = bench.nginx(f"{self.name}-backend", self.backend_port, text)
        self.asked = 0
        # Of the calls that passed, those that no server knows of any longer.
        self.forgotten = 0
        # The moment, what had passed, and the bytes that the server had written.
        self.samples: list[tuple[float, int, int]] = []
        self.server = self._start_server()
        self.gateways = [self._start_gateway(number) for number in range(GATEWAYS)]
        self.refused = [multiprocessing.Value("q", 0) for _ in range(GATEWAYS)]
        self.result = Run(0, LIMIT)

    def run(self) -> Run:
        clients = [
            multiprocessing.Process(target=_call, args=(port, count), daemon=True)
            for port, count in zip(self.ports, self.refused)
        ]
        for client in clients:
            client.start()
        try:
            end = time.monotonic() + PATIENCE
            while not all(count.value >= ENOUGH_REFUSALS for count in self.refused):
                if time.monotonic() > end:
                    raise RuntimeError(f"the quota did not come to its end: {self._passed()} calls passed")
                before = self._passed()
                self._rest(random.uniform(*APART))
                if self._passed() > before and self.result.gateways_killed + self.result.servers_killed < DEATHS:
                    self._kill_one()
        finally:
            for client in clients:
                client.kill()
                client.join()
        self.result.passed = self._passed()
        for each in [*self.gateways, self.server, self.backend]:
            self.bench.stop(each, signal.SIGKILL)
        return self.result

    def _kill_one(self) -> None:
        if (self.result.gateways_killed + self.result.servers_killed) % 4 == 3:
            self.result.servers_killed += 1
            self._replace_server()
        else:
            self.result.gateways_killed += 1
            number = random.randrange(GATEWAYS)
            self.bench.stop(self.gateways[number], signal.SIGKILL)
            self.gateways[number] = self._start_gateway(number)
        for count in self.refused:
            count.value = 0

    def _start_gateway(self, number: int) -> Server:
        port = self.ports[number]
        text = configuration.sharing_a_quota(port, self.backend_port, self.server_port, LIMIT, KEY)
        return self.bench.gateway_by_file(self.bench.file(f"{self.name}-{number}.yaml", text), port, name=f"gateway-{number}")

    # The server of the counts

    def _start_server(self) -> Server:
        sync = "everysec" if self.kind == "everysec" else "always"
        command = ["redis-server", "--port", str(self.server_port), "--bind", "127.0.0.1", "--dir", self.folder]
        command += ["--save", "", "--appendonly", "yes", "--appendfsync", sync, "--auto-aof-rewrite-percentage", "0"]
        server = self.bench.start("redis", command, self.server_port)
        self.started = time.monotonic()
        return server

    def _replace_server(self) -> None:
        """Kills the server, takes away what it may have forgotten, and starts it again."""
        self.bench.stop(self.server, signal.SIGKILL)
        if self.kind == "everysec":
            since = [sample for sample in self.samples if sample[0] >= self.started]
            old = [sample for sample in since if sample[0] <= time.monotonic() - FORGOTTEN_SECONDS]
            _, passed, size = old[-1] if old else since[0]
            # What was told to the server since then: calls that passed, and those that were taken ahead.
            self.result.bound += self._passed() - passed + self._most_in_a_second()
            for path in self._written():
                os.truncate(path, size)
        if self.kind == "emptied":
            # What was used until now, and what was taken ahead of it.
            passed = self._passed()
            self.result.bound += min(LIMIT, passed - self.forgotten + self._most_in_a_second())
            self.forgotten = passed
            for path in glob.glob(os.path.join(self.folder, "appendonlydir", "*")):
                os.unlink(path)
        self.server = self._start_server()

    def _written(self) -> list[str]:
        return glob.glob(os.path.join(self.folder, "appendonlydir", "*.incr.aof"))

    # Counting

    def _passed(self) -> int:
        """The requests that came to the backend, but for this question and those before it."""
        self.asked += 1
        connection = http.client.HTTPConnection("127.0.0.1", self.backend_port, timeout=10)
        connection.request("GET", "/count")
        counts = re.search(r"requests\s+\d+ \d+ (\d+)", connection.getresponse().read().decode())
        connection.close()
        return int(counts.group(1)) - self.asked

    def _rest(self, seconds: float) -> None:
        """Waits, and notes what passes and what is written meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            size = sum(os.path.getsize(path) for path in self._written())
            self.samples.append((time.monotonic(), self._passed(), size))
            time.sleep(0.05)

    def _most_in_a_second(self) -> int:
        most, first = 0, 0
        for moment, passed, _ in self.samples:
            while self.samples[first][0] < moment - 1:
                first += 1
            most = max(most, passed - self.samples[first][1])
        return most


def _call(port: int, refused) -> None:
    """Calls as fast as it goes, and counts the refusals since a call last passed."""
    request = f"GET / HTTP/1.1\r\nHost: bench\r\nx-api-key: {KEY}\r\n\r\n".encode() * BATCH
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                while True:
                    connection.sendall(request)
                    answer = b""
                    while answer.count(b"HTTP/1.1 ") < BATCH:
                        piece = connection.recv(65536)
                        if not piece:
                            raise OSError("closed")
                        answer += piece
                    if b"HTTP/1.1 200" in answer:
                        refused.value = 0
                    else:
                        refused.value += answer.count(b"HTTP/1.1 429")
                        time.sleep(0.01)
        except OSError:
            time.sleep(0.02)
