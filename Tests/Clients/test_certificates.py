"""Certificates as authorizers: whose they are, over real TLS."""

import hashlib

import pytest
from certificates import CLIENT, Authority
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from test_tls import Shop

CUSTOMERS = """
authorizers: { mtls: { certificate: {} }, keys: { api_key: {} } }
customers:
  acme:
    certificates:
      - { subject: "CN=acme,O=Test" }
      - { dns: Acme.Test }
      - { uri: "spiffe://acme/orders" }
      - { email: orders@acme.test }
    labels: { tier: gold }
  branch:
    api_keys: { secret: "env:BRANCH_KEY" }
    certificates: [{ dns: branch.test, issuer: "CN=Test Clients,O=Test" }, { sha256: "%s" }]
  gone: { state: suspended, certificates: { subject: "CN=gone,O=Test" } }
  away: { addresses: 192.0.2.0/24, certificates: { subject: "CN=away,O=Test" } }
"""

ROUTES = """
apis:
  all:
    authorize: mtls
    claims_to_headers: { X-Customer: $customer }
    routes:
      GET /: %s
      GET /open: { reply: { text: open }, authorize: none }
      GET /any: { reply: { text: any }, authorize: { any_of: [mtls, keys] } }
      GET /both: { reply: { text: both }, authorize: { all_of: [mtls, keys] } }
"""


class Club(Shop):
    """A gateway that asks for clients' certificates, of two authorities, and takes clients without one, too."""

    def __init__(self, start, folder, backend):
        super().__init__(start, folder, tls="client: { ca: clients.pem, verify: optional }")
        self.clients, self.others = Authority(folder, "Test Clients"), Authority(folder, "Other Clients")
        (folder / "clients.pem").write_bytes(self.clients.pem + self.others.pem)
        pinned = self.member("pinned")
        self.more = CUSTOMERS % hashlib.sha256(pinned.public_bytes(Encoding.DER)).hexdigest()
        self.routes = ROUTES % backend.url

    def member(self, name, names=(), authority=None):
        return (authority or self.clients).issue(f"{name}.pem", f"{name}.key", names=names, common_name=name, usage=CLIENT)

    def visit(self, name=None, *fields, path="/"):
        context = self.context()
        if name:
            context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        with self.connect(context=context) as secure:
            return self.get(secure, *fields, path=path)


@pytest.fixture
def club(start, backend, tmp_path):
    return Club(start, tmp_path, backend).run(environment={"BRANCH_KEY": "branch-branch-branch"})


def cause(answer):
    return answer.status, answer.json()["cause"]


@pytest.mark.parametrize(
    ("name", "names", "customer"),
    [
        ("acme", [], "acme"),
        ("a", ["other.test", "acme.test"], "acme"),
        ("b", [x509.UniformResourceIdentifier("spiffe://acme/orders")], "acme"),
        ("c", [x509.RFC822Name("orders@acme.test")], "acme"),
        ("d", ["BRANCH.test"], "branch"),
        ("pinned", None, "branch"),
    ],
)
def test_a_customers_certificate_is_taken(club, backend, name, names, customer):
    if names is not None:
        club.member(name, names)
    for _ in range(2):
        answer = club.visit(name)
        assert answer.status == 200
        assert backend.requests[-1].get("X-Customer") == customer
        line = club.gateway.line_of(answer)
        assert (line["customer"], line["authorizer"]) == (customer, "mtls")


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("nobody", []),
        ("x,CN=acme", []),
        ("acme ", []),
        ("e", ["acme.test.evil.test", "xacme.test"]),
        ("f", [x509.UniformResourceIdentifier("spiffe://acme/orders/x")]),
        ("g", [x509.DNSName("spiffe://acme/orders")]),
    ],
)
def test_others_are_not(club, backend, name, names):
    club.member(name, names)
    answer = club.visit(name)
    assert cause(answer) == (403, "authorizer.unknown-certificate")
    assert club.gateway.line_of(answer)["cause"] == "authorizer.unknown-certificate"
    assert backend.requests == []


def test_another_authority_does_not_speak_for_a_customer_of_one(club):
    club.member("h", ["branch.test"], authority=club.others)
    assert cause(club.visit("h")) == (403, "authorizer.unknown-certificate")
    # Where none is named, any of the listener's will do.
    club.member("acme", [], authority=club.others)
    assert club.visit("acme").status == 200


def test_a_client_without_one_may_come_in_another_way(club):
    assert cause(club.visit()) == (403, "authorizer.missing-certificate")
    assert club.visit(path="/open").body == b"open"
    key = "x-api-key: branch-branch-branch"
    assert club.visit(None, key, path="/any").body == b"any"
    assert cause(club.visit(None, key, path="/both")) == (403, "authorizer.missing-certificate")
    club.member("acme")
    assert club.visit("acme", path="/any").body == b"any"
    assert club.visit("pinned", key, path="/both").body == b"both"
    assert cause(club.visit("acme", key, path="/both")) == (403, "authorizer.customers-differ")


def test_a_certificate_of_two_customers_is_refused(club):
    club.member("acme", ["branch.test"])
    assert cause(club.visit("acme")) == (403, "authorizer.customers-differ")


def test_state_and_addresses_count_here_too(club):
    for name, expected in (("gone", "suspended-customer"), ("away", "address-not-allowed")):
        club.member(name)
        assert cause(club.visit(name)) == (403, f"authorizer.{expected}")


def test_a_header_proves_nothing(club, backend):
    club.member("nobody")
    assert cause(club.visit("nobody", "X-Client-Cert-Subject: CN=acme,O=Test"))[1] == "authorizer.unknown-certificate"
    club.member("acme")
    assert club.visit("acme", "X-Customer: branch").status == 200
    assert backend.requests[-1].get("X-Customer") == "acme"
