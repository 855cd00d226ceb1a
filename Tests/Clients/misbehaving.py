"""Clients that mean no good, and a good one that must not notice them."""

import contextlib
import http.client
import json
import resource
import select
import selectors
import socket
import subprocess
import sys
import time

SOURCE = "127.0.0.9"
"""Where attacks come from, so that limits by address tell them from the good client."""


def allow_many_descriptors():
    """Lets this process open as many sockets as the system allows it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class GoodClient:
    """A client that asks for a path over and over on one connection, in a process of its own, and remembers how it fared."""

    def __init__(self, gateway, path="/good", pause=0.005):
        self.command = [sys.executable, __file__, str(gateway.port), path, str(pause)]
        self.times = []
        self.failures = []

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "begun\n"
        return self

    def __exit__(self, *_):
        report, _ = self.process.communicate(timeout=60)
        self.times, self.failures = json.loads(report)

    def fared_well(self, slowest=0.5):
        """Whether every request was answered, and 99 of 100 within `slowest` seconds."""
        assert len(self.times) > 20, f"only {len(self.times)} requests"
        assert not self.failures, self.failures[:5]
        usual = sorted(self.times)[int(len(self.times) * 0.99)]
        assert usual < slowest, f"the slowest of 100 requests took {usual:.3f} s"
        return True


def ask_over_and_over(port, path, pause):
    """The good client's process: goes on until its standard input ends, and prints times and failures."""
    times, failures = [], []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    while not select.select([sys.stdin], [], [], pause)[0]:
        began = time.monotonic()
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                failures.append(answer.status)
        except (OSError, http.client.HTTPException) as error:
            failures.append(repr(error))
            connection.close()
        times.append(time.monotonic() - began)
        if len(times) == 1:
            print("begun", flush=True)
    print(json.dumps([times, failures]))


@contextlib.contextmanager
def connections(gateway, count, source=SOURCE, receive_buffer=None):
    """So many connections that block on nothing; those that the gateway refuses are among them."""
    opened = []
    try:
        for _ in range(count):
            connection = socket.socket()
            if receive_buffer:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if source:
                connection.bind((source, 0))
            connection.settimeout(10)
            connection.connect(("127.0.0.1", gateway.port))
            connection.setblocking(False)
            opened.append(connection)
        yield opened
    finally:
        for connection in opened:
            connection.close()


def reset(connection):
    """Closes a connection with an RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


def drip(opened, duration, data=b"", every=0.1, read=0):
    """Sends `data` to, and reads up to `read` bytes from, each connection every so often, for so many seconds.

    Returns how many of them the gateway has closed, and what it said to each that it said something to.
    """
    said = {connection: b"" for connection in opened}
    alive = set(opened)
    end = time.monotonic() + duration
    while alive and time.monotonic() < end:
        for connection in list(alive):
            try:
                if data:
                    connection.send(data)
                if read:
                    received = connection.recv(read)
                    said[connection] += received
                    if not received:
                        alive.discard(connection)
            except BlockingIOError:
                pass
            except OSError:
                alive.discard(connection)
        time.sleep(every)
    return len(opened) - len(alive), [text for text in said.values() if text]


def wait_until_closed(opened, patience=10):
    """How many of the connections the gateway closes in time; what it sends is thrown away."""
    closed = 0
    with selectors.DefaultSelector() as selector:
        for connection in opened:
            selector.register(connection, selectors.EVENT_READ)
        end = time.monotonic() + patience
        while closed < len(opened) and time.monotonic() < end:
            for key, _ in selector.select(0.1):
                try:
                    received = key.fileobj.recv(65_536)
                except OSError:
                    received = b""
                if not received:
                    selector.unregister(key.fileobj)
                    closed += 1
    return closed


if __name__ == "__main__":
    ask_over_and_over(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
