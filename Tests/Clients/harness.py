"""What the tests of this folder stand on: the gateway's binary, backends, and a client that sends bytes as they are.

    gateway = Gateway(folder, '''
    apis: { shop: { routes: { $default: http://127.0.0.1:%d } } }
    ''' % backend.port)
    with gateway.connect() as client:
        client.send(b"GET / HTTP/1.1\\r\\nHost: shop.test\\r\\n\\r\\n")
        assert client.read_response().status == 200

Everything listens on free loopback ports. Nothing here retries or repairs: bytes are sent and shown as they are.
"""

import collections
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import threading
import time

PATIENCE = 10.0
"""Seconds after which something that should happen is taken not to happen."""

ONE_THREAD = ("--threads", "1")
"""Arguments of a gateway whose connections to a backend are shared by all clients."""

ROOT = pathlib.Path(__file__).resolve().parents[2]


_promised = collections.deque(maxlen=200)
"""Ports that tests were told are free, and may be about to use."""


def free_port():
    """A loopback port that nobody listens on, and no other test is given for now."""
    with reserve_port() as reservation:
        _promised.append(reservation.getsockname()[1])
        return _promised[-1]


def reserve_port():
    """A socket on a free loopback port, which nobody is given while it is open.

    Only who asks for SO_REUSEPORT can listen there. Without it, two gateways that were given the same port would share
    its clients and not notice.
    """
    passed_over = []
    while True:
        reservation = socket.socket()
        reservation.bind(("127.0.0.1", 0))
        if reservation.getsockname()[1] not in _promised:
            break
        passed_over.append(reservation)
    for other in passed_over:
        other.close()
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return reservation


def wait_until(condition, what, patience=PATIENCE, pause=0.005):
    """Returns the condition's first true value, or fails after `patience` seconds."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s in vain for {what}")
        time.sleep(pause)


# The gateway


def binary():
    """The gateway's binary: $DAEMUN, else the release build, else the debug build."""
    if "DAEMUN" in os.environ:
        candidates = [pathlib.Path(os.environ["DAEMUN"])]
    else:
        candidates = [ROOT / ".build" / build / "daemun" for build in ("release", "debug")]
    for candidate in candidates:
        if candidate.exists():
            return str(candidate.resolve())
    raise FileNotFoundError("no gateway to test; looked for " + ", ".join(map(str, candidates)))


class Gateway:
    """A running gateway.

    `text` is its YAML file. A text without `listen:` gets a free port, one without `log:` an unbuffered JSON access
    log, for `log_lines`. Other files of the configuration may be put into `folder` before. `descriptors` is how many it may
    have open.
    """

    protocol = "HTTP/1.1"
    """What `exchange` speaks: this or HTTP/2, see `BOTH_PROTOCOLS` in conftest.py."""

    running = []
    """Every gateway that the tests at hand have started, for the report of a failure."""

    def __init__(self, folder, text, arguments=(), environment=None, port=None, address="127.0.0.1",
                 descriptors=None, http2=False):  # fmt: skip
        self.address = address
        self.http2 = http2
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.reservation = None if port else reserve_port()
        self.port = port or self.reservation.getsockname()[1]
        self.file = self.folder / "gateway.yaml"
        self.access_log = self.folder / "access.log"
        self.write(text)
        self.errors = open(self.folder / "stderr.log", "ab")
        self.process = subprocess.Popen(
            [binary(), "run", str(self.file), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self.errors,
            stderr=self.errors,
            cwd=self.folder,
            env={**os.environ, **(environment or {})},
            preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors,) * 2)) if descriptors else None,
        )
        try:
            wait_until(self._answers, "the gateway to listen")
        except BaseException:
            self.stop()
            raise
        Gateway.running.append(self)

    def write(self, text):
        """Replaces the configuration file, with a listener and a log when the text has none."""
        lines = text.splitlines()
        if not any(line.startswith("listen:") for line in lines):
            http2 = ", http2: true" if self.http2 else ""
            lines.append(f"listen: {{ address: 127.0.0.1, port: {self.port}{http2} }}")
        if not any(line.startswith("log:") for line in lines):
            lines.append(f"log: {{ access: {{ path: {self.access_log}, format: json, buffer: 0, flush: 1ms }} }}")
        self.file.write_text("\n".join(lines) + "\n")

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the gateway ended with {self.process.returncode}:\n{self.stderr()}")
        try:
            socket.create_connection((self.address, self.port), timeout=1).close()
        except ConnectionRefusedError:
            return False
        # The admin listener is opened after the clients', and this is said when all are.
        return " listens on " in self.stderr()

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def connect(self, **options):
        """A new connection of a client that sends bytes as they are."""
        return Client(self.port, address=self.address, **options)

    def connect_http2(self, **options):
        """A new connection of a client of HTTP/2."""
        # The module needs this one.
        from http2 import HTTP2Client

        return HTTP2Client(self.port, address=self.address, **options)

    def exchange(self, request, method=None):
        """Sends one request on a connection of its own and reads its response."""
        if self.protocol == "HTTP/2":
            with self.connect_http2() as client:
                return client.exchange(request)
        with self.connect() as client:
            client.send(request)
            return client.read_response(method or request.split(b" ", 1)[0].decode())

    def stderr(self):
        """What the gateway wrote to its standard output and error."""
        return (self.folder / "stderr.log").read_text(errors="replace")

    def log_text(self):
        """The complete lines of the access log."""
        text = self.access_log.read_text() if self.access_log.exists() else ""
        return text[: text.rfind("\n") + 1]

    def log_lines(self, count=0):
        """The access log's lines, each a dictionary, once there are `count` of them. A line that is not JSON fails."""
        wait_until(lambda: self.log_text().count("\n") >= count, f"{count} lines in the access log")
        return [json.loads(line) for line in self.log_text().splitlines()]

    def line_of(self, answer):
        """The access log's only line for the request that was answered with `answer`."""
        name = answer.get("X-Request-Id")
        wait_until(lambda: name in self.log_text(), f"request {name} in the access log")
        [line] = [line for line in self.log_lines() if line["request_id"] == name]
        return line

    def peak_memory(self):
        """The most resident memory that the gateway has had, in bytes."""
        return self._memory("VmHWM")

    def memory(self):
        """The resident memory of the gateway, in bytes."""
        return self._memory("VmRSS")

    def _memory(self, name):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"the gateway has no {name}")

    def processor_time(self):
        """The seconds of processor time that the gateway has taken."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, patience=PATIENCE):
        """Ends the gateway with SIGTERM, with SIGKILL when it takes too long, and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.errors.close()
        if self.reservation:
            self.reservation.close()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


# Messages


class Message:
    """A request or response.

    `head` is as it came; `line` (bytes), `headers` and `trailers` (pairs of str in order) and `body` are taken from it.
    """

    def __init__(self, head):
        self.head = head
        self.line, *fields = head[:-4].split(b"\r\n")
        self.headers = [tuple(part.decode("latin-1") for part in field.split(b": ", 1)) for field in fields]
        self.body = b""
        self.trailers = []
        self.chunks = []

    def all(self, name):
        """The values of every field of this name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name, default=None):
        """The value of the only field of this name."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} occurs {len(values)} times in {self.head!r}"
        return values[0] if values else default

    def __contains__(self, name):
        return bool(self.all(name))

    @property
    def names(self):
        return [key for key, _ in self.headers]

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.line.decode('latin-1')} {self.headers} and {len(self.body)} bytes>"


class Request(Message):
    """A request as a backend got it."""

    def __init__(self, head):
        super().__init__(head)
        self.method, self.target, self.version = self.line.decode("latin-1").split(" ")


class Response(Message):
    """A response as a client got it; `interim` holds the 1xx responses before it."""

    def __init__(self, head):
        super().__init__(head)
        version, status, self.reason = (self.line + b" ").decode("latin-1").split(" ", 2)
        assert version == "HTTP/1.1", self.line
        self.status = int(status)
        self.reason = self.reason[:-1]
        self.interim = []


class Stream:
    """A socket, and the messages read from it."""

    def __init__(self, connection):
        self.socket = connection
        self.unread = b""

    def send(self, *parts, pause=0):
        """Sends parts, each with a system call of its own, with `pause` seconds between them."""
        for index, part in enumerate(parts):
            if index and pause:
                time.sleep(pause)
            self.socket.sendall(part)

    def half_close(self):
        """Says that nothing more will be sent."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes the connection with an RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def receive(self, most=262_144):
        """The next bytes; none when the other side is done."""
        if self.unread:
            data, self.unread = self.unread[:most], self.unread[most:]
            return data
        return self.socket.recv(most)

    def read_to_end(self):
        """Everything up to the other side's FIN."""
        parts = []
        while data := self.receive():
            parts.append(data)
        return b"".join(parts)

    def is_closed(self, patience=PATIENCE):
        """Whether the other side closes the connection, in whatever way, without sending anything more."""
        self.socket.settimeout(patience)
        try:
            return self.receive() == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def is_silent(self, duration=0.1):
        """Whether nothing comes, not even the end, for a while."""
        former = self.socket.gettimeout()
        self.socket.settimeout(duration)
        try:
            self.unread += self.socket.recv(65_536)
            return False
        except TimeoutError:
            return not self.unread
        finally:
            self.socket.settimeout(former)

    def read_until(self, end):
        """Bytes up to `end`, that included."""
        while end not in self.unread:
            data = self.socket.recv(262_144)
            if not data:
                raise EOFError(f"the connection ended after {self.unread!r}")
            self.unread += data
        position = self.unread.index(end) + len(end)
        data, self.unread = self.unread[:position], self.unread[position:]
        return data

    def read_exactly(self, count):
        parts = []
        while count:
            data = self.receive(min(count, 262_144))
            if not data:
                raise EOFError(f"the connection ended {count} bytes too early")
            parts.append(data)
            count -= len(data)
        return b"".join(parts)

    def read_head(self):
        return self.read_until(b"\r\n\r\n")

    def read_chunked(self, message):
        """Reads a chunked body with its trailers into `message`."""
        while size := int(self.read_until(b"\r\n").split(b";")[0], 16):
            message.chunks.append(self.read_exactly(size))
            assert self.read_exactly(2) == b"\r\n"
        message.body = b"".join(message.chunks)
        while (line := self.read_until(b"\r\n")) != b"\r\n":
            message.trailers.append(tuple(line[:-2].decode("latin-1").split(": ", 1)))


class Client(Stream):
    """A client's connection to a loopback port."""

    def __init__(self, port, address="127.0.0.1", patience=PATIENCE, receive_buffer=None, source=None):
        connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(patience)
        if source:
            connection.bind((source, 0))
        connection.connect((address, port))
        super().__init__(connection)

    def read_response(self, method="GET"):
        """The next final response, complete, with the interim ones before it."""
        response = self.read_response_head()
        if method != "HEAD" and response.status not in (204, 304):
            if response.get("Transfer-Encoding") == "chunked":
                self.read_chunked(response)
            elif "Content-Length" in response:
                response.body = self.read_exactly(int(response.get("Content-Length")))
            else:
                response.body = self.read_to_end()
        return response

    def read_response_head(self):
        """The next final response without its body."""
        interim = []
        while True:
            response = Response(self.read_head())
            if response.status >= 200:
                response.interim = interim
                return response
            interim.append(response)


def request(method="GET", path="/", *fields, body=None, host="shop.test", version="1.1"):
    """The bytes of a request; a body brings its Content-Length."""
    lines = [f"{method} {path} HTTP/{version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, *fields, "", ""]).encode("latin-1") + (body or b"")


def chunked(*parts, trailers=()):
    """A chunked body of these parts."""
    chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in parts]
    return b"".join([*chunks, b"0\r\n", *(trailer.encode() + b"\r\n" for trailer in trailers), b"\r\n"])


def response(status=200, *fields, body=b"", reason="Fine"):
    """The bytes of a response with a Content-Length."""
    lines = [f"HTTP/1.1 {status} {reason}", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


# Backends


class Peer(Stream):
    """A connection that a backend accepted. `received` is every byte that came in on it."""

    def __init__(self, connection, backend):
        connection.settimeout(PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(_Tap(connection, self))
        self.backend = backend
        self.received = bytearray()
        self.requests = []
        self.has_ended = threading.Event()
        """Set once the gateway has closed the connection, or the backend is through with it."""

    def start_tls(self, context):
        """Shakes hands; what is received and sent is encrypted from then on."""
        self.socket = _Tap(context.wrap_socket(self.socket.bare, server_side=True), self)

    def read_request(self, with_body=True):
        """The next request, `None` at the connection's end. It is recorded when its head has come."""
        try:
            head = self.read_head()
        except (EOFError, ConnectionResetError):
            return None
        message = Request(head)
        self.requests.append(message)
        self.backend.requests.append(message)
        if with_body:
            self.read_body(message)
        return message

    def read_body(self, message):
        if message.get("Transfer-Encoding") == "chunked":
            self.read_chunked(message)
        else:
            message.body = self.read_exactly(int(message.get("Content-Length", 0)))


class _Tap:
    """A socket whose incoming bytes are recorded."""

    def __init__(self, connection, peer):
        self.bare = self._connection = connection
        self._peer = peer

    def recv(self, most):
        data = self._connection.recv(most)
        if self._peer.backend.records:
            self._peer.received += data
        return data

    def __getattr__(self, name):
        return getattr(self._connection, name)


class Backend:
    """A backend on a free port that records what it gets.

    `answer` is given each request and returns the bytes of its response, `None` to close the connection instead; it may
    be replaced at any time. With `serve`, a function that is given each accepted connection (a `Peer`), a test plays
    the backend's part itself. `tls`, an `ssl.SSLContext`, has it speak TLS.
    """

    def __init__(
        self, answer=None, serve=None, records=True, port=0, receive_buffer=None, address="127.0.0.1", tls=None
    ):
        self.tls = tls
        self.answer = answer or (lambda request: response(body=b"hello"))
        self.serve = serve or self._serve
        self.records = records
        self.requests = []
        self.peers = []
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.listener.bind((address, port))
        self.listener.listen(512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def received(self):
        """Every byte that came in, connection after connection."""
        return b"".join(bytes(peer.received) for peer in self.peers)

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            peer = Peer(connection, self)
            self.peers.append(peer)
            threading.Thread(target=self._run, args=(peer,), daemon=True).start()

    def _run(self, peer):
        try:
            if self.tls:
                peer.start_tls(self.tls)
            self.serve(peer)
        except (OSError, EOFError):
            pass
        finally:
            peer.close()
            peer.has_ended.set()

    def _serve(self, peer):
        while message := peer.read_request():
            data = self.answer(message)
            if data is None:
                return
            peer.send(data)

    def wait_for_requests(self, count=1):
        """All requests so far, once there are `count` of them."""
        wait_until(lambda: len(self.requests) >= count, f"{count} requests at the backend")
        return self.requests

    def close(self):
        """Closes the listener and all connections."""
        self.listener.close()
        for peer in self.peers:
            try:
                peer.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Nginx:
    """An nginx of our own on a free port.

    `locations` is put into its server block. What it writes stays in `folder`; its root is `folder/root`.
    """

    def __init__(self, folder, locations, port=None):
        self.folder = pathlib.Path(folder)
        self.root = self.folder / "root"
        self.root.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.locations = locations
        self.process = None
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        """Starts it, and waits until it listens."""
        scratch = "\n".join(
            f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.geteuid() == 0 else ""
        configuration = self.folder / "nginx.conf"
        configuration.write_text(
            f"""
            {user}
            daemon off;
            worker_processes 1;
            pid {self.folder}/nginx.pid;
            error_log {self.folder}/error.log;
            events {{ worker_connections 2048; }}
            http {{
                {scratch}
                log_format whole '$request|$http_host|$request_length|$status';
                access_log {self.folder}/access.log whole;
                client_max_body_size 0;
                keepalive_requests 100000;
                server {{
                    listen 127.0.0.1:{self.port};
                    root {self.root};
                    {self.locations}
                }}
            }}
            """
        )
        path = os.environ.get("PATH", "") + ":/usr/sbin"
        self.process = subprocess.Popen(
            ["nginx", "-p", str(self.folder), "-e", str(self.folder / "error.log"), "-c", str(configuration)],
            env={**os.environ, "PATH": path},
            start_new_session=True,
        )
        wait_until(self._answers, "nginx to listen")

    def _answers(self):
        assert self.process.poll() is None, (self.folder / "error.log").read_text()
        return self._listens()

    def _listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except (ConnectionRefusedError, ConnectionResetError):
            return False

    def requests(self, count=0):
        """The request lines that it has seen, from its log, once there are `count` of them."""
        log = self.folder / "access.log"
        wait_until(lambda: log.read_text().count("\n") >= count, f"{count} lines in nginx's log")
        return [line.split("|")[0] for line in log.read_text().splitlines()]

    def stop(self, at_once=True):
        """Ends it; `at_once` cuts its connections off."""
        self.end(signal.SIGTERM if at_once else signal.SIGQUIT)

    def end(self, number):
        """Ends it with a signal: SIGKILL for all of its processes at once, others are told to the first one."""
        if self.process.poll() is not None:
            return
        if number == signal.SIGKILL:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        self.process.wait(PATIENCE)
        # The worker process may take a little longer, and it listens as well.
        wait_until(lambda: not self._listens(), "nginx to be gone")
