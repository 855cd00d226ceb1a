"""Load on a server, by wrk or h2load, and what came of it."""
import os
import re
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from measure import process
from measure.server import Server

CONNECTIONS = 64


@dataclass
class Load:
    """The outcome of one run."""

    requests: int
    seconds: float
    p99_ms: float
    failed: int
    cpu_seconds: float = 0.0

    @property
    def cpu_microseconds(self) -> float:
        """CPU time of the server a request."""
        return self.cpu_seconds / max(self.requests, 1) * 1e6

    def line(self, subject: str) -> str:
        failed = f"  {self.failed} FAILED" if self.failed else ""
        cost = f"{self.cpu_microseconds:7.1f} µs CPU/request  " if self.cpu_seconds else ""
        rate = self.requests / max(self.seconds, 0.001)
        return f"{subject:20s} {cost}{rate:9.0f} requests/s  p99 {self.p99_ms:7.2f} ms{failed}"


class Wrk:
    """A wrk that runs in the background until its time is over or it is stopped."""

    def __init__(
        self, server: Server, seconds: int, script: str | None = None, threads: int = 1,
        connections: int = CONNECTIONS, headers: tuple[str, ...] = (),
    ):
        command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency"]
        command += [f"-H{header}" for header in headers] + (["-s", script] if script else [])
        self._process = subprocess.Popen(
            command + [server.url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=server.client_environment,
        )

    def stop(self) -> Load:
        """Ends the load now."""
        self._process.send_signal(signal.SIGINT)
        return self.result()

    def result(self) -> Load:
        """Waits for the end of the load."""
        output, _ = self._process.communicate()
        done = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m|h)", output)
        if not done:
            raise RuntimeError(f"wrk gave no result: {output.strip()}")
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
        broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
        p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", output)
        return Load(
            requests=int(done.group(1)),
            seconds=_seconds(done.group(2), done.group(3)),
            p99_ms=_seconds(p99.group(1), p99.group(2)) * 1000 if p99 else float("nan"),
            failed=(int(refused.group(1)) if refused else 0) + (sum(map(int, broken.groups())) if broken else 0),
        )


class H2load:
    """An h2load that runs in the background, with options such as -c, -m, -n and -D."""

    def __init__(self, server: Server, *options: str):
        self._speaks_http2 = "--h1" not in options
        self._process = subprocess.Popen(
            ["h2load", *options, server.url],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=server.client_environment,
        )

    def result(self) -> Load:
        """Waits for the end of the load."""
        output, _ = self._process.communicate()
        counts = re.search(r"requests: .* (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
        took = re.search(r"finished in ([\d.]+)(us|ms|s|m|h)", output)
        if not counts or not took or (self._speaks_http2 and not re.search(r"protocol: h2c?$", output, re.MULTILINE)):
            raise RuntimeError(f"h2load gave no result: {output.strip()[-600:]}")
        succeeded, *failed = map(int, counts.groups())
        return Load(
            requests=succeeded, seconds=_seconds(*took.groups()), p99_ms=float("nan"), failed=sum(failed)
        )


def measured(server: Server, seconds: int, run: Callable[[int], Load]) -> Load:
    """One warm second, then a run over which the CPU time of the server is counted. `run` is given the seconds."""
    run(1)
    before = process.cpu_seconds(server.pid)
    load = run(seconds)
    load.cpu_seconds = process.cpu_seconds(server.pid) - before
    return load


def over_routes(count: int) -> str:
    """A wrk script that asks for a random one of `count` routes (see configuration.routes) each time."""
    return f"""
request = function()
  return wrk.format("GET", "/v1.0/svc" .. math.random(0, {count - 1}) .. "/orders/" .. math.random(1, 99999))
end
"""


def gently(milliseconds: int) -> str:
    """A wrk script whose connections rest between requests, so that latency tells of stalls and not of queues."""
    return f"function delay() return {milliseconds} end\n"


def _seconds(number: str, unit: str) -> float:
    return float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}[unit]
