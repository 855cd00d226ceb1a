"""What a limit costs that several gateways share through Redis, beside one that the gateway keeps by itself."""
import re
import socket
from statistics import median

from measure import cost, credentials
from measure.bench import Bench, free_port
from measure.figure import Measured
from measure.server import Server

MOST_QUESTIONS_ON_100 = 1
# Twice as long as a lease lasts.
STEADY_SECONDS = 20


def one_caller(bench: Bench) -> Measured:
    """The whole job for one busy caller, with the throttle shared and not."""
    return _measured(bench, 1)


def many_callers(bench: Bench) -> Measured:
    """The same for 1,000 callers who take turns: each has a bucket of its own, and so leases of its own."""
    return _measured(bench, credentials.CALLERS)


def _measured(bench: Bench, callers: int) -> Measured:
    backend = bench.backend()
    redis = _redis(bench)
    local, requests = credentials.with_tokens(bench, backend, callers=callers)
    sharing = f'redis: "redis://127.0.0.1:{redis.port}"'
    shared, _ = credentials.with_tokens(bench, backend, name="shared", callers=callers, sharing=sharing)
    run = cost.wrk(requests)
    ratios: list[float] = []
    broken: list[str] = []
    for _ in range(bench.rounds):
        alone = cost.of(bench, local, run, broken)
        ratios.append(cost.of(bench, shared, run, broken) / alone)
    share = _questions_on_100(shared, redis, run)
    if share > MOST_QUESTIONS_ON_100:
        broken.append(f"more than {MOST_QUESTIONS_ON_100} question to Redis on 100 requests")
    return Measured(median(ratios), f"{cost.spread(ratios)}, {share:.2f} questions to Redis on 100 requests", broken)


def _questions_on_100(shared: Server, redis: Server, run: cost.Run) -> float:
    """What is asked at steady load: each caller's first question is before it."""
    run(shared, 6)
    before = _scripts_run(redis)
    requests = run(shared, STEADY_SECONDS).requests
    return 100 * (_scripts_run(redis) - before) / max(requests, 1)


def _redis(bench: Bench) -> Server:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", bench.work]
    return bench.start("redis", command, port)


def _scripts_run(redis: Server) -> int:
    """How many scripts the server has run since its start."""
    with socket.create_connection(("127.0.0.1", redis.port), 5) as client:
        client.sendall(b"INFO commandstats\r\n")
        said = b""
        while not said.endswith(b"\r\n") or said.count(b"\r\n") < 2:
            said += client.recv(65_536)
    return sum(int(count) for count in re.findall(rb"cmdstat_(?:evalsha|eval):calls=(\d+)", said))
