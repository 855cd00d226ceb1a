"""The certificate that all servers present, and the TLS that all clients ask for."""
import os
import re
import subprocess

from measure.server import Server

# Read by every client that stands on OpenSSL (wrk, h2load, s_time, Python), so that all servers are asked for the same.
CLIENT_SETTINGS = """
openssl_conf = openssl_init
[openssl_init]
ssl_conf = ssl_sect
[ssl_sect]
system_default = tls
[tls]
MinProtocol = TLSv1.3
MaxProtocol = TLSv1.3
Ciphersuites = TLS_AES_128_GCM_SHA256
Groups = X25519
"""


def make(work: str) -> None:
    """Writes a self-signed ECDSA P-256 certificate and its key, and the clients' settings into the folder."""
    with open(os.path.join(work, "clients.cnf"), "w") as file:
        file.write(CLIENT_SETTINGS)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", key(work), "-out", chain(work)],
        check=True, capture_output=True,
    )
    with open(joined(work), "w") as file:
        for path in (chain(work), key(work)):
            with open(path) as part:
                file.write(part.read())


def chain(work: str) -> str:
    return os.path.join(work, "certificate.pem")


def key(work: str) -> str:
    return os.path.join(work, "key.pem")


def joined(work: str) -> str:
    """Both in one file, as HAProxy wants them."""
    return os.path.join(work, "joined.pem")


def client_settings(work: str) -> dict[str, str]:
    return {"OPENSSL_CONF": os.path.join(work, "clients.cnf")}


def negotiated(server: Server) -> str:
    """Version, cipher, group and signature that a client gets from the server."""
    said = subprocess.run(
        ["openssl", "s_client", "-brief", "-connect", f"127.0.0.1:{server.port}"],
        input="", capture_output=True, text=True, env=server.client_environment, timeout=10,
    ).stderr
    fields = ["Protocol version", "Ciphersuite", "Server Temp Key", "Signature type"]
    values = [re.search(rf"^{name}: (.+?)(,.*)?$", said, re.MULTILINE) for name in fields]
    if not all(values):
        raise RuntimeError(f"no TLS handshake with {server.name}: {said.strip()[-300:]}")
    return " ".join(value.group(1) for value in values if value)
