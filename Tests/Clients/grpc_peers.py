"""A gRPC service of plain bytes, so that neither a compiler for .proto files nor generated code is needed.

    with Service() as service, grpc.insecure_channel(address) as channel:
        assert Stub(channel).double(b"ab") == b"abab"
"""

import threading
from concurrent import futures

import grpc

NAME = "test.Service"


class Service:
    """The server: `double` (unary), `count` (server streaming), `join` (client streaming), `echo` (both ways), and some that fail."""

    def __init__(self, port=0, credentials=None, options=()):
        self.cancelled = threading.Event()
        """Set when a client has given up a call of `wait`."""
        self.calls = []
        """The metadata of each call, as a dictionary."""
        self.server = grpc.server(futures.ThreadPoolExecutor(32), options=options)
        self.server.add_generic_rpc_handlers((self._handlers(),))
        if credentials:
            self.port = self.server.add_secure_port(f"127.0.0.1:{port}", credentials)
        else:
            self.port = self.server.add_insecure_port(f"127.0.0.1:{port}")
        self.server.start()

    def _handlers(self):
        return grpc.method_handlers_generic_handler(
            NAME,
            {
                "double": grpc.unary_unary_rpc_method_handler(self._double),
                "count": grpc.unary_stream_rpc_method_handler(self._count),
                "join": grpc.stream_unary_rpc_method_handler(self._join),
                "echo": grpc.stream_stream_rpc_method_handler(self._echo),
                "fail": grpc.unary_unary_rpc_method_handler(self._fail),
                "fail_late": grpc.unary_stream_rpc_method_handler(self._fail_late),
                "wait": grpc.unary_unary_rpc_method_handler(self._wait),
            },
        )

    def _note(self, context):
        self.calls.append({key: value for key, value in context.invocation_metadata()})

    def _double(self, request, context):
        self._note(context)
        context.set_trailing_metadata((("test-trailer", "at the end"), ("test-bin", b"\x00\xff")))
        return request * 2

    def _count(self, request, context):
        size, count = map(int, request.split())
        for number in range(count):
            yield bytes([number % 256]) * size

    def _join(self, requests, context):
        return b"".join(requests)

    def _echo(self, requests, context):
        for request in requests:
            yield request

    def _fail(self, request, context):
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today, señor")

    def _fail_late(self, request, context):
        yield b"one"
        context.abort(grpc.StatusCode.DATA_LOSS, "lost the rest")

    def _wait(self, request, context):
        self._note(context)
        ended = threading.Event()
        context.add_callback(ended.set)
        ended.wait(10)
        if not context.is_active():
            self.cancelled.set()
        return b"too late"

    def stop(self, grace=0):
        self.server.stop(grace).wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Stub:
    """The client's side of the service."""

    def __init__(self, channel):
        def path(name):
            return f"/{NAME}/{name}"

        self.double = channel.unary_unary(path("double"))
        self.count = channel.unary_stream(path("count"))
        self.join = channel.stream_unary(path("join"))
        self.echo = channel.stream_stream(path("echo"))
        self.fail = channel.unary_unary(path("fail"))
        self.fail_late = channel.unary_stream(path("fail_late"))
        self.wait = channel.unary_unary(path("wait"))
        self.missing = channel.unary_unary(path("missing"))
