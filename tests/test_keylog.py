"""The secrets of TLS sessions in a file: only where asked for, and for nobody else to read."""

import os
import ssl
import sys
from pathlib import Path

import pytest
import trustme

from trio_https import ConfigError
from trio_https.keylog import log_secrets
from trio_https.rehearsal import offered_versions


@pytest.fixture
def context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    authority.issue_cert("localhost").configure_cert(context)
    return context


def test_secrets_are_logged_where_asked_for_and_nobody_else_can_read_them(
    context: ssl.SSLContext, tmp_path: Path
) -> None:
    """RFC 9850: a label, the client's random value, a secret."""
    path = tmp_path / "keys.log"
    path.write_text("# mine\n")
    path.chmod(0o644)
    log_secrets(context, path)
    assert offered_versions(context)  # found out by handshakes
    first, *lines = path.read_text().splitlines()
    assert first == "# mine"
    assert [line for line in lines if line.startswith("SERVER_TRAFFIC_SECRET_0 ")]
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are something else there")
def test_secrets_go_into_no_file_that_others_could_have_put_there(
    context: ssl.SSLContext, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe")
    for wrong in (tmp_path, tmp_path / "link", tmp_path / "pipe", tmp_path / "no" / "folder"):
        with pytest.raises(ConfigError, match="can't write the TLS secrets") as caught:
            log_secrets(context, wrong)
        assert str(caught.value).startswith(f"{wrong}: ")
    assert context.keylog_filename is None
    assert not (tmp_path / "elsewhere").exists()
