"""One run of the benchmarks: its working folder, its backend, and the servers that it starts and ends."""
import contextlib
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from measure import certificate, configuration, process
from measure.server import HTTP1, Protocol, Server


class Bench(contextlib.ExitStack):
    """Starts servers and ends all of them, and removes every file that it wrote, when its block is left."""

    def __init__(self, daemun: str, rounds: int = 3, seconds: int = 4):
        super().__init__()
        self.daemun, self.rounds, self.seconds = daemun, rounds, seconds
        self._processes: dict[int, subprocess.Popen] = {}
        self.work = self.enter_context(tempfile.TemporaryDirectory(prefix="daemun-bench-"))
        os.chmod(self.work, 0o755)  # nginx reads files with another user's rights.
        certificate.make(self.work)
        os.environ["PATH"] += ":/usr/sbin"  # Where nginx and haproxy are, and an ordinary user does not look.
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def file(self, name: str, text: str) -> str:
        """Writes a file into the working folder, whole or not at all, and answers its path."""
        path = os.path.join(self.work, name)
        with open(path + ".new", "w") as new:
            new.write(text)
        os.replace(path + ".new", path)
        return path

    def start(
        self, name: str, command: list[str], port: int, environment: dict[str, str] | None = None,
        protocol: Protocol = HTTP1, patience: int = 20,
    ) -> Server:
        """Starts a process, waits so many seconds until it answers on its port, and ends it with the bench."""
        log = os.path.join(self.work, f"{name.replace(' ', '-')}.out")
        with open(log, "w") as output:
            server = subprocess.Popen(
                command, stdout=output, stderr=output, cwd=self.work, env={**os.environ, **(environment or {})}
            )
        self._processes[server.pid] = server
        self.callback(_end, server)
        for _ in range(patience * 20):
            if server.poll() is not None:
                with open(log) as output:
                    raise RuntimeError(f"{name} ended with {server.returncode}: {output.read()[-600:].strip()}")
            if listens(port):
                return Server(name, port, server.pid, protocol, certificate.client_settings(self.work))
            time.sleep(0.05)
        raise RuntimeError(f"{name} does not listen on port {port}")

    def stop(self, server: Server, number: int = signal.SIGTERM) -> int:
        """Signals a process, waits until it has ended, and answers its exit code."""
        for pid in process.family(server.pid) if number == signal.SIGKILL else [server.pid]:
            os.kill(pid, number)
        return self._processes[server.pid].wait(60)

    def backend(self, name: str = "backend", port: int | None = None) -> Server:
        """An nginx that answers any request with a small JSON body."""
        port = port or free_port()
        return self.nginx(name, port, configuration.nginx_backend(port, self.work))

    def nginx_proxy(
        self, backend: Server, protocol: Protocol = HTTP1, kept: int = 128, name: str = "nginx"
    ) -> Server:
        """The peer that the ratios are against, with a pool of so many kept connections."""
        port = free_port()
        text = configuration.nginx_proxy(port, backend.port, self.work, protocol, kept)
        return self.nginx(name, port, text, protocol=protocol)

    def nginx(
        self, name: str, port: int, text: str, environment: dict[str, str] | None = None, protocol: Protocol = HTTP1
    ) -> Server:
        path = self.file(f"{name}.conf", text)
        return self.start(name, ["nginx", "-e", "stderr", "-p", self.work, "-c", path], port, environment, protocol)

    def gateway_by_flag(self, backend: Server, environment: dict[str, str] | None = None) -> Server:
        """`daemun run --proxy`, one thread."""
        port = free_port()
        proxied = f"http://127.0.0.1:{backend.port}"
        command = [self.daemun, "run", "--proxy", proxied, "--port", str(port), "--threads", "1"]
        return self.start("gateway", command, port, environment)

    def gateway_by_file(
        self, path: str, port: int, threads: int = 1, name: str = "gateway", protocol: Protocol = HTTP1,
        patience: int = 20,
    ) -> Server:
        """`daemun run FILE`."""
        command = [self.daemun, "run", "--threads", str(threads), path]
        return self.start(name, command, port, protocol=protocol, patience=patience)

    def gateway(self, backend: Server, protocol: Protocol, name: str = "gateway") -> Server:
        """The gateway with one listener, which sends everything to the backend, but answers `/reply` itself."""
        port = free_port()
        text = configuration.forwarding({port: protocol}, [backend.port], self.work)
        return self.gateway_by_file(self.file(f"{name}.yaml", text), port, name=name, protocol=protocol)

    def gateway_with_routes(self, backend: Server, count: int, threads: int = 1) -> Server:
        """The gateway with `count` routes and nothing else."""
        port = free_port()
        path = self.file(f"routes-{count}-{threads}.yaml", configuration.gateway(port, backend.port, count))
        return self.gateway_by_file(path, port, threads, f"{count} routes, {threads} thr.")

    def other_peers(self, backend: Server, full: bool, protocol: Protocol = HTTP1) -> list[Server]:
        """HAProxy and Envoy, where they are installed: figures to place ours among."""
        peers = []
        if shutil.which("haproxy"):
            port = free_port()
            self.file("haproxy.map", configuration.haproxy_map(200))
            path = self.file("haproxy.cfg", configuration.haproxy(port, backend.port, self.work, full, protocol))
            peers.append(self.start("haproxy", ["haproxy", "-db", "-f", path], port, protocol=protocol))
        if shutil.which("envoy") and subprocess.run(["envoy", "--version"], capture_output=True).returncode == 0:
            port = free_port()
            path = self.file("envoy.yaml", configuration.envoy(port, backend.port, self.work, full, protocol))
            command = ["envoy", "-c", path, "--concurrency", "1", "--base-id", str(port), "-l", "error"]
            peers.append(self.start("envoy", command, port, protocol=protocol))
        return peers


def free_port(pair: bool = False) -> int:
    """A port that nobody listens on; with `pair`, nobody listens on the next one either.

    It is below those that the system gives to clients, since one of the load's connections could get it meanwhile.
    """
    while True:
        port = random.randrange(10_000, 30_000)
        try:
            for number in [port, port + 1] if pair else [port]:
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", number))
            return port
        except OSError:
            pass


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.3).close()
        return True
    except OSError:
        return False


def _end(server: subprocess.Popen) -> None:
    server.terminate()
    try:
        server.wait(5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
