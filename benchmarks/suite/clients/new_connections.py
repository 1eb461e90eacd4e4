"""A connection for each request, as fast as they go, each with a full handshake or resumed.

    python new_connections.py full|resumed PORT TARGET

Does some, says that it is ready, waits for a line of seconds, and tells as JSON how many it made
in that time.
"""

import json
import socket
import ssl
import sys
import time

WARM_UP = 50
_TIMEOUT = 20.0  # seconds


class Visitor:
    """Comes, asks once, and leaves; comes back with the session of its last visit."""

    def __init__(self, port: int, target: str, *, resumes: bool) -> None:
        self.port, self.resumes = port, resumes
        self.request = (
            f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
        )
        self.session: ssl.SSLSession | None = None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE  # checked before; here it costs the client time

    def visit(self) -> None:
        """Make one connection. Exits where it is not answered, or not resumed."""
        transport = socket.create_connection(("127.0.0.1", self.port), timeout=_TIMEOUT)
        with self.context.wrap_socket(transport, session=self.session) as client:
            client.sendall(self.request)
            received = b""
            while piece := self._receive(client):
                received += piece
            if not received.startswith(b"HTTP/1.1 200 "):
                sys.exit(f"the answer begins with {received[:40]!r}")
            if self.session is not None and not client.session_reused:
                sys.exit("the session was not resumed")
            if self.resumes:
                self.session = client.session  # its ticket came with the response

    def _receive(self, client: ssl.SSLSocket) -> bytes:
        try:
            return client.recv(65536)
        except ssl.SSLEOFError:  # some servers don't say goodbye
            return b""


def main(kind: str, port: int, target: str) -> None:
    visitor = Visitor(port, target, resumes=kind == "resumed")
    for _ in range(WARM_UP):
        visitor.visit()
    print("ready", flush=True)
    end = time.monotonic() + float(sys.stdin.readline())
    visits = 0
    while time.monotonic() < end:
        visitor.visit()
        visits += 1
    print(json.dumps(visits))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
