"""A client that does nothing but TLS handshakes: python3 handshaker.py PORT SECONDS full|resumed; prints how many.

Each connection carries one small request, so that the handshake was completed and its tickets came; one that was
resumed, or was not where it should be, is an error.
"""
import socket
import ssl
import sys
import time

REQUEST = b"GET /reply HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"


def main() -> None:
    port, seconds, resuming = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3] == "resumed"
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    session = handshake(context, port, None)[0] if resuming else None
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        _, resumed = handshake(context, port, session)
        if resumed != resuming:
            sys.exit("did not resume the session" if resuming else "resumed a session")
        count += 1
    print(count)


def handshake(context: ssl.SSLContext, port: int, session: ssl.SSLSession | None) -> tuple[ssl.SSLSession, bool]:
    """One connection and its answer: the session for the next one, and whether this one was resumed."""
    plain = socket.create_connection(("127.0.0.1", port), 10)
    # As every serious client does. Else the request waits until the server's system acknowledges the handshake's end.
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with context.wrap_socket(plain, session=session) as connection:
        connection.sendall(REQUEST)
        if not connection.recv(65536).startswith(b"HTTP/1.1 200"):
            sys.exit("a request was not answered")
        return connection.session, connection.session_reused


if __name__ == "__main__":
    main()
