"""nginx and Caddy: programs of the system, each with one worker and without an access log."""

import getpass
import re
import shutil
import subprocess

from .site import Site
from .subjects import Command, LeftOutError, Peer, Service

__all__ = ["find_caddy", "find_nginx"]

_SERVICES: tuple[Service, ...] = ("one page", "pages", "many clients")

# The numbers of requests and seconds are such that no connection ends before its load does.
_NGINX = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
user {user};
pid {work}/nginx.pid;
error_log {work}/nginx.log;
events {{
    worker_connections 20000;
}}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 10000;
    keepalive_timeout 600;
    open_file_cache off;
    client_body_temp_path {work}/client;
    proxy_temp_path {work}/proxy;
    fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi;
    scgi_temp_path {work}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl backlog=4096;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.3;
        root {root};
    }}
}}
"""

_CADDY = """
{{
    admin off
    auto_https off
    grace_period 1s
    servers {{
        protocols h1
    }}
}}
https://127.0.0.1:{port} {{
    bind 127.0.0.1
    tls {certificate} {key} {{
        protocols tls1.3
    }}
    root * {root}
    file_server
}}
"""


def find_nginx() -> Peer:
    """Return nginx. Raises ``LeftOutError`` where it is not installed."""
    program = _program("nginx", "nginx-light")

    def start(site: Site, port: int) -> Command:
        configuration = site.work / f"nginx-{port}.conf"
        configuration.write_text(_fill_in(_NGINX, site, port))
        where = ["-p", str(site.work), "-e", f"{site.work}/nginx-start.log"]
        return Command([program, *where, "-c", str(configuration)])

    return Peer(
        name="nginx", version=_version(program, "-v"), services=dict.fromkeys(_SERVICES, start)
    )


def find_caddy() -> Peer:
    """Return Caddy. Raises ``LeftOutError`` where it is not installed."""
    program = _program("caddy", "caddy")

    def start(site: Site, port: int) -> Command:
        configuration = site.work / f"Caddyfile-{port}"
        configuration.write_text(_fill_in(_CADDY, site, port))
        home = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(site.work))
        arguments = ["run", "--adapter", "caddyfile", "--config", str(configuration)]
        return Command([program, *arguments], home)

    return Peer(
        name="Caddy", version=_version(program, "version"), services=dict.fromkeys(_SERVICES, start)
    )


def _program(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise LeftOutError(f"it is not installed; on Debian: apt-get install {package}")
    return path


def _fill_in(template: str, site: Site, port: int) -> str:
    names = {"root": site.root, "certificate": site.certificate, "key": site.key}
    return template.format(port=port, work=site.work, user=getpass.getuser(), **names)


def _version(program: str, argument: str) -> str:
    told = subprocess.run([program, argument], capture_output=True, text=True, check=True)
    found = re.search(r"\d+(\.\d+)+", told.stdout + told.stderr)
    return found[0] if found else "of unknown version"
