"""CPU a request over TLS and over HTTP/2, against the peers that do the same."""
from measure import certificate, cost
from measure.bench import Bench
from measure.figure import Measured
from measure.load import H2load, Load
from measure.server import H2, H2C, HTTPS, Protocol, Server

# Of Envoy's cost; that against nginx is the figure itself.
ENVOY_BOUND = 0.6


def tls(bench: Bench) -> Measured:
    subjects = _subjects(bench, HTTPS)
    measured = cost.against_first(bench, subjects)
    return _alike(measured, subjects)


def http2_cleartext(bench: Bench) -> Measured:
    return _beside_envoy(cost.against_first(bench, _subjects(bench, H2C), _h2load))


def http2_tls(bench: Bench) -> Measured:
    subjects = _subjects(bench, H2)
    return _alike(_beside_envoy(cost.against_first(bench, subjects, _h2load)), subjects)


def _h2load(server: Server, seconds: int) -> Load:
    return H2load(server, "-c8", "-m100", f"-D{seconds}").result()


def _subjects(bench: Bench, protocol: Protocol) -> list[Server]:
    backend = bench.backend()
    subjects = [bench.nginx_proxy(backend, protocol), bench.gateway(backend, protocol)]
    if protocol.http2:
        # 800 streams at once overflow the usual pool of 128; this one opens no connection anew.
        subjects.append(bench.nginx_proxy(backend, protocol, kept=1024, name="nginx with 1,024 kept"))
    return subjects + bench.other_peers(backend, False, protocol)


def _alike(measured: Measured, subjects: list[Server]) -> Measured:
    """Ratios between servers mean something only while their TLS is the same."""
    negotiated = {subject.name: certificate.negotiated(subject) for subject in subjects}
    if len(set(negotiated.values())) > 1:
        measured.broken.append(f"not the same TLS: {negotiated}")
    measured.note += f"; {negotiated[subjects[1].name]}"
    return measured


def _beside_envoy(measured: Measured) -> Measured:
    if "envoy" in measured.peers and measured.value is not None:
        ratio = measured.value / measured.peers["envoy"]
        measured.note += f"; of Envoy's {ratio:.2f}"
        if ratio > ENVOY_BOUND:
            measured.broken.append(f"must be ≤ {ENVOY_BOUND} of Envoy's")
    return measured
