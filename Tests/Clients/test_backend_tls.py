"""TLS to backends: whom the gateway believes, who it says it is, and what a client is told when it fails."""

import socket
import ssl
import subprocess
import urllib.request

import pytest
from backend_certificates import Authority
from harness import ONE_THREAD, binary, free_port, request, response, wait_until

GET = request(path="/x")


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def configuration(backend, settings, host="127.0.0.1", more=""):
    return f"""
apis: {{ shop: {{ routes: {{ $default: b }} }} }}
backends: {{ b: {{ targets: ["https://{host}:{backend.port}"], tls: {{ {settings} }}{more} }} }}
"""


def metrics(admin):
    return urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics").read().decode()


def test_a_server_of_the_given_authority_is_believed(start, make_backend, authority):
    backend = make_backend(tls=authority.issue("127.0.0.1").server())
    gateway = start(configuration(backend, f"ca: {authority.file}"))
    for _ in range(3):
        answer = gateway.exchange(GET)
        assert (answer.status, answer.body) == (200, b"hello")
    assert backend.requests[0].get("Host") == f"127.0.0.1:{backend.port}"
    assert len(backend.peers) <= 2, "connections are used again"


def test_bodies_pass_both_ways(start, make_backend, authority):
    backend = make_backend(
        lambda message: response(body=message.body), tls=authority.issue("127.0.0.1").server(), records=False
    )
    gateway = start(configuration(backend, f"ca: {authority.file}"))
    body = bytes(range(256)) * 20_000
    answer = gateway.exchange(request("POST", "/x", body=body))
    assert answer.body == body


def test_the_name_of_the_url_is_asked_for_and_verified(start, make_backend, authority):
    names = []
    context = authority.issue("localhost").server()
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    backend = make_backend(tls=context)
    gateway = start(configuration(backend, f"ca: {authority.file}", host="localhost"))
    assert gateway.exchange(GET).status == 200
    assert names == ["localhost"]


def test_another_name_can_be_asked_for(start, make_backend, authority):
    backend = make_backend(tls=authority.issue("shop.internal").server())
    gateway = start(configuration(backend, f"ca: {authority.file}, server_name: shop.internal"))
    assert gateway.exchange(GET).status == 200
    assert backend.requests[0].get("Host") == f"127.0.0.1:{backend.port}"


@pytest.mark.parametrize(
    "names, ended, settings, reason",
    [
        (["192.0.2.1"], False, "ca: {ca}", "another name"),
        (["shop.internal"], False, "ca: {ca}, server_name: shop.external", "another name"),
        (["127.0.0.1"], True, "ca: {ca}", "ended"),
        (["127.0.0.1"], False, "ca: {other}", "no trusted authority"),
        (["127.0.0.1"], False, "policy: intermediate", "no trusted authority"),
    ],
    ids=["address", "name", "ended", "unknown authority", "the system's authorities"],
)
def test_who_cannot_prove_who_it_is_gets_no_request(start, make_backend, authority, names, ended, settings, reason):
    other = Authority(authority.folder, "other")
    backend = make_backend(tls=authority.issue(*names, ended=ended).server())
    gateway = start(configuration(backend, settings.format(ca=authority.file, other=other.file)))
    answer = gateway.exchange(GET)
    assert (answer.status, answer.json()["cause"]) == (502, "backend.tls-failed")
    assert backend.requests == []
    line = gateway.line_of(answer)
    assert line["cause"] == "backend.tls-failed"
    wait_until(lambda: "backend fails" in gateway.stderr(), "the reason in the log")
    assert reason in gateway.stderr()


def test_without_verification_anybody_is_believed_and_everybody_is_told(start, make_backend, authority):
    backend = make_backend(tls=authority.issue("192.0.2.1", ended=True).server())
    admin = free_port()
    gateway = start(configuration(backend, "verify: false") + f"admin: {{ port: {admin} }}\n")
    assert gateway.exchange(GET).status == 200
    assert "certificates are not verified" in gateway.stderr()
    assert 'daemun_backend_tls_unverified{backend="b"} 1' in metrics(admin)


def test_the_gateway_shows_its_own_certificate(start, make_backend, authority):
    own = authority.issue("gateway.internal")
    backend = make_backend(tls=authority.issue("127.0.0.1").server(clients=authority))
    text = f"ca: {authority.file}, certificate: {own.file}, key: {own.key_file}"
    assert start(configuration(backend, text)).exchange(GET).status == 200
    answer = start(configuration(backend, f"ca: {authority.file}")).exchange(GET)
    # With TLS 1.3 a server refuses after the handshake has ended for the client.
    assert (answer.status, answer.json()["cause"]) in [(502, "backend.tls-failed"), (502, "backend.reset")]


def test_old_versions_are_not_spoken(start, make_backend, authority):
    context = authority.issue("127.0.0.1").server()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    backend = make_backend(tls=context)
    assert start(configuration(backend, f"ca: {authority.file}")).exchange(GET).status == 200
    answer = start(configuration(backend, f"ca: {authority.file}, policy: modern")).exchange(GET)
    assert answer.json()["cause"] == "backend.tls-failed"


def test_a_server_without_tls_is_a_failure(start, make_backend):
    backend = make_backend(serve=lambda peer: peer.send(response(400)))
    gateway = start(configuration(backend, "verify: false"))
    assert gateway.exchange(GET).json()["cause"] == "backend.tls-failed"


def test_a_handshake_that_never_ends_is_given_up(start, make_backend):
    backend = make_backend(serve=lambda peer: peer.read_to_end())
    gateway = start(
        f"""
apis: {{ shop: {{ routes: {{ $default: {{ to: b, timeout: {{ connect: 300ms }} }} }} }} }}
backends:
  b: {{ targets: ["https://127.0.0.1:{backend.port}"], tls: {{ verify: false }}, retry: {{ attempts: 1 }} }}
"""
    )
    answer = gateway.exchange(GET)
    assert (answer.status, answer.json()["cause"]) == (504, "backend.connect-timeout")
    wait_until(lambda: all(peer.has_ended.is_set() for peer in backend.peers), "the connection's end")


def test_a_failed_handshake_is_tried_again_elsewhere(start, make_backend, authority):
    good = make_backend(tls=authority.issue("127.0.0.1").server())
    bad = make_backend(tls=authority.issue("192.0.2.1").server())
    gateway = start(
        f"""
apis: {{ shop: {{ routes: {{ $default: b }} }} }}
backends:
  b:
    targets: ["https://127.0.0.1:{good.port}", "https://127.0.0.1:{bad.port}"]
    balance: round-robin
    tls: {{ ca: {authority.file} }}
"""
    )
    for _ in range(4):
        assert gateway.exchange(request("POST", "/x", body=b"once")).status == 200
    assert bad.requests == []


def test_a_body_that_ends_with_the_connection_must_be_signed_off(start, make_backend, authority):
    def serve(peer):
        if peer.read_request().target == "/cut-off":
            peer.send(b"HTTP/1.1 200 OK\r\n\r\nhalf of i")
            # Without the closing alert, anybody on the way could have cut it off.
            peer.socket.bare.shutdown(socket.SHUT_RDWR)
        else:
            peer.send(b"HTTP/1.1 200 OK\r\n\r\nall of it")
            peer.socket.bare.unwrap()

    backend = make_backend(serve=serve, tls=authority.issue("127.0.0.1").server())
    gateway = start(configuration(backend, f"ca: {authority.file}"))
    assert gateway.exchange(GET).body == b"all of it"
    with gateway.connect() as client:
        client.send(request(path="/cut-off"))
        answer = client.read_response_head()
        with pytest.raises((EOFError, ConnectionResetError)):
            client.read_chunked(answer)
    assert gateway.log_lines(2)[1]["cause"] == "backend.closed-mid-response"


def test_health_checks_speak_tls(start, make_backend, authority):
    backend = make_backend(tls=authority.issue("127.0.0.1").server())
    gateway = start(configuration(backend, f"ca: {authority.file}", more=", health: { path: /well, every: 50ms }"))
    wait_until(lambda: [r for r in backend.requests if r.target == "/well"], "a check")
    assert gateway.exchange(GET).status == 200


def test_health_checks_believe_nobody_else(start, make_backend, authority):
    backend = make_backend(tls=authority.issue("192.0.2.1").server())
    gateway = start(configuration(backend, f"ca: {authority.file}", more=", health: { path: /well, every: 50ms }"))
    wait_until(lambda: gateway.exchange(GET).json()["cause"] == "backend.no-healthy-target", "the check's verdict")
    assert backend.requests == []


def test_a_changed_authority_is_taken_over_by_a_reload(start, make_backend, authority):
    other = Authority(authority.folder, "other")
    backend = make_backend(tls=authority.issue("127.0.0.1").server())
    trusted = authority.folder / "trusted.pem"
    trusted.write_bytes(other.file.read_bytes())
    gateway = start(configuration(backend, f"ca: {trusted}"))
    assert gateway.exchange(GET).json()["cause"] == "backend.tls-failed"
    trusted.write_bytes(authority.file.read_bytes())
    wait_until(lambda: gateway.exchange(GET).status == 200, "the new authority")


@pytest.mark.parametrize(
    "settings, fault",
    [
        ("ca: missing.pem", "the file cannot be read"),
        ("ca: gateway.yaml", "no certificate in PEM"),
        ("certificate: {file}", "certificate and key go together"),
        ("certificate: {file}, key: {other}", "does not belong"),
        ("certificate: {file}, key: {file}", "no private key"),
        ("server_name: 127.0.0.1", "expected a host's name"),
    ],
)
def test_faulty_settings_are_found_at_load(tmp_path, make_backend, authority, settings, fault):
    certificate, other = authority.issue("a"), authority.issue("b")
    settings = settings.format(file=certificate.file, other=other.key_file)
    file = tmp_path / "gateway.yaml"
    file.write_text(configuration(make_backend(), settings))
    result = subprocess.run([binary(), "validate", file], capture_output=True, text=True)
    assert result.returncode == 1
    assert fault in result.stdout, result.stdout
