"""Health checks in the box: asks a server whether it is well, one protocol a file."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.contracts import Offer
from pointsman.hookspecs import hookimpl
from pointsman_healthcheck import (
    agent_check,
    dns_check,
    exec_check,
    ftp_check,
    http_check,
    https_check,
    icmp_check,
    imap_check,
    ldap_check,
    mysql_check,
    nntp_check,
    none_check,
    pop3_check,
    postgres_check,
    rdp_check,
    redis_check,
    send_expect_check,
    smtp_check,
    tcp_check,
    telnet_check,
)
from pointsman_healthcheck.greeting import GreetingSettings


@hookimpl
def health_checks() -> Mapping[str, Offer]:
    """The checks of this package, by the name used under ``health: {kind: ...}``."""
    return {
        "tcp": Offer(tcp_check.TcpSettings, tcp_check.make, "a TCP connection is accepted"),
        "http": Offer(
            http_check.HttpSettings, http_check.make, "an HTTP request is answered well", (80,)
        ),
        "https": Offer(https_check.HttpsSettings, https_check.make, "the same over TLS", (443,)),
        "icmp": Offer(icmp_check.IcmpSettings, icmp_check.make, "the machine answers a ping"),
        "dns": Offer(dns_check.DnsSettings, dns_check.make, "a question is answered"),
        "smtp": Offer(smtp_check.SmtpSettings, smtp_check.make, "a greeting with 220", (25,)),
        "imap": Offer(GreetingSettings, imap_check.make, "a greeting with * OK", (143,)),
        "pop3": Offer(GreetingSettings, pop3_check.make, "a greeting with +OK", (110,)),
        "ftp": Offer(GreetingSettings, ftp_check.make, "a greeting with 220", (21,)),
        "nntp": Offer(GreetingSettings, nntp_check.make, "a greeting with 200 or 201", (119,)),
        "telnet": Offer(GreetingSettings, telnet_check.make, "the server says something", (23,)),
        "ldap": Offer(ldap_check.LdapSettings, ldap_check.make, "a bind is answered", (389,)),
        "redis": Offer(redis_check.RedisSettings, redis_check.make, "PING is answered"),
        "postgres": Offer(
            postgres_check.PostgresSettings, postgres_check.make, "a startup message is answered"
        ),
        "mysql": Offer(mysql_check.MysqlSettings, mysql_check.make, "the server greets us"),
        "rdp": Offer(rdp_check.RdpSettings, rdp_check.make, "a connection is confirmed"),
        "send_expect": Offer(
            send_expect_check.SendExpectSettings,
            send_expect_check.make,
            "bytes are sent, and bytes are expected",
        ),
        "exec": Offer(exec_check.ExecSettings, exec_check.make, "a command says so"),
        "agent": Offer(
            agent_check.AgentSettings, agent_check.make, "an agent on the server says how it is"
        ),
        "none": Offer(none_check.NoneSettings, none_check.make, "never asked, always up"),
    }
