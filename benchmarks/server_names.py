"""CPU time of a TLS 1.3 handshake where the client's SNI chooses the certificate.

    python benchmarks/server_names.py [ROUNDS] [HANDSHAKES]

The server's side of handshakes in memory, in interleaved rounds: with a plain context of one
certificate, with one certificate chosen by name, and with one of a hundred. Told are medians,
and their ratios to the first can be compared between machines. Needs trustme (extra: test).
"""

import ssl
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import trustme

from trio_https.tls import open_server_context
from trio_https.tls_contexts import ServerContexts, open_named_context


def main(rounds: int = 15, handshakes: int = 300) -> None:
    authority = trustme.CA()
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(client)
    contexts = make_contexts(authority)
    costs: dict[str, list[float]] = {name: [] for name in contexts}
    for _ in range(rounds):
        for name, context in contexts.items():
            times = [server_microseconds(client, context) for _ in range(handshakes)]
            costs[name].append(statistics.median(times))
    first = statistics.median(costs["a plain context"])
    for name, values in costs.items():
        median = statistics.median(values)
        print(f"{name:<20} {median:7.1f} us   {median / first:.3f}")


def make_contexts(authority: trustme.CA) -> dict[str, ssl.SSLContext]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.pem" for number in range(100)]
        for path in paths:
            issued = authority.issue_cert(f"{path.stem}.test")
            issued.private_key_and_cert_chain_pem.write_to_path(path)
        named = [open_named_context([f"{path.stem}.test"], path) for path in paths]
        return {
            "a plain context": open_server_context(paths[0]),
            "one by name": ServerContexts(named[:1]).current,
            "one of a hundred": ServerContexts(named).current,
        }


def server_microseconds(client: ssl.SSLContext, server: ssl.SSLContext) -> float:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname="0.test")
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    spent = 0
    for side in (ours, theirs, ours, theirs):
        began = time.process_time_ns()
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
        if side is theirs:
            spent += time.process_time_ns() - began
    return spent / 1000


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
