"""What a gateway's admin listener counts."""

import re
import urllib.error
import urllib.request

from harness import free_port, wait_until

SAMPLE = re.compile(r'^(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$')


class Metrics:
    """The metrics of a gateway that has `metrics.line` in its file."""

    def __init__(self):
        self.port = free_port()
        self.line = f"admin: {self.port}"

    def total(self, name, **labels):
        """The sum of all samples with this name and these labels; 0 when there is none."""
        lines = wait_until(self._text, "the admin listener to answer").splitlines()
        total = 0
        for sample in filter(None, map(SAMPLE.match, lines)):
            found = dict(re.findall(r'(\w+)="([^"]*)"', sample["labels"] or ""))
            if sample["name"] == name and labels.items() <= found.items():
                total += float(sample["value"])
        return total

    def _text(self):
        """The metrics as they are sent; `None` while nobody listens, as the gateway serves clients first."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
                return answer.read().decode()
        except urllib.error.URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                return None
            raise

    def pool(self):
        """Connections open and at rest, requests in flight and in line, over all targets."""
        names = ("connections_open", "connections_idle", "requests_active", "requests_waiting")
        return tuple(int(self.total(f"daemun_backend_{name}")) for name in names)

    def is_at_rest(self):
        """Whether no request is under way, and no connection is open but those at rest."""
        connections, idle, active, waiting = self.pool()
        return (active, waiting) == (0, 0) and connections == idle
