"""CPU a request: against nginx, with many routes, and over two threads. Medians of each round's ratios."""
import os
from statistics import median

from measure import configuration, load
from measure.bench import Bench, Server, free_port
from measure.figure import Measured


def plain(bench: Bench) -> Measured:
    backend = bench.backend()
    subjects = [bench.nginx_proxy(backend), bench.gateway_by_flag(backend)] + bench.other_peers(backend, full=False)
    return _against_first(bench, subjects, None)


def full(bench: Bench) -> Measured:
    backend = bench.backend()
    port = free_port()
    log = os.path.join(bench.work, "access.log")
    text = configuration.gateway(port, backend.port, 200, admin=free_port(), log=log)
    gateway = bench.gateway_by_file(bench.file("full.yaml", text), port)
    subjects = [bench.nginx_proxy(backend), gateway] + bench.other_peers(backend, full=True)
    measured = _against_first(bench, subjects, bench.file("routes.lua", load.over_routes(200)))
    if not os.path.exists(log) or os.path.getsize(log) == 0:
        measured.broken.append("no access log was written")
    return measured


def many_routes(bench: Bench) -> Measured:
    backend = bench.backend()
    few, many = (bench.gateway_with_routes(backend, count) for count in (10, 10_000))
    counts = {few.port: 10, many.port: 10_000}
    scripts = {port: bench.file(f"{count}.lua", load.over_routes(count)) for port, count in counts.items()}
    ratios, broken = [], []
    for _ in range(bench.rounds):
        costs = [_cost(bench, server, scripts[server.port], broken) for server in (few, many)]
        ratios.append(costs[1] / costs[0])
    return Measured(median(ratios), _spread(ratios), broken)


def two_threads(bench: Bench) -> Measured:
    backend = bench.backend()
    servers = [bench.gateway_with_routes(backend, 10, threads) for threads in (1, 2)]
    script = bench.file("routes.lua", load.over_routes(10))
    ratios, broken = [], []
    for _ in range(bench.rounds):
        one, two = (_cost(bench, server, script, broken, load_threads=2) for server in servers)
        ratios.append(one / two)  # Requests per CPU-second are the inverse of CPU a request.
    return Measured(median(ratios), _spread(ratios), broken)


def _against_first(bench: Bench, subjects: list[Server], script: str | None) -> Measured:
    """The second subject's cost as a ratio to the first's; what the others cost goes into the note."""
    ratios: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    broken: list[str] = []
    for _ in range(bench.rounds):
        costs = [_cost(bench, subject, script, broken) for subject in subjects]
        for subject, cost in zip(subjects, costs):
            ratios[subject.name].append(cost / costs[0])
    own = ratios[subjects[1].name]
    others = [f"{subject.name} {median(ratios[subject.name]):.2f}" for subject in subjects[2:]]
    return Measured(median(own), ", ".join([_spread(own)] + others), broken)


def _cost(bench: Bench, server: Server, script: str | None, broken: list[str], load_threads: int = 1) -> float:
    result = load.measured(server.port, server.pid, bench.seconds, script, load_threads)
    print("  " + result.line(server.name), flush=True)
    if result.failed:
        broken.append(f"{result.failed} failed requests ({server.name})")
    return max(result.cpu_microseconds, 0.001)


def _spread(ratios: list[float]) -> str:
    return f"{min(ratios):.2f} to {max(ratios):.2f}, rounds: {len(ratios)}"
