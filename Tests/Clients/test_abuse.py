"""All attacks side by side, beside clients that mean well; `Benchmarks/run --only abuse` does so for ten minutes."""

import json
import pathlib
import subprocess
import sys
import time

import pytest

from harness import reserve_port
from load import Load

SECONDS = 12
ATTACKS = pathlib.Path(__file__).with_name("attacks.py")
LIMITS = "limits: { head_timeout: 2s, body_idle: 2s, keep_alive: 3s }"


@pytest.fixture
def gateway(start, start_nginx, tmp_path):
    # A proxy takes a body whole before it asks: here itself.
    upload = "location = /upload { proxy_pass http://127.0.0.1:$server_port/; client_max_body_size 0; }"
    nginx = start_nginx(f"location / {{ return 200 nginx; }}\nlocation = /large {{ }}\n{upload}")
    (nginx.root / "large").write_bytes(bytes(4 << 20))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-subj", "/CN=localhost", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "certificate.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    pair = f"{{ certificate: {tmp_path}/certificate.pem, key: {tmp_path}/key.pem }}"
    reservations = [reserve_port(), reserve_port()]
    port, secure_port = (reservation.getsockname()[1] for reservation in reservations)
    gateway = start(
        f"listen: [ {{ port: {port}, http2: true }}, {{ port: {secure_port}, tls: {{ certificates: [ {pair} ] }} }} ]\n"
        f"apis: {{ all: {{ routes: {{ $default: {nginx.url} }} }} }}\n{LIMITS}",
        port=port,
    )
    gateway.secure_port = secure_port
    yield gateway
    for reservation in reservations:
        reservation.close()


def test_who_means_well_notices_nothing(gateway):
    with Load(gateway, clients=4, pause=0.02) as load:
        time.sleep(1)
    assert load.failures == []
    before = gateway.memory()
    with Load(gateway, clients=4, pause=0.02) as load, Load(gateway, clients=2, pause=0.02, keep_alive=False) as other:
        met = attack(gateway)
    assert load.failures + other.failures == []
    assert load.count > 100 and other.count > 50
    # The bound is loose for a busy machine; how little is noticed on a quiet one is measured by the benchmark.
    assert max(load.longest, other.longest) < 5
    assert unmet(met) == {}
    time.sleep(4)
    assert gateway.memory() < before + (48 << 20)


def attack(gateway):
    """How each attack was met. The attackers leave the processor to all others: it is not what they are to exhaust."""
    ports = ["--http", str(gateway.port), "--https", str(gateway.secure_port)]
    command = ["nice", "-n", "19", sys.executable, str(ATTACKS), *ports, "--seconds", str(SECONDS)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def unmet(met):
    """Attacks that did not end as they should: one of the ends that each may have.

    Who hardly reads does not see that its connection was reset before it has read all that was under way.
    """
    closed = {"closed", "reset", "stalled"}
    expected = {
        "slowloris": {"408"} | closed, "slow-post": {"408"} | closed, "half-open": closed,
        "huge-heads": {"431"}, "header-bombs": {"431"}, "abandoned-handshakes": closed,
        "rapid-reset": {"GOAWAY ENHANCE_YOUR_CALM"}, "made-you-reset": {"GOAWAY ENHANCE_YOUR_CALM"},
        "continuation-flood": {"GOAWAY ENHANCE_YOUR_CALM", "GOAWAY PROTOCOL_ERROR"},
        "empty-continuations": {"GOAWAY ENHANCE_YOUR_CALM", "GOAWAY PROTOCOL_ERROR"},
        "empty-data": {"GOAWAY ENHANCE_YOUR_CALM", "GOAWAY PROTOCOL_ERROR"},
        "ping-flood": {"GOAWAY ENHANCE_YOUR_CALM"} | closed, "settings-flood": {"GOAWAY ENHANCE_YOUR_CALM"} | closed,
    }  # fmt: skip
    return {name: met[name] for name, ends in expected.items() if not ends & set(met[name])}
