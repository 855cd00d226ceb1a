"""A Redis server of a test's own, which may die and forget."""

import socket
import subprocess

from harness import free_port, wait_until


class Redis:
    """A `redis-server` on a free port, which has written what it answers."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
             "--appendonly", "yes", "--appendfsync", "always"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(self._answers, "redis-server to answer")

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as client:
                client.sendall(b"PING\r\n")
                return client.recv(100).startswith(b"+PONG")
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def forget(self):
        """Takes away what it has written; it must not run."""
        for file in self.folder.glob("appendonly*/*"):
            file.unlink()
