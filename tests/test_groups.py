"""Groups for key exchange: which the server takes of a client that offers one or some of its own.

The real openssl is the client. What a hello must hold is tried in ``test_hello_check``; a retry,
and groups that change with it, are among the misbehaviours of ``test_alerts``.
"""

import re
import ssl
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import trio
import trustme

from trio_https import Request, Response, Server, serve
from trio_https.tls import open_server_context

from .programs import require_program

REFUSED = "alert number 40"  # handshake_failure, RFC 8446 §4.1.1


@pytest.fixture
def leaf(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "localhost.pem"
    issued = authority.issue_cert("localhost", key_type=trustme.KeyType.RSA)
    issued.private_key_and_cert_chain_pem.write_to_path(path)
    return path


async def hello(_request: Request) -> Response:
    return Response.text("hello\n")


async def ask_server(context: ssl.SSLContext, ask: Callable[[int], str]) -> str:
    """Return what ``ask`` returns for the port of a server with ``context``."""
    async with trio.open_nursery() as nursery:
        serving = partial(serve, hello, host="127.0.0.1", port=0, tls=context)
        server: Server = await nursery.start(serving)
        answer = await trio.to_thread.run_sync(ask, server.port)
        nursery.cancel_scope.cancel()
    return answer


def offer_by_openssl(version: str, groups: str, port: int) -> str:
    """Return the group that was agreed on, or why there is none."""
    program = require_program("openssl")
    done = subprocess.run(
        [
            *(program, "s_client", "-connect", f"127.0.0.1:{port}"),
            *(version, "-groups", groups),
        ],
        input="",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    found = re.search(
        r"(?:Temp Key: (?:ECDH, )?([^,]+),|(alert number \d+))", done.stdout + done.stderr
    )
    assert found, done.stdout + done.stderr
    return found[1] or found[2]


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize(
    ("groups", "agreed"),
    [
        ("X25519", "X25519"),
        ("P-256", "prime256v1"),
        ("P-384", "secp384r1"),
        ("P-521", REFUSED),
        ("X448", REFUSED),
        ("X448:P-521", REFUSED),
        ("ffdhe2048", REFUSED),
        ("X25519:P-521", "X25519"),
        ("P-256:X448", "prime256v1"),
    ],
)
async def test_the_groups_of_the_policy_are_taken_and_no_others(
    groups: str, agreed: str, version: str, leaf: Path
) -> None:
    ask = partial(offer_by_openssl, version, groups)
    assert await ask_server(open_server_context(leaf), ask) == agreed


@pytest.mark.skipif(hasattr(ssl.SSLContext, "set_groups"), reason="OpenSSL can be told all of them")
async def test_of_several_openssl_chooses(leaf: Path) -> None:
    """Here even one that is not of the policy, because the client prefers it; as documented."""
    ask = partial(offer_by_openssl, "-tls1_3", "X448:P-384")
    assert await ask_server(open_server_context(leaf), ask) == "X448"


async def test_a_group_that_was_chosen_for_our_context_is_taken(leaf: Path) -> None:
    context = open_server_context(leaf)
    context.set_ecdh_curve("secp521r1")
    ask = partial(offer_by_openssl, "-tls1_3", "P-521")
    assert await ask_server(context, ask) == "secp521r1"
