"""nginx, Caddy and this server, each serving one folder on a port of loopback.

nginx and Caddy are configured as a careful author of static pages would: with all that they offer
for it and that their documentation recommends. No process outlives its block. What they are asked,
and what is right, is not known here.
"""

import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import trio_https

from ..command import start_server
from ..programs import require_program
from .clients import Address
from .row import OWN

__all__ = ["Server", "start_caddy", "start_nginx", "start_ours"]

_DEADLINE = 20.0  # seconds, for a machine that is busy with other things


class Server(NamedTuple):
    """A server that is running."""

    name: str
    version: str
    address: Address
    abilities: frozenset[str]
    """Of those that rows may need."""


# Compression by files and on the fly, a page for what is missing, names with a dot. Debian's
# nginx-light has no Brotli and no Zstandard. Redirects are relative because of the odd port.
_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    charset utf-8;
    charset_types text/css text/plain text/markdown text/csv text/xml application/javascript;
    access_log off;
    server_tokens off;
    sendfile on;
    tcp_nopush on;
    if_modified_since before;
    max_ranges 10;
    gzip on;
    gzip_static on;
    gzip_vary on;
    gzip_proxied any;
    gzip_types text/css text/plain text/xml application/javascript application/json image/svg+xml;
    client_body_temp_path {folder}/client;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        server_name localhost;
        absolute_redirect off;
        root {site};
        index index.html;
        error_page 404 /404.html;
        location ~ /\\.(?!well-known/) {{ return 404; }}
    }}
}}
"""

_CADDY = """
{{
    admin off
    auto_https off
    grace_period 1s
}}
:{port} {{
    bind 127.0.0.1
    root * {site}
    @hidden {{
        path */.*
        not path /.well-known/*
    }}
    error @hidden 404
    encode zstd gzip
    file_server {{
        precompressed br zstd gzip
    }}
    handle_errors {{
        @missing expression `{{err.status_code}} == 404`
        handle @missing {{
            rewrite * /404.html
            file_server
        }}
    }}
}}
"""


@contextmanager
def start_nginx(site: Path, folder: Path) -> Iterator[Server]:
    """Serve ``site`` by nginx, in clear text; ``folder`` is for what it writes."""
    program, port = require_program("nginx"), _free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX.format(folder=folder, site=site, port=port))
    told = subprocess.run([program, "-v"], capture_output=True, text=True, check=True)
    version = re.search(r"nginx/(\S+)", told.stderr)
    assert version, told.stderr
    command = [program, "-p", str(folder), "-c", str(configuration), "-e", f"{folder}/start.log"]
    with _running(command, port, {}):
        yield Server("nginx", version[1], Address(port), frozenset())


@contextmanager
def start_caddy(site: Path, folder: Path) -> Iterator[Server]:
    """Serve ``site`` by Caddy, in clear text; ``folder`` is for what it writes."""
    program, port = require_program("caddy"), _free_port()
    configuration = folder / "Caddyfile"
    configuration.write_text(_CADDY.format(site=site, port=port))
    told = subprocess.run([program, "version"], capture_output=True, text=True, check=True)
    home = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    command = [program, "run", "--adapter", "caddyfile", "--config", str(configuration)]
    with _running(command, port, home):
        version = told.stdout.split()[0].removeprefix("v")
        yield Server("Caddy", version, Address(port), frozenset({"Brotli", "Zstandard"}))


@contextmanager
def start_ours(site: Path, folder: Path) -> Iterator[Server]:
    """Serve ``site`` by the command of this package, over TLS, without an option."""
    with start_server(site, folder=folder) as server:
        address = Address(server.port, server.ca_file)
        abilities = frozenset({"Brotli", "Zstandard", OWN})
        yield Server("trio_https", trio_https.__version__, address, abilities)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def _running(command: list[str], port: int, environment: Mapping[str, str]) -> Iterator[None]:
    """Run a server until the end of the block, which begins when it accepts connections."""
    with (
        tempfile.TemporaryFile("w+") as output,
        subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            if not _is_accepting(process, port):
                output.seek(0)
                raise AssertionError(f"{command} does not serve:\n{output.read()}")
            yield
        finally:
            process.terminate()
            try:
                process.wait(_DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()


def _is_accepting(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait for connections to be accepted; False if the process ended before or takes too long."""
    deadline = time.monotonic() + _DEADLINE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
        except OSError:
            time.sleep(0.05)
    return False
