"""Many connections that are kept, over which requests go in turn, ten at a time.

    python crowd.py CONNECTIONS ASKING PORT TARGET

Opens them and has one response over each, says that it is ready, and waits for a line of seconds.
Then it asks over the first ASKING of them, and tells as JSON how many requests were answered in
that time, and how many of all connections are still there for another one.
"""

import json
import resource
import socket
import ssl
import sys
import time

AT_A_TIME = 10
_TIMEOUT = 60.0  # seconds


def open_one(context: ssl.SSLContext, port: int) -> ssl.SSLSocket:
    transport = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT)
    transport.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(transport)


def read_response(client: ssl.SSLSocket) -> bool:
    """Return whether a whole response came that is a 200."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = client.recv(65536)
        if not piece:
            return False
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    size = len(body)
    while size < length:
        piece = client.recv(65536)
        if not piece:
            return False
        size += len(piece)
    return head.startswith(b"HTTP/1.1 200 ")


def ask_all(clients: list[ssl.SSLSocket], request: bytes) -> int:
    """Ask over each, and return how many were answered."""
    for client in clients:
        client.sendall(request)
    return sum(map(read_response, clients))


def main(connections: int, asking: int, port: int, target: str) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # checked before; here it costs the client time
    request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    clients = []
    for _ in range(connections):
        clients.append(open_one(context, port))
        ask_all(clients[-1:], request)
    print("ready", flush=True)
    end = time.monotonic() + float(sys.stdin.readline())
    answered = first = 0
    while time.monotonic() < end:
        answered += ask_all(clients[first : first + AT_A_TIME], request)
        first = (first + AT_A_TIME) % asking
    print(json.dumps(answered), flush=True)
    print(json.dumps(sum(ask_all([client], request) for client in clients)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
