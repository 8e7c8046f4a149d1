"""The steps of the article: from nothing to four services that take TLS off and put it on again."""

from __future__ import annotations

from pointsman.app.demo.lync.balancer import FILE
from pointsman.app.demo.lync.lab import PASSWORD, PFX, ROOT
from pointsman.app.demo.lync.site import (
    ADDRESS_BOOK,
    BLANK_PAGE,
    EXT_HTTP,
    EXT_HTTPS,
    POOL_HTTP,
    POOL_HTTPS,
    WEB_POOL,
    LyncSite,
)
from pointsman.app.demo.lync.tour import Tour, lost

FOUR = (POOL_HTTPS, POOL_HTTP, EXT_HTTPS, EXT_HTTP)
FORBIDDEN = "403 not among accepted 200-299, 301, 302, 401"

_UNTRUSTED = "certificate"
_WRONG_FILE, _RIGHT_FILE = "wrong-password", "password"


def both(*pools: str) -> list[str]:
    """Both front ends of these pools."""
    return [f"{pool}/{server}" for pool in pools for server in ("fe1", "fe2")]


def https(tour: Tour) -> None:
    """The first virtual service."""
    tour.telling.step(
        "A virtual service for HTTPS",
        "Virtual Services > Add New: address, port 443, tcp, name; Real Servers; check HTTPS",
        "virtual_services, pools.fe-https with its servers and health; then `pointsman run`",
    )
    tour.edit(LyncSite.add_passthrough)
    tour.type_in("check", FILE)
    tour.stage.start_balancer()
    tour.telling.typed(f"pointsman run {FILE}")
    tour.servers_become(
        "up", both("fe-https"), f"fe1 and fe2 are up: 200 to {ADDRESS_BOOK} over TLS"
    )
    with tour.connect(tour.stage.pool_https) as client:
        own = client.subject in ("fe1.jds.net", "fe2.jds.net")
        text = "TLS passes through: a client is shown the certificate of the front end itself"
        tour.telling.claim(text, own, client.subject)
    crowd = tour.crowd(6, "passthrough, pins by address")
    tour.all_known(crowd, 2, "mobile clients that come back, pinned by their address")


def http(tour: Tour) -> None:
    """The second one, with the check of the first: down."""
    tour.telling.step(
        "A virtual service for HTTP, and a check that cannot pass",
        "Add New: the same address, port 80; check HTTP, URL as before",
        f"pools.fe-http.health: {{kind: http, path: {ADDRESS_BOOK}}}; `pointsman reload`",
    )
    tour.change(LyncSite.add_http)
    tour.servers_become("down", both("fe-http"), f"both servers are down: {FORBIDDEN}", FORBIDDEN)
    tour.services_become("down", POOL_HTTP)
    answer = tour.stage.ask_http(BLANK_PAGE)
    tour.telling.claim("its clients are answered 503", answer == 503, str(answer))
    tour.services_become("up", POOL_HTTPS)
    tour.telling.note("The address book wants TLS. In the clear it says 403, and 403 is not up.")
    ran = tour.type_in("health", "try", FILE, "fe-http/fe1", expected=6, most=40)
    text = "the command says what would make the check pass"
    tour.telling.claim(text, ran.says("what would make it pass"), "\n".join(ran.lines))


def right_check(tour: Tour) -> None:
    """The page that is answered in the clear."""
    tour.telling.step(
        "The right check for HTTP",
        f"Check Parameters > URL: {BLANK_PAGE}",
        f"pools.fe-http.health.path: {BLANK_PAGE}; `pointsman reload`",
    )
    tour.change(LyncSite.correct_check)
    tour.servers_become("up", both("fe-http"), f"both servers are up: 200 to {BLANK_PAGE}")
    tour.services_become("up", POOL_HTTP)
    answer = tour.stage.ask_http(BLANK_PAGE)
    tour.telling.claim("its clients are answered 200", answer == 200, str(answer))


def ext(tour: Tour) -> None:
    """The same servers on other ports, for who comes from outside."""
    tour.telling.step(
        "Two more for the reverse proxy: ports 4443 and 8080",
        "Add New, twice: another address; View/Modify Services: Status Up",
        "two pools and two virtual services more; `pointsman reload`, `pointsman status`",
    )
    tour.change(LyncSite.add_ext)
    pools = ("fe-https", "fe-http", "ext-https", "ext-http")
    tour.servers_become("up", both(*pools), "each front end is up in all four pools")
    tour.services_become("up", *FOUR)
    tour.show_services()


def enable_tls(tour: Tour) -> None:
    """TLS is taken off, with what certificate there is: none."""
    tour.telling.step(
        "SSL Acceleration without a certificate",
        "SSL Properties > SSL Acceleration: Enabled; a temporary certificate will be used",
        "tls: {mode: reencrypt} in the place of passthrough; `pointsman reload`",
    )
    tour.change(LyncSite.enable_tls)
    tour.services_become("up", *FOUR)
    tour.early = early = tour.connect(tour.stage.pool_https, believe=False)
    made_up = early.issuer == early.subject and tour.services()[POOL_HTTPS]["tls"]["temporary"]
    tour.telling.claim(
        "a temporary certificate stands in, self-signed, and status says so", made_up, early.issuer
    )
    answer = early.ask("/whoami")
    tour.telling.claim("who accepts it is served", answer.status == 200, str(answer.status))
    refused = tour.stage.crowd(1)
    refused.begin()
    text = "who believes the authority of the lab does not accept it"
    tour.telling.claim(text, refused.seen == {"none": 1}, str(dict(refused.seen)))


def import_certificates(tour: Tour) -> None:
    """The root in DER and the PFX as Windows exports them."""
    tour.telling.step(
        "Import the root and the certificate of the web pool",
        "Intermediate Certs > Add; SSL Certificates > Import: PFX, password, LyncWebPool; Add VS",
        "certificates, intermediates, tls.certificates of two services; `pointsman cert`, `reload`",
    )
    folder = tour.stage.folder
    (folder / _WRONG_FILE).write_text("Passw0rd\n")
    (folder / _RIGHT_FILE).write_text(f"{PASSWORD}\n")
    shown = tour.type_in("cert", "show", PFX, "--password-file", _WRONG_FILE, expected=1)
    tour.telling.claim(
        "a wrong password is refused, and named as the reason", shown.says("password")
    )
    tour.type_in("cert", "show", PFX, ROOT, "--password-file", _RIGHT_FILE)
    early = tour.early
    assert early is not None
    early.ask("/whoami")
    tour.change(LyncSite.import_certificates)
    tour.services_become("up", *FOUR)
    with tour.connect(tour.stage.pool_https) as one, tour.connect(tour.stage.ext_https) as two:
        text = f"both services show the certificate for {WEB_POOL}, issued by the lab's root"
        shown_by = {(each.subject, each.issuer) for each in (one, two)}
        right = shown_by == {(WEB_POOL, "JDS Root CA")} and one.certificate == two.certificate
        tour.telling.claim(text, right, str(shown_by))
    answer = early.ask("/whoami")
    text = "the connection of before is still open, on the temporary certificate it was shown"
    tour.telling.claim(text, answer.status == 200 and early.issuer != "JDS Root CA")
    early.close()
    listed = tour.type_in("cert", "list", FILE)
    text = "one certificate is bound to two services"
    tour.telling.claim(text, listed.says(POOL_HTTPS) and listed.says(EXT_HTTPS))


def server_cookie(tour: Tour) -> None:
    """Finding A: which cookie pins whom."""
    tour.telling.step(
        "Persistence: Server Cookie",
        "Standard Options > Persistence Mode: Server Cookie, Cookie name: Set_Me",
        "pools.*.persistence: {kind: server_cookie, cookie: Set_Me}; `pointsman reload`",
    )
    tour.stage.cookies(given=False)
    tour.change(lambda site: site.persist("server_cookie", "Set_Me", timeout="20m"))
    crowd = tour.crowd(12, "server_cookie Set_Me, which no server sets")
    saw = tour.come_back(crowd, 3)
    text = f"no server sets that cookie, so nobody is pinned: 36 returns, {lost(saw)} lost"
    tour.telling.claim(text, lost(saw) > 0)
    tour.telling.note(
        "The name does matter: a server cookie is only looked at, never made. Two ways are right:"
    )
    tour.telling.did("the front ends are told to give each session the cookie MS-WSMAN")
    tour.stage.cookies(given=True)
    tour.change(lambda site: site.persist("server_cookie", timeout="20m"))
    crowd = tour.crowd(12, "server_cookie MS-WSMAN, which the servers set")
    tour.all_known(crowd, 3, "server_cookie, by the name that the servers do set")
    tour.telling.did("the front ends are told to set no cookie")
    tour.stage.cookies(given=False)
    tour.change(lambda site: site.persist("active_cookie", http_only=False))
    crowd = tour.crowd(12, "active_cookie MS-WSMAN, which we set")
    tour.all_known(crowd, 3, "active_cookie, which we set ourselves")


def reencrypt(tour: Tour) -> None:
    """Servers are spoken TLS to, and verified."""
    stage = tour.stage
    tour.telling.step(
        "Reencrypt, and View/Modify Services once more",
        "SSL Properties > Reencrypt; the appliance verifies no server",
        f"tls.upstream: {{verify: JDSRoot, name: {WEB_POOL}}}; `pointsman reload`",
    )
    tour.change(LyncSite.verify_servers)
    with tour.connect(stage.pool_https, "127.0.1.99") as client:
        told = client.ask("/whoami").body.splitlines()
    port = stage.pool_https[1]
    host = WEB_POOL if port == 443 else f"{WEB_POOL}:{port}"  # as clients write it
    wanted = {"tls: yes", f"host: {host}", "x-forwarded-for: 127.0.1.99"}
    text = "a front end is spoken TLS to, and told Host and the address of the client"
    tour.telling.claim(text, wanted <= {*told}, ", ".join(told))
    stage.front_ends["fe2"].end()
    stage.start_front_ends("fe2", pem=stage.lab.impostor())
    tour.telling.did("fe2 is started with a certificate that another authority has issued")
    names = [f"{pool}/fe2" for pool in ("fe-https", "ext-https")]
    tour.servers_become("down", names, "fe2 is down: its certificate is not accepted", _UNTRUSTED)
    stage.front_ends["fe2"].end()
    stage.start_front_ends("fe2")
    tour.telling.did("fe2 is started with its own certificate again")
    tour.servers_become("up", both("fe-https", "ext-https"), "fe1 and fe2 are up over verified TLS")
    tour.services_become("up", *FOUR)
    tour.show_services()


BUILDING = (
    https, http, right_check, ext, enable_tls, import_certificates, server_cookie, reencrypt
)  # fmt: skip
