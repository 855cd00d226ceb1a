"""Certificates as files: reloaded when they change, watched for their end, refused when they are faulty."""

import re
import signal
import threading

import pytest

from certificates import Authority
from harness import wait_until
from test_tls import Shop


def serial(shop, name="shop.test"):
    with shop.connect(name) as secure:
        return secure.getpeercert()["serialNumber"]


@pytest.mark.parametrize("hang_up", [True, False], ids=["SIGHUP", "file watch"])
def test_a_changed_certificate_is_served_and_open_connections_go_on(start, tmp_path, hang_up):
    shop = Shop(start, tmp_path).run()
    former = serial(shop)
    with shop.connect() as secure:
        shop.get(secure)
        shop.authority.issue("shop.pem", "shop.key", ["shop.test"])
        if hang_up:
            shop.gateway.signal(signal.SIGHUP)
        wait_until(lambda: serial(shop) != former, "the new certificate")
        assert shop.get(secure).body == b"hello"


def test_certificates_change_under_load_without_a_failure(start, tmp_path):
    shop = Shop(start, tmp_path).run()
    stop, failures, serials, count = threading.Event(), [], set(), [0]

    def new_connections():
        while not stop.is_set():
            try:
                with shop.connect() as secure:
                    serials.add(secure.getpeercert()["serialNumber"])
                    assert shop.get(secure).body == b"hello"
                    count[0] += 1
            except Exception as error:
                failures.append(error)

    def one_connection():
        try:
            with shop.connect() as secure:
                while not stop.is_set():
                    assert shop.get(secure).body == b"hello"
                    count[0] += 1
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=target) for target in (new_connections, new_connections, one_connection)]
    for thread in threads:
        thread.start()
    try:
        for number in range(5):
            before = len(serials)
            shop.authority.issue("shop.pem", "shop.key", ["shop.test"])
            shop.gateway.signal(signal.SIGHUP)
            wait_until(lambda: len(serials) > before or failures, "the new certificate")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert len(serials) >= 5 and count[0] > 20


def test_a_faulty_pair_changes_nothing_and_is_told(start, tmp_path):
    shop = Shop(start, tmp_path).run()
    former = serial(shop)
    certificate = (tmp_path / "shop.pem").read_bytes()
    shop.authority.issue("other.pem", "shop.key", ["shop.test"])
    wait_until(lambda: "the key does not belong to" in shop.gateway.stderr(), "the fault in the log")
    assert serial(shop) == former
    # The other half of the pair comes later.
    (tmp_path / "shop.pem").write_bytes((tmp_path / "other.pem").read_bytes())
    wait_until(lambda: serial(shop) != former, "the new certificate")
    assert certificate != (tmp_path / "shop.pem").read_bytes()


@pytest.mark.parametrize(
    "certificate, key, fault",
    [
        (None, b"", "the file cannot be read"),
        (b"nonsense", None, "no certificate in PEM"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", None, "a certificate of the file can't be read"),
        (None, b"nonsense", "no private key in PEM"),
        (None, b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "is encrypted"),
    ],
)
def test_faults_name_the_place(start, tmp_path, certificate, key, fault):
    shop = Shop(start, tmp_path)
    if certificate is not None:
        (tmp_path / "shop.pem").write_bytes(certificate)
    if key is not None:
        (tmp_path / "shop.key").write_bytes(key)
    if (certificate, key) == (None, b""):
        (tmp_path / "shop.pem").unlink()
    with pytest.raises(AssertionError) as raised:
        shop.run()
    assert re.search(rf"gateway\.yaml:1:\d+: .*{fault}", str(raised.value))


def test_the_end_of_a_certificate_is_in_metrics_and_log(start, tmp_path):
    shop = Shop(start, tmp_path, certificates=["soon", "past", "fine"])
    issued = {
        "soon": shop.authority.issue("soon.pem", "soon.key", ["soon.test"], days=2.5),
        "past": shop.authority.issue("past.pem", "past.key", ["past.test"], begins=-9, days=-2),
        "fine": shop.authority.issue("fine.pem", "fine.key", ["fine.test"], days=60),
    }
    shop.run()
    metrics = shop.metrics("daemun_tls_cert_not_after_seconds")
    for name, certificate in issued.items():
        [value] = [value for key, value in metrics.items() if f'name="{name}.test"' in key]
        assert value == certificate.not_valid_after_utc.timestamp()
    wait_until(lambda: "a certificate ends soon" in shop.gateway.stderr(), "the warning")
    lines = shop.gateway.stderr().splitlines()
    assert [line for line in lines if "a certificate ends soon" in line and "soon.test" in line and "days=2" in line]
    assert [line for line in lines if "a certificate has ended" in line and "past.test" in line]
    assert not [line for line in lines if "fine.test" in line]


def test_a_key_that_everybody_can_read_is_told(start, tmp_path):
    shop = Shop(start, tmp_path)
    (tmp_path / "shop.key").chmod(0o644)
    shop.run()
    wait_until(lambda: "every user of this machine can read a private key" in shop.gateway.stderr(), "the warning")


def test_a_chain_with_its_intermediate_is_served(start, tmp_path):
    shop = Shop(start, tmp_path)
    branch = Authority(tmp_path, "Branch", issuer=shop.authority)
    branch.issue("shop.pem", "shop.key", ["shop.test"])
    shop.run()
    with shop.connect() as secure:
        assert shop.get(secure).body == b"hello"
