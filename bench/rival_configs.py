"""The configuration of each rival, as like to the others as their words allow.

All of them: two real servers, least connections, an HTTP check of `/` every 9 s, connections to
the real servers kept alive and shared, X-Forwarded-For added, no cap that the load could reach.
"""

from pathlib import Path
from typing import Protocol

from bench.certificate import NAME
from bench.real_server import temp_paths, user_line


class Place(Protocol):
    """What a configuration must know of where its proxy stands."""

    @property
    def folder(self) -> Path:
        """The proxy's own folder."""

    @property
    def http_port(self) -> int:
        """Where it serves HTTP."""

    @property
    def tcp_port(self) -> int:
        """Where it relays TCP."""

    @property
    def tls_port(self) -> int:
        """Where it takes TLS off."""

    @property
    def reencrypt_port(self) -> int:
        """Where it takes TLS off and puts it on."""

    @property
    def certificate(self) -> Path:
        """Certificate and key, in one PEM file."""

    @property
    def tls_servers(self) -> tuple[int, int]:
        """Where the real servers listen for TLS."""

    @property
    def servers(self) -> tuple[int, int]:
        """Where the real servers listen."""


# Every rival prefers these in this order, whatever it would by itself.
SUITES = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
MAX_CONNECTIONS = 12_000  # above the 10,000 that stand idle in one case

POINTSMAN = """\
version: 1
access_log: {{format: json, to: {{file: {folder}/access.log}}}}
certificates:
  own: {{pem: {pem}}}
intermediates:
  real: {{file: {pem}}}
pools:
  web:
    scheduling: least_connections
    persistence: {{kind: source_ip, timeout: 20m}}
    health: {{kind: http, path: /, interval: 9s}}
    servers: {{a: "127.0.0.1:{a}", b: "127.0.0.1:{b}"}}
  raw:
    scheduling: least_connections
    persistence: {{kind: source_ip, timeout: 20m}}
    health: {{kind: tcp, interval: 9s}}
    servers: {{a: "127.0.0.1:{a}", b: "127.0.0.1:{b}"}}
  secure:
    scheduling: least_connections
    persistence: {{kind: source_ip, timeout: 20m}}
    health: {{kind: tcp, interval: 9s}}
    servers: {{a: "127.0.0.1:{tls_a}", b: "127.0.0.1:{tls_b}"}}
virtual_services:
  L7: {{listen: "127.0.0.1:{http}", pool: web}}
  L4: {{listen: "127.0.0.1:{tcp}", mode: tcp, pool: raw}}
  TLS: {{listen: "127.0.0.1:{tls}", pool: web, tls: {{mode: offload, certificates: own}}}}
  Both:
    listen: "127.0.0.1:{both}"
    pool: secure
    tls:
      mode: reencrypt
      certificates: own
      upstream: {{verify: real, name: {name}}}
"""

HAPROXY = """\
global
    nbthread 1
    maxconn {connections}
    no strict-limits
    ssl-default-bind-ciphersuites {suites}
    ssl-default-server-ciphersuites {suites}
defaults
    timeout connect 5s
    timeout client 600s
    timeout server 600s
    default-server inter 9s
    balance leastconn
frontend l7
    mode http
    bind 127.0.0.1:{http} backlog 4096
    default_backend web
backend web
    mode http
    option forwardfor
    option httpchk GET /
    server a 127.0.0.1:{a} check
    server b 127.0.0.1:{b} check
frontend tls
    mode http
    option forwardfor
    bind 127.0.0.1:{tls} backlog 4096 ssl crt {pem} ssl-min-ver TLSv1.2
    default_backend web
frontend both
    mode http
    option forwardfor
    bind 127.0.0.1:{both} backlog 4096 ssl crt {pem} ssl-min-ver TLSv1.2
    default_backend secure
backend secure
    mode http
    default-server ssl ca-file {pem} verify required verifyhost {name} sni str({name})
    server a 127.0.0.1:{tls_a} check check-sni {name}
    server b 127.0.0.1:{tls_b} check check-sni {name}
frontend l4
    mode tcp
    bind 127.0.0.1:{tcp} backlog 4096
    default_backend raw
backend raw
    mode tcp
    server a 127.0.0.1:{a} check
    server b 127.0.0.1:{b} check
"""

NGINX = """\
{user}daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_rlimit_nofile {files};
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    # A body passes through memory, as with every other rival, never through a file.
    proxy_max_temp_file_size 0;
{temp_paths}
    # nginx without its paid part checks no server's health by itself.
    upstream web {{
        least_conn;
        server 127.0.0.1:{a};
        server 127.0.0.1:{b};
        keepalive 128;
        keepalive_requests 100000000;
    }}
    upstream secure {{
        least_conn;
        server 127.0.0.1:{tls_a};
        server 127.0.0.1:{tls_b};
        keepalive 128;
        keepalive_requests 100000000;
    }}
    ssl_certificate {pem};
    ssl_certificate_key {pem};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers on;
    ssl_conf_command Ciphersuites {suites};
    ssl_session_cache shared:bench:10m;
    server {{
        listen 127.0.0.1:{both} ssl backlog=4096;
        location / {{
            proxy_pass https://secure;
            proxy_ssl_trusted_certificate {pem};
            proxy_ssl_verify on;
            proxy_ssl_name {name};
            proxy_ssl_server_name on;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
    server {{
        listen 127.0.0.1:{http} backlog=4096;
        listen 127.0.0.1:{tls} ssl backlog=4096;
        location / {{
            proxy_pass http://web;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
"""

CADDY = """\
{{
    admin off
    auto_https off
}}
http://:{http} {{
    bind 127.0.0.1
    reverse_proxy 127.0.0.1:{a} 127.0.0.1:{b} {{
        lb_policy least_conn
        health_uri /
        health_interval 9s
        transport http {{
            keepalive_idle_conns_per_host 128
        }}
    }}
}}
"""


def filled(template: str, site: Place) -> str:
    """Put a site's places and numbers into a configuration."""
    return template.format(
        folder=site.folder,
        http=site.http_port,
        tcp=site.tcp_port,
        tls=site.tls_port,
        both=site.reencrypt_port,
        tls_a=site.tls_servers[0],
        tls_b=site.tls_servers[1],
        pem=site.certificate,
        name=NAME,
        suites=SUITES,
        a=site.servers[0],
        b=site.servers[1],
        connections=MAX_CONNECTIONS,
        files=MAX_CONNECTIONS + 1000,
        user=user_line(),
        temp_paths=temp_paths(site.folder),
    )


def pointsman_config(site: Place) -> str:
    """Write pointsman's YAML: the standard configuration."""
    return filled(POINTSMAN, site)


def haproxy_config(site: Place) -> str:
    """Write haproxy.cfg."""
    return filled(HAPROXY, site)


def nginx_config(site: Place) -> str:
    """Write nginx.conf."""
    return filled(NGINX, site)


def caddy_config(site: Place) -> str:
    """Write the Caddyfile."""
    return filled(CADDY, site)
