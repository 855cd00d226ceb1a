"""Customers that are managed while the gateway runs, who call with certificates over real TLS."""

import hashlib

import pytest
from certificates import Authority
from cryptography.hazmat.primitives.serialization import Encoding
from test_certificates import ROUTES, Club, cause
from test_live_customers import TOKEN, Operator, daemun
from test_tls import Shop

UNKNOWN = (403, "authorizer.unknown-certificate")


class LiveClub(Club):
    """A gateway that asks for clients' certificates, and whose customers stand in its store."""

    def __init__(self, start, folder, backend):
        Shop.__init__(self, start, folder, tls="client: { ca: clients.pem, verify: optional }")
        self.clients = Authority(folder, "Test Clients")
        (folder / "clients.pem").write_bytes(self.clients.pem)
        self.more = f"data: {folder}/data\nauthorizers: {{ mtls: {{ certificate: {{}} }}, keys: {{ api_key: {{}} }} }}"
        self.routes = ROUTES % backend.url
        self.operator = Operator(self.admin_port)

    def text(self):
        return super().text().replace(f"admin: {self.admin_port}", f'admin: {{ port: {self.admin_port}, token: "env:TOKEN" }}')

    def put(self, customer, settings):
        status, answer = self.operator.send("PUT", f"/customers/{customer}", settings)
        assert status in (200, 201), answer

    def visit_again(self, name):
        """Connections of one client, more than there are workers: each has to know."""
        return {cause(answer) if answer.status != 200 else 200 for answer in [self.visit(name) for _ in range(6)]}


@pytest.fixture
def club(start, backend, tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", TOKEN)
    return LiveClub(start, tmp_path, backend).run(arguments=["--threads", "2"])


def test_a_certificate_is_known_from_the_put_to_the_removal(club, backend):
    club.member("laptop", ["acme.test"])
    assert club.visit_again("laptop") == {UNKNOWN}
    assert daemun(club.operator.port, "customers", "put", "acme", "--certificate", "dns=acme.test")[0] == 0
    assert club.visit_again("laptop") == {200}
    assert backend.requests[-1].get("X-Customer") == "acme"
    club.put("acme", {"certificates": {"dns": "acme.test"}, "state": "suspended"})
    assert club.visit_again("laptop") == {(403, "authorizer.suspended-customer")}
    club.put("acme", {"certificates": {"dns": "other.test"}})
    assert club.visit_again("laptop") == {UNKNOWN}
    club.put("acme", {"certificates": {"dns": "acme.test"}})
    assert club.visit_again("laptop") == {200}
    assert club.operator.send("DELETE", "/customers/acme")[0] == 204
    assert club.visit_again("laptop") == {UNKNOWN}


def test_a_connection_that_is_open_sees_each_change(club):
    club.member("laptop", ["acme.test"])
    context = club.context()
    context.load_cert_chain(club.folder / "laptop.pem", club.folder / "laptop.key")
    with club.connect(context=context) as secure:
        assert cause(club.get(secure)) == UNKNOWN
        club.put("acme", {"certificates": {"dns": "acme.test"}})
        assert club.get(secure).status == 200
        club.operator.send("DELETE", "/customers/acme")
        assert cause(club.get(secure)) == UNKNOWN
        club.put("bolt", {"certificates": {"dns": "acme.test"}, "addresses": ["192.0.2.0/24"]})
        assert club.get(secure).status == 403


@pytest.mark.parametrize("form", ["subject", "sha256", "dns with the right issuer", "dns with another issuer"])
def test_every_way_to_name_a_certificate(club, form):
    certificate = club.member("laptop", ["acme.test"])
    rule = {
        "subject": {"subject": "CN=laptop,O=Test"},
        "sha256": {"sha256": hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()},
        "dns with the right issuer": {"dns": "acme.test", "issuer": "CN=Test Clients,O=Test"},
        "dns with another issuer": {"dns": "acme.test", "issuer": "CN=Other Clients,O=Test"},
    }[form]
    club.put("acme", {"certificates": [rule]})
    assert club.visit_again("laptop") == ({UNKNOWN} if "another" in form else {200})


def test_a_certificate_and_a_key_have_to_be_the_same_customers(club):
    club.member("laptop", ["acme.test"])
    own = club.operator.make("acme", {"certificates": {"dns": "acme.test"}})
    other = club.operator.make("bolt")
    assert club.visit("laptop", f"x-api-key: {own}", path="/both").status == 200
    assert cause(club.visit("laptop", f"x-api-key: {other}", path="/both")) == (403, "authorizer.customers-differ")
    assert cause(club.visit(None, f"x-api-key: {own}", path="/both")) == (403, "authorizer.missing-certificate")
