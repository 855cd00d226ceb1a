"""Time from starting the process to its first answer."""
import os
import socket
import subprocess
import time
from statistics import median

from measure.bench import Bench, free_port
from measure.figure import Measured

QUICKSTART = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../examples/quickstart.yaml"))
STARTS = 15
PATIENCE = 20


def first_answer(bench: Bench) -> Measured:
    _start(bench)  # The first one reads the binary from disk.
    times = [_start(bench) for _ in range(STARTS)]
    return Measured(median(times), f"{min(times):.0f} to {max(times):.0f} ms in {STARTS} starts")


def _start(bench: Bench) -> float:
    """Milliseconds from before the process exists to the first 200."""
    port = free_port()
    began = time.monotonic()
    gateway = subprocess.Popen(
        [bench.daemun, "run", QUICKSTART], env={**os.environ, "PORT": str(port)}, cwd=bench.work,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        while time.monotonic() - began < PATIENCE:
            if _answers(port):
                return (time.monotonic() - began) * 1000
            if gateway.poll() is not None:
                raise RuntimeError(f"the gateway ended with {gateway.returncode}")
            time.sleep(0.0002)
        raise RuntimeError("the gateway does not answer")
    finally:
        gateway.terminate()
        gateway.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(b"GET /hello HTTP/1.1\r\nHost: bench\r\n\r\n")
            return connection.recv(4096).startswith(b"HTTP/1.1 200")
    except OSError:
        return False
