"""Clients that prove who they are with certificates (mutual TLS)."""

import json
import ssl

import pytest

from certificates import CLIENT, SERVER, Authority
from harness import wait_until
from test_tls import Shop


class Club(Shop):
    """A gateway that asks for clients' certificates."""

    def __init__(self, start, folder, client="", **options):
        super().__init__(start, folder, tls=f"client: {{ ca: test-clients.pem{', ' + client if client else ''} }}", **options)
        self.clients = Authority(folder, "Test Clients")

    def member(self, name="alice", authority=None, **options):
        """A client's certificate and key."""
        (authority or self.clients).issue(f"{name}.pem", f"{name}.key", common_name=name, **options)
        return name

    def visit(self, name=None, session=None, version=None):
        """What a client with a certificate is answered; the TLS alert when it is turned away."""
        context = self.context()
        if version:
            context.minimum_version = context.maximum_version = version
        if name:
            context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        with self.connect(context=context, session=session) as secure:
            return self.get(secure)

    def is_turned_away(self, name=None, version=ssl.TLSVersion.TLSv1_3):
        try:
            self.visit(name, version=version)
        except (ssl.SSLError, ConnectionError, EOFError):
            return True
        return False


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_with_a_certificate_is_served_and_others_are_not(start, tmp_path, version):
    club = Club(start, tmp_path).run()
    club.member("alice", usage=CLIENT)
    assert club.visit("alice", version=version).body == b"hello"
    assert club.is_turned_away(None, version)
    wait_until(lambda: club.handshakes("peer-did-not-return-a-certificate") == 1, "the refusal in the metrics")


@pytest.mark.parametrize(
    "options, reason",
    [
        ({"days": -1, "begins": -10}, "client-certificate-expired"),
        ({"begins": 5}, "client-certificate-expired"),
        ({"usage": SERVER}, "client-certificate-other-purpose"),
    ],
)
def test_a_certificate_that_does_not_count_is_refused(start, tmp_path, options, reason):
    club = Club(start, tmp_path).run()
    assert club.is_turned_away(club.member("bob", **options))
    wait_until(lambda: club.handshakes(reason) == 1, "the refusal in the metrics")
    assert club.visit(club.member("alice")).body == b"hello"


@pytest.mark.parametrize("verify", ["required", "optional"])
def test_a_stranger_s_certificate_is_refused(start, tmp_path, verify):
    club = Club(start, tmp_path, client=f"verify: {verify}").run()
    stranger = Authority(tmp_path, "Stranger")
    impostor = Authority(tmp_path, "Test Clients Again")
    impostor.name = club.clients.name
    assert club.is_turned_away(club.member("eve", authority=stranger))
    assert club.is_turned_away(club.member("mallory", authority=impostor))
    wait_until(lambda: club.handshakes("client-certificate-untrusted") == 2, "the refusals in the metrics")


def test_optional_lets_clients_without_a_certificate_in(start, tmp_path):
    club = Club(start, tmp_path, client="verify: optional").run()
    assert club.visit().body == b"hello"
    assert club.visit(club.member()).body == b"hello"


@pytest.mark.parametrize("depth, served", [(0, False), (1, True)])
def test_depth_bounds_the_intermediates(start, tmp_path, depth, served):
    club = Club(start, tmp_path, client=f"depth: {depth}").run()
    branch = Authority(tmp_path, "Branch", issuer=club.clients)
    club.member("alice", authority=branch)
    assert club.is_turned_away("alice") != served
    assert not club.is_turned_away(club.member("bob"))
    if not served:
        wait_until(lambda: club.handshakes("client-certificate-too-deep") == 1, "the refusal in the metrics")


@pytest.mark.parametrize("der", [False, True], ids=["PEM", "DER"])
def test_a_revoked_certificate_is_refused(start, tmp_path, der):
    club = Club(start, tmp_path, client="crl: clients.crl")
    alice = club.clients.issue("alice.pem", "alice.key", common_name="alice")
    club.member("bob")
    club.clients.revoke("clients.crl", alice, der=der)
    club.run()
    assert club.is_turned_away("alice")
    assert club.visit("bob").body == b"hello"
    wait_until(lambda: club.handshakes("client-certificate-revoked") == 1, "the refusal in the metrics")


def test_a_list_that_has_changed_is_taken_over_and_no_session_outlives_it(start, tmp_path):
    club = Club(start, tmp_path, client="crl: clients.crl")
    alice = club.clients.issue("alice.pem", "alice.key", common_name="alice")
    club.clients.revoke("clients.crl")
    club.run()
    context = club.context()
    context.load_cert_chain(tmp_path / "alice.pem", tmp_path / "alice.key")
    with club.connect(context=context) as secure:
        club.get(secure)
        session = secure.session
    with club.connect(context=context, session=session) as secure:
        assert club.get(secure).body == b"hello"
        assert secure.session_reused
        session = secure.session
        club.clients.revoke("clients.crl", alice)
        wait_until(lambda: club.is_turned_away("alice"), "the new list")
        # Whoever is in stays in.
        assert club.get(secure).body == b"hello"
    with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
        with club.connect(context=context, session=session) as secure:
            club.get(secure)


def test_a_list_that_has_expired_refuses_everybody(start, tmp_path):
    club = Club(start, tmp_path, client="crl: clients.crl")
    club.clients.revoke("clients.crl", days=-1)
    club.member("alice")
    club.run()
    assert club.is_turned_away("alice")
    wait_until(lambda: club.handshakes("client-crl-expired") == 1, "the refusal in the metrics")


def test_an_authority_without_a_list_refuses_everybody(start, tmp_path):
    club = Club(start, tmp_path, client="crl: clients.crl, depth: 2")
    branch = Authority(tmp_path, "Branch", issuer=club.clients)
    lists = club.clients.revoke("clients.crl")
    club.member("alice", authority=branch)
    club.run()
    assert club.is_turned_away("alice")
    wait_until(lambda: club.handshakes("client-crl-missing") == 1, "the refusal in the metrics")
    own = branch.revoke("branch.crl")
    (tmp_path / "clients.crl").write_bytes(lists + own)
    wait_until(lambda: not club.is_turned_away("alice"), "the list of both authorities")


def test_a_forged_list_is_a_fault(start, tmp_path):
    club = Club(start, tmp_path, client="crl: clients.crl")
    club.clients.revoke("clients.crl", signer=Authority(tmp_path, "Forger"))
    with pytest.raises(AssertionError, match="its signature is not that of"):
        club.run()


def test_log_templates_tell_who_the_client_is(start, tmp_path):
    fields = ["subjectDN", "issuerDN", "serialNumber", "validity.notBefore", "validity.notAfter", "clientCertPem"]
    template = ", ".join(f'"{name}": "$context.identity.clientCert.{name}"' for name in fields)
    log = "log: { access: { path: access.log, format: '{%s}', buffer: 0, flush: 1ms } }" % template
    club = Club(start, tmp_path, client="verify: optional", more=log)
    alice = club.clients.issue("alice.pem", "alice.key", common_name="alice")
    club.run()
    club.visit("alice")
    club.visit()
    wait_until(lambda: club.gateway.log_text().count("\n") == 2, "the log")
    known, unknown = [json.loads(line) for line in club.gateway.log_text().splitlines()]
    digits = f"{alice.serial_number:x}"
    digits = digits.zfill(len(digits) + len(digits) % 2)
    assert known["subjectDN"] == "CN=alice,O=Test"
    assert known["issuerDN"] == "CN=Test Clients,O=Test"
    assert known["serialNumber"].replace(":", "").lstrip("0") == digits.lstrip("0")
    assert known["validity.notAfter"] == alice.not_valid_after_utc.strftime("%b %e %H:%M:%S %Y GMT")
    assert known["validity.notBefore"] == alice.not_valid_before_utc.strftime("%b %e %H:%M:%S %Y GMT")
    assert known["clientCertPem"].strip() == (tmp_path / "alice.pem").read_text().strip()
    assert set(unknown.values()) == {"-"}
