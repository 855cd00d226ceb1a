"""Clients that keep a gateway busy and remember everything that went wrong."""

import http.client
import subprocess
import re
import threading
import time


class Load:
    """So many clients that ask for a path again and again until the end of the block.

    With `keep_alive` each has one connection, which it opens anew when an answer said that it is closed; else a connection a
    request. Nothing is tried twice: whatever is not a 200 is a failure.
    """

    def __init__(self, gateway, clients=4, path="/", keep_alive=True, pause=0.0):
        self.port = gateway.port
        self.path = path
        self.keep_alive = keep_alive
        self.pause = pause
        self.count = 0
        self.failures = []
        self.bodies = set()
        self.longest = 0.0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _run(self):
        connection = None
        while not self._ended.is_set():
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            began = time.monotonic()
            try:
                connection.request("GET", self.path, headers={} if self.keep_alive else {"Connection": "close"})
                answer = connection.getresponse()
                body = answer.read()
                failure = None if answer.status == 200 else f"{answer.status} {body!r}"
            except (OSError, http.client.HTTPException) as error:
                failure, body = repr(error), b""
                answer = None
            with self._lock:
                self.count += 1
                self.longest = max(self.longest, time.monotonic() - began)
                if failure:
                    self.failures.append(failure)
                else:
                    self.bodies.add(body)
            if not self.keep_alive or answer is None or answer.will_close:
                connection.close()
                connection = None
            if self.pause:
                time.sleep(self.pause)
        if connection:
            connection.close()


def wrk(gateway, seconds, connections=32, path="/", fields=()):
    """Load for so many seconds, as fast as it goes."""
    return subprocess.Popen(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *[f"-H{field}" for field in fields], gateway.url(path)],
        stdout=subprocess.PIPE,
        text=True,
    )


def result(load):
    """How many requests `wrk` made, and its lines about what was not an answer 2xx or 3xx."""
    text = load.communicate()[0]
    count = int(re.search(r"(\d+) requests in", text)[1])
    return count, [line.strip() for line in text.splitlines() if "Non-2xx" in line or "Socket errors" in line]
