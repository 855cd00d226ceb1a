"""New configurations under load: how long one takes, what requests notice of it, and what a thousand leave behind."""
import http.client
import json
import os
import signal
import time
from statistics import median

from measure import configuration, process
from measure.bench import Bench, free_port
from measure.figure import Measured
from measure.load import Load, Wrk, gently, over_routes
from measure.server import Server

PATIENCE = 20
# Two runs of the same server differ by this much here; a stall of the loops shows far above it.
P99_TOLERANCE, P99_TOLERANCE_MS = 1.25, 0.5
RELOADS, WARM_RELOADS = 1_000, 50


class ReloadingGateway:
    """A gateway with `count` routes whose file is written anew before each reload."""

    def __init__(self, bench: Bench, count: int):
        self._bench, self._count, self._written = bench, count, 0
        self._port, self._admin, self._backend = free_port(), free_port(), bench.backend().port
        self.server: Server = bench.gateway_by_file(self._write(), self._port)

    def _write(self) -> str:
        self._written += 1
        text = configuration.gateway(
            self._port, self._backend, self._count, admin=self._admin, mark=f"version {self._written}"
        )
        return self._bench.file("reloaded.yaml", text)

    def reload(self) -> tuple[float, float]:
        """Milliseconds from the signal until the new revision serves, and those that the gateway says it compiled."""
        before = self.snapshot()["revision"]
        self._write()
        began = time.monotonic()
        os.kill(self.server.pid, signal.SIGHUP)
        while time.monotonic() - began < PATIENCE:
            snapshot = self.snapshot()
            if snapshot["revision"] != before:
                return (time.monotonic() - began) * 1000, float(snapshot["compile_ms"])
            time.sleep(0.002)
        raise RuntimeError(f"still at revision {before} after {PATIENCE} s")

    def snapshot(self) -> dict:
        connection = http.client.HTTPConnection("127.0.0.1", self._admin, timeout=5)
        try:
            connection.request("GET", "/snapshot")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


def one_reload(bench: Bench) -> Measured:
    gateway = ReloadingGateway(bench, 10_000)
    script = bench.file("gently.lua", over_routes(10_000) + gently(20))
    took, compiled, quiet, busy = [], [], [], []
    for _ in range(bench.rounds):
        quiet.append(Wrk(gateway.server, bench.seconds + 1, script).result())
        wrk = Wrk(gateway.server, bench.seconds + 1, script)
        time.sleep(1)
        wall, compile_ms = gateway.reload()
        busy.append(wrk.result())
        took.append(wall)
        compiled.append(compile_ms)
        print(f"  reload {wall:.0f} ms, of which compiling {compile_ms:.0f} ms", flush=True)
        print("  " + quiet[-1].line("quiet"), "  " + busy[-1].line("reloading"), sep="\n", flush=True)
    before, during = (median(run.p99_ms for run in runs) for runs in (quiet, busy))
    broken = _failures(quiet + busy)
    if during > before * P99_TOLERANCE + P99_TOLERANCE_MS:
        broken.append("p99 suffers")
    return Measured(median(took), f"compiling {median(compiled):.0f} ms; p99 {before:.2f} → {during:.2f} ms", broken)


def many_reloads(bench: Bench) -> Measured:
    gateway = ReloadingGateway(bench, 200)
    wrk = Wrk(gateway.server, 3600, bench.file("routes.lua", over_routes(200)))
    resident = []
    try:
        for _ in range(RELOADS):
            gateway.reload()
            resident.append(process.resident_bytes(gateway.server.pid))
    finally:
        result = wrk.stop()
    print("  " + result.line(f"{RELOADS} reloads"), flush=True)
    early, late = median(resident[WARM_RELOADS : 2 * WARM_RELOADS]), median(resident[-WARM_RELOADS:])
    note = f"{early / (1 << 20):.1f} → {late / (1 << 20):.1f} MiB, {result.requests} requests"
    return Measured(abs(late / early - 1) * 100, note, _failures([result]))


def _failures(runs: list[Load]) -> list[str]:
    failed = sum(run.failed for run in runs)
    return [f"{failed} failed requests"] if failed else []
