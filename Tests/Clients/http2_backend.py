"""A backend that speaks HTTP/2 frame by frame, so that a test can have it leave, refuse, stall and break the rules.

    with HTTP2Backend() as backend:                  # answers everything with `hello`
        …backends: { b: { targets: ["h2c://127.0.0.1:<backend.port>"] } }
        assert backend.requests[0].get(":path") == "/"

`answer` is given each complete request (`Request`) and may answer it, or not, with the connection that it came on (`Connection`).
"""

import socket
import ssl
import threading

import h2.config
import h2.connection
import h2.events
import h2.settings


class Request:
    """A request as the backend got it: `headers` with the pseudo-header fields, `body`, `trailers`."""

    def __init__(self, connection, stream, headers):
        self.connection = connection
        self.stream = stream
        self.headers = headers
        self.body = b""
        self.trailers = []
        self.has_ended = False

    def all(self, name):
        return [value for key, value in self.headers if key == name]

    def get(self, name, default=None):
        values = self.all(name)
        assert len(values) <= 1, f"{name} occurs {len(values)} times in {self.headers}"
        return values[0] if values else default

    def respond(self, status=200, body=b"hello", headers=(), trailers=()):
        """Answers the request as a whole."""
        self.connection.respond(self.stream, status, body, headers, trailers)


class Connection:
    """One connection of the gateway's. `h2` may be used while `lock` is held; `flush` sends what it has made."""

    def __init__(self, backend, accepted):
        self.backend = backend
        self.socket = accepted
        self.lock = threading.RLock()
        self.requests = {}
        self.resets = {}
        """The error code of each stream that the gateway has reset."""
        self.acknowledged = 0
        self.has_ended = threading.Event()
        configuration = h2.config.H2Configuration(
            client_side=False, header_encoding="utf-8", validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self.h2 = h2.connection.H2Connection(configuration)

    def run(self):
        try:
            with self.lock:
                if self.backend.settings:
                    self.h2.local_settings = h2.settings.Settings(client=False, initial_values=self.backend.settings)
                self.h2.initiate_connection()
                self.flush()
            while data := self.socket.recv(65_536):
                if self.backend.is_deaf.is_set():
                    continue
                with self.lock:
                    for event in self.h2.receive_data(data):
                        self._handle(event)
                    self.flush()
        except (OSError, h2.exceptions.ProtocolError):
            pass
        finally:
            self.has_ended.set()
            self.socket.close()

    def _handle(self, event):
        if isinstance(event, h2.events.RequestReceived):
            request = Request(self, event.stream_id, event.headers)
            self.requests[event.stream_id] = request
            self.backend.requests.append(request)
            self.backend.begin(request)
        elif isinstance(event, h2.events.DataReceived):
            self.requests[event.stream_id].body += event.data
            if self.backend.takes_bodies:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            self.requests[event.stream_id].trailers = event.headers
        elif isinstance(event, h2.events.StreamEnded):
            self.requests[event.stream_id].has_ended = True
            self.backend.answer(self.requests[event.stream_id])
        elif isinstance(event, h2.events.StreamReset):
            self.resets[event.stream_id] = event.error_code

    def respond(self, stream, status, body, headers, trailers):
        with self.lock:
            head = [(":status", str(status)), *headers]
            self.h2.send_headers(stream, head, end_stream=not body and not trailers)
            if body:
                self.h2.send_data(stream, body, end_stream=not trailers)
            if trailers:
                self.h2.send_headers(stream, list(trailers), end_stream=True)
            self.flush()

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.socket.sendall(data)

    def do(self, action, *arguments, **options):
        """Calls a method of `h2`, and sends what it has made."""
        with self.lock:
            getattr(self.h2, action)(*arguments, **options)
            self.flush()

    def leave(self, last_stream, code=0):
        """Sends GOAWAY as it is; the connection goes on."""
        with self.lock:
            payload = last_stream.to_bytes(4) + code.to_bytes(4)
            self.socket.sendall(b"\0\0\x08\x07\0\0\0\0\0" + payload)

    def cut_off(self):
        self.socket.shutdown(socket.SHUT_RDWR)


class HTTP2Backend:
    """A backend on a free port. `tls` is an `ssl.SSLContext` that offers `h2`."""

    def __init__(self, answer=None, begin=None, streams=None, window=None, tls=None):
        self.answer = answer or (lambda request: request.respond())
        """Called with each request that has come as a whole."""
        self.begin = begin or (lambda request: None)
        """Called with each request whose head has come."""
        self.takes_bodies = True
        """Whether the gateway is allowed to send more than the first window of a body."""
        self.is_deaf = threading.Event()
        """While it is set, what comes is thrown away."""
        self.settings = {}
        if streams is not None:
            self.settings[h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS] = streams
        if window is not None:
            self.settings[h2.settings.SettingCodes.INITIAL_WINDOW_SIZE] = window
        self.tls = tls
        self.requests = []
        self.connections = []
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"{'h2' if self.tls else 'h2c'}://127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(accepted,), daemon=True).start()

    def _run(self, accepted):
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            try:
                accepted = self.tls.wrap_socket(accepted, server_side=True)
            except (OSError, ssl.SSLError):
                return
        connection = Connection(self, accepted)
        self.connections.append(connection)
        connection.run()

    def close(self):
        self.listener.close()
        for connection in self.connections:
            try:
                connection.cut_off()
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
