"""A server under measurement, and the way that its clients speak to it."""
import os
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Protocol:
    """What a listener speaks: HTTP/1.1 or HTTP/2 only, in TLS or not."""

    tls: bool = False
    http2: bool = False


HTTP1 = Protocol()
HTTPS = Protocol(tls=True)
H2C = Protocol(http2=True)
H2 = Protocol(tls=True, http2=True)


@dataclass
class Server:
    """A process that listens on a port. `client_settings` are added to the environment of those who put load on it."""

    name: str
    port: int
    pid: int
    protocol: Protocol = HTTP1
    client_settings: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{'https' if self.protocol.tls else 'http'}://127.0.0.1:{self.port}/"

    @property
    def client_environment(self) -> dict[str, str]:
        return {**os.environ, **self.client_settings}
