"""The files that the gateway and its peers are measured with, generated for the ports at hand."""
import hashlib

from measure import certificate
from measure.server import HTTP1, Protocol


def routes(count: int) -> list[str]:
    """The base paths of the routes; each serves `/orders/{id}` below itself."""
    return [f"/svc{number}" for number in range(count)]


def gateway(
    port: int, backend: int, count: int, admin: int | None = None, log: str | None = None, mark: str = ""
) -> str:
    """The gateway's file: `count` routes to the backend; `mark` only makes one text differ from the next."""
    lines = [f"# {mark}", "listen:", f"  - {{ port: {port}, address: 127.0.0.1 }}"]
    lines += ["apis:", "  bench:", "    path: /v1.0", "    routes:"]
    lines += [f"      GET {path}/orders/{{id}}: {{ to: backend }}" for path in routes(count)]
    lines += ["backends:", "  backend:", f'    targets: ["http://127.0.0.1:{backend}"]']
    if log:
        lines += [f"log: {{ access: {{ path: {log}, format: json }} }}"]
    if admin:
        lines += [f"admin: {{ port: {admin} }}"]
    return "\n".join(lines) + "\n"


def forwarding(listeners: dict[int, Protocol], backends: list[int], work: str, more: str = "") -> str:
    """The gateway's file without routes: all goes to the backends, but `/reply` is answered here."""
    lines = ["listen:"] + [f"  - {_listener(port, protocol, work)}" for port, protocol in listeners.items()]
    lines += ["apis:", "  bench:", "    routes:", "      GET /reply: { reply: { text: hello } }"]
    targets = ", ".join(f'"http://127.0.0.1:{backend}"' for backend in backends)
    lines += ["      $default: backend", "backends:", f"  backend: {{ targets: [{targets}] }}"]
    return "\n".join(lines) + f"\n{more}\n"


def sharing_a_quota(port: int, backend: int, server: int, calls: int, key: str) -> str:
    """The gateway's file with one customer, whose quota is counted in a Redis server."""
    return f"""
listen: {{ port: {port}, address: 127.0.0.1 }}
redis: redis://127.0.0.1:{server}
authorizers: {{ keys: {{ api_key: {{ header: x-api-key }} }} }}
plans: {{ gold: {{ quota: {calls}/month }} }}
customers: {{ acme: {{ plan: gold, api_keys: {{ sha256: {hashlib.sha256(key.encode()).hexdigest()} }} }} }}
backends: {{ backend: {{ targets: ["http://127.0.0.1:{backend}"] }} }}
apis: {{ bench: {{ authorize: keys, routes: {{ $default: backend }} }} }}
"""


def live_customers(port: int, backend: int, folder: str) -> str:
    """The gateway's file with its customers in a folder."""
    return f"""
listen: {{ port: {port}, address: 127.0.0.1 }}
data: {folder}
authorizers: {{ keys: {{ api_key: {{ header: x-api-key }} }} }}
backends: {{ backend: {{ targets: ["http://127.0.0.1:{backend}"] }} }}
apis: {{ bench: {{ authorize: keys, routes: {{ $default: backend }} }} }}
"""


def _listener(port: int, protocol: Protocol, work: str) -> str:
    if protocol.tls:
        pair = f"{{ certificate: {certificate.chain(work)}, key: {certificate.key(work)} }}"
        return f"{{ port: {port}, address: 127.0.0.1, tls: {{ certificates: [ {pair} ] }} }}"
    return f"{{ port: {port}, address: 127.0.0.1{', http2: true' if protocol.http2 else ''} }}"


def nginx_backend(port: int, work: str, large: str = "/dev/null") -> str:
    """A backend that answers any request with a small JSON body, but `/large` with a file, `/upload` after the body."""
    return _nginx(work, port, f"""
  server {{ listen 127.0.0.1:{port};
    location / {{ return 200 '{{"message":"hello from the backend","id":12345}}'; }}
    location = /large {{ alias {large}; sendfile on; }}
    location = /upload {{ proxy_pass http://127.0.0.1:{port}/; client_max_body_size 0; }} }}""")


def nginx_counting(port: int, work: str) -> str:
    """A backend that tells at `/count` how many requests came."""
    return _nginx(work, port, f"""
  server {{ listen 127.0.0.1:{port};
    location / {{ return 200 hello; }}
    location = /count {{ stub_status; }} }}""")


def nginx_proxy(port: int, backend: int, work: str, protocol: Protocol = HTTP1, kept: int = 128) -> str:
    """The figure to beat: a bare proxy_pass with a pool of so many kept connections."""
    return _nginx(work, port, f"""
  upstream backend {{ server 127.0.0.1:{backend};
    keepalive {kept}; keepalive_requests 1000000000; keepalive_timeout 1000s; }}
  server {{ listen 127.0.0.1:{port}{_nginx_protocol(protocol, work)}
    location /reply {{ return 200 hello; }}
    location / {{ proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://backend; }} }}""")


def _nginx_protocol(protocol: Protocol, work: str) -> str:
    words = (" ssl" if protocol.tls else "") + (" http2" if protocol.http2 else "") + ";"
    if not protocol.tls:
        return words
    return f"""{words}
    ssl_certificate {certificate.chain(work)}; ssl_certificate_key {certificate.key(work)};
    ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:10m;"""


def _nginx(work: str, port: int, servers: str) -> str:
    temporary = "\n  ".join(
        f"{kind}_temp_path {work}/nginx-{kind};" for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    )
    return f"""
worker_processes 1; daemon off; pid {work}/nginx-{port}.pid; error_log stderr error;
events {{ worker_connections 8192; }}
http {{
  {temporary}
  access_log off; default_type application/json;
  keepalive_requests 1000000000; keepalive_timeout 1000s;{servers}
}}
"""


def haproxy(port: int, backend: int, work: str, full: bool, protocol: Protocol = HTTP1) -> str:
    """HAProxy as a bare proxy; `full` adds 200 routes and a JSON access log."""
    log = """
  log stdout format raw local0
  log-format '{"time":"%t","method":"%HM","path":"%HPO","status":%ST,"ms":%Ta,"ip":"%ci","bytes":%B}'"""
    tls = f" ssl crt {certificate.joined(work)} alpn {'h2' if protocol.http2 else 'http/1.1'}" if protocol.tls else ""
    words = tls or (" proto h2" if protocol.http2 else "")
    return f"""
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 100s
  timeout server 100s
  http-reuse always
frontend front
  bind 127.0.0.1:{port}{words}{log if full else ""}
  {f"use_backend %[path,map_beg({work}/haproxy.map)]" if full else "default_backend backend"}
backend backend
  server one 127.0.0.1:{backend}
"""


def haproxy_map(count: int) -> str:
    return "".join(f"/v1.0{path}/ backend\n" for path in routes(count))


def envoy(port: int, backend: int, work: str, full: bool, protocol: Protocol = HTTP1) -> str:
    """Envoy as a bare proxy; `full` adds 200 routes and a JSON access log."""
    prefixes = [f'path_separated_prefix: "/v1.0{path}"' for path in routes(200)] if full else ['prefix: "/"']
    matches = "\n".join(f"              - {{match: {{{prefix}}}, route: {{cluster: backend}}}}" for prefix in prefixes)
    extensions = "type.googleapis.com/envoy.extensions"
    tls = f"""
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": {extensions}.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            alpn_protocols: [{"h2" if protocol.http2 else "http/1.1"}]
            tls_certificates:
            - certificate_chain: {{filename: {certificate.chain(work)}}}
              private_key: {{filename: {certificate.key(work)}}}"""
    log = f"""
          access_log:
          - name: envoy.access_loggers.file
            typed_config:
              "@type": {extensions}.access_loggers.file.v3.FileAccessLog
              path: {work}/envoy-access.log
              log_format:
                json_format: {{time: "%START_TIME%", method: "%REQ(:METHOD)%", path: "%REQ(:PATH)%",
                  status: "%RESPONSE_CODE%", ms: "%DURATION%", ip: "%DOWNSTREAM_REMOTE_ADDRESS%",
                  bytes: "%BYTES_SENT%"}}"""
    return f"""
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": {extensions}.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: front
          codec_type: {"HTTP2" if protocol.http2 else "HTTP1"}{log if full else ""}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
{matches}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": {extensions}.filters.http.router.v3.Router}}{tls if protocol.tls else ""}
  clusters:
  - name: backend
    type: STATIC
    load_assignment:
      cluster_name: backend
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {backend}}}}}}}
"""
