"""CPU a request: against nginx, with many routes, and over two threads. Medians of each round's ratios."""
import os
from collections.abc import Callable
from statistics import median

from measure import configuration, load
from measure.bench import Bench, free_port
from measure.figure import Measured
from measure.load import Load, Wrk
from measure.server import Server


def plain(bench: Bench) -> Measured:
    backend = bench.backend()
    subjects = [bench.nginx_proxy(backend), bench.gateway_by_flag(backend)] + bench.other_peers(backend, full=False)
    return against_first(bench, subjects)


def full(bench: Bench) -> Measured:
    backend = bench.backend()
    port = free_port()
    log = os.path.join(bench.work, "access.log")
    text = configuration.gateway(port, backend.port, 200, admin=free_port(), log=log)
    gateway = bench.gateway_by_file(bench.file("full.yaml", text), port)
    subjects = [bench.nginx_proxy(backend), gateway] + bench.other_peers(backend, full=True)
    measured = against_first(bench, subjects, wrk(bench.file("routes.lua", load.over_routes(200))))
    if not os.path.exists(log) or os.path.getsize(log) == 0:
        measured.broken.append("no access log was written")
    return measured


def many_routes(bench: Bench) -> Measured:
    backend = bench.backend()
    few, many = (bench.gateway_with_routes(backend, count) for count in (10, 10_000))
    counts = {few.port: 10, many.port: 10_000}
    runs = {port: wrk(bench.file(f"{count}.lua", load.over_routes(count))) for port, count in counts.items()}
    ratios, broken = [], []
    for _ in range(bench.rounds):
        costs = [of(bench, server, runs[server.port], broken) for server in (few, many)]
        ratios.append(costs[1] / costs[0])
    return Measured(median(ratios), spread(ratios), broken)


def two_threads(bench: Bench) -> Measured:
    backend = bench.backend()
    servers = [bench.gateway_with_routes(backend, 10, threads) for threads in (1, 2)]
    run = wrk(bench.file("routes.lua", load.over_routes(10)), threads=2)
    ratios, broken = [], []
    for _ in range(bench.rounds):
        one, two = (of(bench, server, run, broken) for server in servers)
        ratios.append(one / two)  # Requests per CPU-second are the inverse of CPU a request.
    return Measured(median(ratios), spread(ratios), broken)


Run = Callable[[Server, int], Load]


def wrk(script: str | None = None, threads: int = 1) -> Run:
    """A load of wrk."""
    return lambda server, seconds: Wrk(server, seconds, script, threads).result()


def against_first(bench: Bench, subjects: list[Server], run: Run = wrk()) -> Measured:
    """The second subject's cost as a ratio to the first's; what the others cost goes into the note."""
    ratios: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    broken: list[str] = []
    for _ in range(bench.rounds):
        costs = [of(bench, subject, run, broken) for subject in subjects]
        for subject, cost in zip(subjects, costs):
            ratios[subject.name].append(cost / costs[0])
    own = ratios[subjects[1].name]
    others = {subject.name: median(ratios[subject.name]) for subject in subjects[2:]}
    note = ", ".join([spread(own)] + [f"{name} {ratio:.2f}" for name, ratio in others.items()])
    return Measured(median(own), note, broken, others)


def of(bench: Bench, server: Server, run: Run, broken: list[str]) -> float:
    """CPU microseconds a request."""
    result = load.measured(server, bench.seconds, lambda seconds: run(server, seconds))
    print("  " + result.line(server.name), flush=True)
    if result.failed:
        broken.append(f"{result.failed} failed requests ({server.name})")
    return max(result.cpu_microseconds, 0.001)


def spread(ratios: list[float]) -> str:
    """The smallest and the largest, for the note."""
    return f"{min(ratios):.2f} to {max(ratios):.2f}, rounds: {len(ratios)}"
