"""A client of HTTP/2 for the tests: requests on streams, and their answers as the harness's messages.

    with HTTP2Client(gateway.port) as client:
        stream = client.begin("GET", "/")
        assert client.read_response(stream).status == 200

It is built on the package `h2`, which keeps to the protocol; `frames` is for what does not.
"""

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
from harness import Client, Response


class Reset(Exception):
    """The gateway has reset a stream; `code` is the error's number."""

    def __init__(self, code):
        super().__init__(f"the stream was reset with {code}")
        self.code = code


class GoAway(Exception):
    """The connection ended, or was told to end, before an answer was complete."""


class HTTP2Client(Client):
    """A client's connection that speaks HTTP/2 from its first byte.

    What is received is acknowledged at once, so that the gateway may send more, unless `reads` is false.
    """

    def __init__(self, port, window=None, **options):
        super().__init__(port, **options)
        configuration = h2.config.H2Configuration(
            header_encoding="latin-1", validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self.state = h2.connection.H2Connection(configuration)
        if window is not None:
            self.state.local_settings[h2.settings.SettingCodes.INITIAL_WINDOW_SIZE] = window
        self.state.initiate_connection()
        self.reads = True
        self.events = {}
        """What came on each stream and was not yet looked at."""
        self.goaways = []
        """The last stream and the error code of each GOAWAY."""
        self.flush()

    def flush(self):
        self.socket.sendall(self.state.data_to_send())

    def begin(self, method="GET", path="/", *fields, body=b"", host="shop.test", ends=True, pseudo=None):
        """Sends a request's head, and the body if there is one; returns the stream's number.

        `fields` are pairs, `pseudo` replaces all pseudo-header fields.
        """
        stream = self.state.get_next_available_stream_id()
        if pseudo is None:
            pseudo = [(":method", method), (":scheme", "http"), (":path", path), (":authority", host)]
        self.state.send_headers(stream, [*pseudo, *fields], end_stream=ends and not body)
        self.events[stream] = []
        self.flush()
        if body:
            try:
                self.send_body(stream, body, ends)
            except h2.exceptions.StreamClosedError:
                pass  # The gateway has answered early, and asked for no more of it (RFC 9113, 8.1).
        return stream

    def send_body(self, stream, data, ends=False, trailers=None):
        """Sends a body as far as the gateway's window allows, waiting for more of it."""
        while data:
            most = min(self.state.local_flow_control_window(stream), self.state.max_outbound_frame_size, len(data))
            if not most:
                self.pump()
                continue
            part, data = data[:most], data[most:]
            self.state.send_data(stream, part, end_stream=ends and not data and not trailers)
            self.flush()
        if trailers:
            self.state.send_headers(stream, trailers, end_stream=True)
            self.flush()

    def end_body(self, stream):
        self.state.end_stream(stream)
        self.flush()

    def pump(self):
        """Waits for bytes and notes what they mean."""
        data = self.receive()
        if not data:
            raise GoAway(f"the connection ended; {self.goaways}")
        for event in self.state.receive_data(data):
            if isinstance(event, h2.events.ConnectionTerminated):
                self.goaways.append((event.last_stream_id, event.error_code))
            elif isinstance(event, h2.events.DataReceived) and self.reads:
                self.state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if getattr(event, "stream_id", None) in self.events:
                self.events[event.stream_id].append(event)
        self.flush()

    def next_event(self, stream):
        while not self.events[stream]:
            self.pump()
        return self.events[stream].pop(0)

    def read_response(self, stream):
        """A stream's final response, complete, with the interim ones before it."""
        interim, response = [], None
        while True:
            match self.next_event(stream):
                case h2.events.InformationalResponseReceived(headers=headers):
                    interim.append(message(headers))
                case h2.events.ResponseReceived(headers=headers):
                    response = message(headers)
                    response.interim = interim
                case h2.events.DataReceived(data=data):
                    response.chunks.append(data)
                case h2.events.TrailersReceived(headers=headers):
                    response.trailers = list(headers)
                case h2.events.StreamReset(error_code=code):
                    raise Reset(code)
                case h2.events.StreamEnded():
                    response.body = b"".join(response.chunks)
                    return response

    def wait_for_end(self):
        """Reads until the gateway closes the connection, and returns the GOAWAYs."""
        try:
            while True:
                self.pump()
        except (GoAway, ConnectionResetError):
            return self.goaways

    def exchange(self, data):
        """Sends what would be these bytes in HTTP/1.1, and reads the answer."""
        head, _, body = data.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = line.split(" ")
        fields, host = [], None
        for name, value in (line.split(":", 1) for line in lines):
            match name.lower():
                case "host":
                    host = value.strip()
                case "connection" | "keep-alive" | "proxy-connection" | "upgrade" | "te" | "trailer":
                    pass
                case _:
                    fields.append((name.lower(), value.strip()))
        return self.read_response(self.begin(method, path, *fields, body=body, host=host))


def message(headers):
    """A response's fields as the harness has them."""
    pairs = [(name, value) for name, value in headers if name != ":status"]
    lines = [f"HTTP/1.1 {dict(headers)[':status']} ", *(f"{name}: {value}" for name, value in pairs), "", ""]
    return Response("\r\n".join(lines).encode("latin-1"))
