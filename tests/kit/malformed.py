"""Requests that are wrong, odd or hostile, and what must become of each (RFC 9110, RFC 9112).

The table is data: one test feeds it to the codec in every split, another sends it through the
running proxy to a real server that notes what reached it. There `forwarding` must be
``Forwarding(x_forwarded=False, via=b"")``, so that nothing is added to what the table tells.
"""

from typing import NamedTuple


class Case(NamedTuple):
    """One thing that a client may send on a new connection.

    Attributes:
        name: unique, says what is odd.
        raw: the bytes.
        rfc: document and section that binds; "-" where it is a limit or decision of ours.
        status: the answer of ours that ends the connection, None if the client may go on.
        reaches: head and body (without its transfer coding) of each request that is complete and
            must reach a server, exactly so, before that.
    """

    name: str
    raw: bytes
    rfc: str
    status: int | None
    reaches: tuple[tuple[bytes, bytes], ...] = ()


GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
PLAIN = (GET + b"\r\n", b"")
# What an attacker wants the server to take for a request of its own.
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"


def refused(rfc: str, status: int = 400, **named: bytes) -> list[Case]:
    """Make a case of each named request, which must be refused with nothing passed on."""
    return [Case(_name(name), raw, rfc, status) for name, raw in named.items()]


def bad_fields(rfc: str, status: int = 400, **named: bytes) -> list[Case]:
    """The same, of field lines in an otherwise sound GET."""
    return [Case(_name(n), GET + lines + b"\r\n\r\n", rfc, status) for n, lines in named.items()]


def bad_framing(rfc: str, status: int = 400, **named: bytes) -> list[Case]:
    """The same, of field lines of a POST behind which a hidden request follows."""
    return [
        Case(_name(n), POST + lines + b"\r\n\r\n" + HIDDEN, rfc, status)
        for n, lines in named.items()
    ]


def bad_chunks(rfc: str, **named: bytes) -> list[Case]:
    """The same, of chunked bodies."""
    head = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    return [Case(_name(name), head + body, rfc, 400) for name, body in named.items()]


def passed(name: str, rfc: str, raw: bytes, head: bytes, body: bytes = b"") -> Case:
    """Make the case of a request that is odd but sound."""
    return Case(name, raw, rfc, None, ((head, body),))


def bad_hosts(rfc: str, *hosts: bytes) -> list[Case]:
    """Make a case of each Host that is none."""
    return [
        Case(f"host {host!r}", b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % host, rfc, 400)
        for host in hosts
    ]


def bad_lines(rfc: str, status: int, *lines: bytes) -> list[Case]:
    """Make a case of each request line that is wrong."""
    return [
        Case(f"line {line[:40]!r}", line + b"\r\nHost: a\r\n\r\n", rfc, status) for line in lines
    ]


def _name(name: str) -> str:
    return name.replace("_", " ")


LINES = [
    *bad_lines("9112 3", 400, b"GET", b"GET /", b"GET / ", b"/ HTTP/1.1", b"GET /HTTP/1.1"),
    *bad_lines("9112 3", 400, b" GET / HTTP/1.1", b"\tGET / HTTP/1.1", b"GET / HTTP/1.1 "),
    *bad_lines("9112 3", 400, b"GET  / HTTP/1.1", b"GET /  HTTP/1.1", b"GET /a b HTTP/1.1"),
    *bad_lines("9112 3", 400, b"GET\t/ HTTP/1.1", b"GET /\tHTTP/1.1", b"GET / HTTP/1.1\t"),
    *bad_lines("9112 3", 400, b"GET\x0b/ HTTP/1.1", b"GET / HTTP/1.1\x00", b"GET / HTTP/1.1\rX"),
    *bad_lines("9112 2.3", 400, b"GET / http/1.1", b"GET / HTTP/1", b"GET / HTTP/1.", b"GET / H"),
    *bad_lines("9112 2.3", 400, b"GET / HTTP/1.10", b"GET / HTTP/01.1", b"GET / HTTP/1.1a"),
    *bad_lines("9112 2.3", 400, b"GET / HTTP 1.1", b"GET / HTTP/+1.1", b"GET / HTTPS/1.1"),
    *bad_lines("9112 2.3", 400, b"DESCRIBE / RTSP/1.0", b"SOURCE / ICE/1.0", b"GET / X HTTP/1.1"),
    *bad_lines("9110 15.6.6", 505, b"GET / HTTP/0.9", b"GET / HTTP/1.2", b"GET / HTTP/1.9"),
    *bad_lines("9110 15.6.6", 505, b"GET / HTTP/2.0", b"GET / HTTP/3.0", b"GET / HTTP/9.1"),
    *bad_lines("9110 9.1", 400, b"GE(T / HTTP/1.1", b"G\xc3\x89T / HTTP/1.1", b"GET: / HTTP/1.1"),
    *bad_lines(
        "9110 9.1", 400, b"G\x00T / HTTP/1.1", b"\x16\x03\x01 / HTTP/1.1", b'"G" / HTTP/1.1'
    ),
    *bad_lines(
        "9112 3.2", 400, b"GET /\x00 HTTP/1.1", b"GET /\x7f HTTP/1.1", b"GET /\x1b HTTP/1.1"
    ),
    *bad_lines("9112 3.2", 400, b"GET /\xc3\xa4 HTTP/1.1", b"GET /\x80 HTTP/1.1"),
    *bad_lines(
        "9112 3.2", 400, b"GET /# HTTP/1.1", b"GET /a#b HTTP/1.1", b"GET http://a/# HTTP/1.1"
    ),
    *bad_lines("9112 3.2", 400, b"GET a HTTP/1.1", b"GET ?x HTTP/1.1", b"GET \\ HTTP/1.1"),
    *bad_lines("9112 3.2.2", 400, b"GET http:/// HTTP/1.1", b"GET http:/a HTTP/1.1"),
    *bad_lines("9112 3.2.2", 400, b"GET http:// HTTP/1.1", b"GET ftp://a/ HTTP/1.1"),
    *bad_lines("9110 4.2.4", 400, b"GET http://u@a/ HTTP/1.1", b"GET http://u:p@a/ HTTP/1.1"),
    *bad_lines("9112 3.2.2", 400, b"GET http://a,b/ HTTP/1.1", b"GET http://a:65536/ HTTP/1.1"),
    *bad_lines("9112 3.2.2", 400, b"GET http://[::g]/ HTTP/1.1", b"GET http://a\\b/ HTTP/1.1"),
    *bad_lines("9112 3.2.3", 400, b"GET a:80 HTTP/1.1", b"CONNECT /x HTTP/1.1"),
    *bad_lines("9110 9.3.6", 400, b"CONNECT a HTTP/1.1", b"CONNECT a: HTTP/1.1"),
    *bad_lines("9110 9.3.6", 400, b"CONNECT a:0 HTTP/1.1", b"CONNECT a:65536 HTTP/1.1"),
    *bad_lines("9110 9.3.6", 400, b"CONNECT http://a:80/ HTTP/1.1", b"CONNECT * HTTP/1.1"),
    *bad_lines("9112 3.2.4", 400, b"GET * HTTP/1.1", b"OPTIONS *x HTTP/1.1", b"POST * HTTP/1.1"),
    *bad_lines("9112 3", 414, b"GET /" + b"a" * 8192 + b" HTTP/1.1", b"G" * 9000 + b" / HTTP/1.1"),
    *refused(
        "9112 2.2",
        two_empty_lines_in_front=b"\r\n\r\n" + GET + b"\r\n",
        bare_LF_in_front=b"\n" + GET + b"\r\n",
        bare_CR_in_front=b"\r" + GET + b"\r\n",
        CR_CR_LF_in_front=b"\r\r\n" + GET + b"\r\n",
        bare_LF_after_request_line=b"GET / HTTP/1.1\nHost: a\r\n\r\n",
        bare_LF_everywhere=b"GET / HTTP/1.1\nHost: a\n\n" + HIDDEN,
        bare_LF_at_the_end=b"GET / HTTP/1.1\r\nHost: a\r\n\n" + HIDDEN,
        CR_at_the_end=b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n" + HIDDEN,
    ),
    *refused("9112 9.2", http2_preface=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status=505),
    *refused("9112 3", http09=b"GET /\r\n\r\n", nothing=b"x\r\n\r\n", tls=b"\x16\x03\x01\r\n\r\n"),
]

HOSTS = [
    *refused(
        "9112 3.2",
        no_host=b"GET / HTTP/1.1\r\n\r\n",
        no_host_but_absolute_form=b"GET http://a/ HTTP/1.1\r\n\r\n",
        two_hosts=GET + b"Host: b\r\n\r\n",
        the_same_host_twice=GET + b"Host: a\r\n\r\n",
        two_hosts_in_other_case=GET + b"hOST: b\r\n\r\n",
        two_hosts_in_HTTP_1_0=b"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
        two_hosts_and_absolute_form=b"GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        empty_host_and_absolute_form=b"GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n",
    ),
    *bad_hosts("9110 7.2", b"", b" ", b"u@a", b"u:p@a", b"a b", b"a,b", b"a, a", b"http://a"),
    *bad_hosts(
        "9110 7.2", b"a:65536", b"a:99999x", b"a:-1", b"a:+80", b"a:80:80", b"a: 80", b":80"
    ),
    *bad_hosts("3986 3.2.2", b"[::1", b"::1", b"[::1]x", b"[:::]", b"[1.2.3.4]", b"[::1%25eth0]"),
    *bad_hosts("3986 3.2.2", b"a/b", b"a?b", b"a#b", b"a\\b", b'"a"', b"a%zz", b"a%4", b"\xc3\xa4"),
    *bad_hosts("9110 5.5", b"a\x00", b"a\x00b", b"a\x0bb", b"a\x7f"),
]

FIELDS = [
    *bad_fields(
        "9112 5",
        no_colon=b"Field",
        empty_name=b": value",
        only_a_colon=b":",
        space_before_colon=b"Field : value",
        tab_before_colon=b"Field\t: value",
        space_in_name=b"Fi eld: value",
        NUL_in_name=b"Fi\x00eld: value",
        control_in_name=b"Fi\x01eld: value",
        unicode_name=b"Fi\xc3\xa9ld: value",
        latin1_name=b"Fi\xe9ld: value",
        quoted_name=b'"Field": value',
        bracketed_name=b"Field[]: value",
        name_with_slash=b"Fi/eld: value",
        NUL_in_value=b"Field: a\x00b",
        control_in_value=b"Field: a\x01b",
        vertical_tab_in_value=b"Field: a\x0bb",
        form_feed_in_value=b"Field: a\x0cb",
        escape_in_value=b"Field: a\x1bb",
        delete_in_value=b"Field: a\x7fb",
        blanks_and_then_NUL=b"Field:" + b" " * 30000 + b"\x00",
    ),
    *bad_fields(
        "9112 2.2",
        bare_CR_in_value=b"Field: a\rb",
        bare_CR_hides_a_field=b"Field: a\rTransfer-Encoding: chunked",
        bare_CR_in_name=b"Fi\reld: a",
        bare_CR_before_CRLF=b"Field: a\r",
        bare_LF_in_value=b"Field: a\nb: c",
        bare_LF_in_name=b"Fi\neld: a",
        LF_CR=b"Field: a\n\rb: c",
    ),
    *bad_fields(
        "9112 5.2",
        folded_by_space=b"Field: a\r\n b",
        folded_by_tab=b"Field: a\r\n\tb",
        folded_empty=b"Field: a\r\n ",
        folded_host=b"X: a\r\n Host: b",
        first_line_begins_with_space=b" Field: a",
    ),
    *refused("9112 2.2", space_before_first_field=b"GET / HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n"),
    *bad_fields("-", 431, one_large_field=b"Field: " + b"a" * 65536),
    *bad_fields("-", 431, large_fields=b"\r\n".join([b"Field: " + b"a" * 999] * 66)),
    *bad_fields("-", 431, many_fields=b"\r\n".join([b"F: a"] * 128)),
    *bad_fields(
        "9110 10.1.1",
        417,
        expects_something_else=b"Expect: 200-ok",
        expects_nothing=b"Expect:",
        expects_more=b"Expect: 100-continue, x",
        expects_twice=b"Expect: 100-continue\r\nExpect: x",
    ),
]

FRAMING = [
    *bad_framing(
        "9110 8.6",
        length_twice=b"Content-Length: 0\r\nContent-Length: 35",
        same_length_twice=b"Content-Length: 35\r\nContent-Length: 35",
        length_twice_in_other_case=b"Content-Length: 0\r\nCONTENT-LENGTH: 35",
        list_of_lengths=b"Content-Length: 35, 35",
        list_of_other_lengths=b"Content-Length: 0, 35",
        length_with_plus=b"Content-Length: +35",
        length_negative=b"Content-Length: -35",
        length_negative_zero=b"Content-Length: -0",
        length_in_hex=b"Content-Length: 0x23",
        length_in_hex_digits=b"Content-Length: 2f",
        length_in_octal=b"Content-Length: 0o43",
        length_with_space_in_it=b"Content-Length: 3 5",
        length_with_tab_in_it=b"Content-Length: 3\t5",
        length_with_underscore=b"Content-Length: 3_5",
        length_with_point=b"Content-Length: 35.0",
        length_with_exponent=b"Content-Length: 3e1",
        length_quoted=b'Content-Length: "35"',
        length_with_semicolon=b"Content-Length: 35;",
        length_of_19_digits=b"Content-Length: 1000000000000000000",
        length_beyond_64_bits=b"Content-Length: 18446744073709551651",
        length_of_400_digits=b"Content-Length: " + b"9" * 400,
        length_with_many_zeros=b"Content-Length: " + b"0" * 400,
        length_empty=b"Content-Length:",
        length_blank=b"Content-Length: \t",
        length_in_other_digits=b"Content-Length: \xd9\xa3",
        length_superscript=b"Content-Length: \xb2",
        length_folded=b"Content-Length: 3\r\n 5",
    ),
    *bad_framing(
        "9112 5.1",
        length_with_vertical_tab=b"Content-Length: 35\x0b",
        length_after_vertical_tab=b"Content-Length:\x0b35",
        length_with_NUL=b"Content-Length: 35\x00",
        length_with_CR=b"Content-Length: 35\r",
        space_before_colon_of_length=b"Content-Length : 35",
        space_before_colon_of_coding=b"Transfer-Encoding : chunked",
        tab_before_colon_of_coding=b"Transfer-Encoding\t: chunked",
        NUL_in_coding=b"Transfer-Encoding\x00: chunked",
        CR_before_coding=b"Field: a\r\rTransfer-Encoding: chunked",
        LF_before_coding=b"Field: a\nTransfer-Encoding: chunked",
        coding_folded=b"Transfer-Encoding:\r\n chunked",
        coding_folded_by_tab=b"Transfer-Encoding:\r\n\tchunked",
        coding_folded_after=b"Transfer-Encoding: chunked\r\n , identity",
        coding_hidden_in_a_fold=b"Field: a\r\n Transfer-Encoding: chunked",
    ),
    *bad_framing(
        "9112 6.1",
        CL_TE=b"Content-Length: 35\r\nTransfer-Encoding: chunked",
        TE_CL=b"Transfer-Encoding: chunked\r\nContent-Length: 35",
        TE_and_length_of_zero=b"Transfer-Encoding: chunked\r\nContent-Length: 0",
        CL_and_identity=b"Content-Length: 35\r\nTransfer-Encoding: identity",
        TE_TE=b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        TE_TE_other_order=b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
        the_same_TE_twice=b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        TE_twice_in_other_case=b"Transfer-Encoding: chunked\r\ntransfer-encoding: x",
        chunked_twice=b"Transfer-Encoding: chunked, chunked",
        chunked_first=b"Transfer-Encoding: chunked, gzip",
        identity=b"Transfer-Encoding: identity",
        gzip_alone=b"Transfer-Encoding: gzip",
        xchunked=b"Transfer-Encoding: xchunked",
        chunkedx=b"Transfer-Encoding: chunkedx",
        chunked_x=b"Transfer-Encoding: chunked x",
        chunked_with_parameter=b"Transfer-Encoding: chunked;x",
        chunked_with_value=b"Transfer-Encoding: chunked;q=1",
        chunked_quoted=b'Transfer-Encoding: "chunked"',
        chunked_in_single_quotes=b"Transfer-Encoding: 'chunked'",
        chunked_after_vertical_tab=b"Transfer-Encoding: \x0bchunked",
        chunked_before_vertical_tab=b"Transfer-Encoding: chunked\x0b",
        chunked_after_form_feed=b"Transfer-Encoding: \x0cchunked",
        chunked_after_nbsp=b"Transfer-Encoding: \xa0chunked",
        chunked_with_unicode_k=b"Transfer-Encoding: chun\xe2\x84\xaaed",
        no_coding=b"Transfer-Encoding:",
        only_a_comma=b"Transfer-Encoding: ,",
        length_after_others=b"Transfer-Encoding: chunked\r\nA: b\r\nContent-Length: 0",
    ),
    *bad_framing(
        "9112 6.1",
        501,
        gzip_chunked=b"Transfer-Encoding: gzip, chunked",
        identity_chunked=b"Transfer-Encoding: identity, chunked",
        chunked_and_empty=b"Transfer-Encoding: chunked,",
        empty_and_chunked=b"Transfer-Encoding: ,chunked",
    ),
    *refused(
        "9112 6.1",
        TE_in_HTTP_1_0=b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        TE_in_HTTP_1_0_kept_alive=b"POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    *refused(
        "9110 9.3.6",
        connect_with_body=b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
        connect_with_chunks=b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
]

CHUNKS = [
    *bad_chunks(
        "9112 7.1",
        size_in_0x=b"0x5\r\nhello\r\n0\r\n\r\n",
        size_with_plus=b"+5\r\nhello\r\n0\r\n\r\n",
        size_negative=b"-5\r\nhello\r\n0\r\n\r\n",
        space_before_size=b" 5\r\nhello\r\n0\r\n\r\n",
        tab_before_size=b"\t5\r\nhello\r\n0\r\n\r\n",
        space_after_size=b"5 \r\nhello\r\n0\r\n\r\n",
        space_in_size=b"0 5\r\nhello\r\n0\r\n\r\n",
        underscore_in_size=b"0_5\r\nhello\r\n0\r\n\r\n",
        no_size=b"\r\nhello\r\n0\r\n\r\n",
        only_an_extension=b";a\r\nhello\r\n0\r\n\r\n",
        letter_in_size=b"5g\r\nhello\r\n0\r\n\r\n",
        NUL_after_size=b"5\x00\r\nhello\r\n0\r\n\r\n",
        size_of_16_digits=b"0000000000000005\r\nhello\r\n0\r\n\r\n",
        size_beyond_64_bits=b"10000000000000005\r\nhello\r\n0\r\n\r\n",
        size_endless=b"0" * 2000,
        bare_LF_after_size=b"5\nhello\r\n0\r\n\r\n",
        bare_CR_after_size=b"5\rhello\r\n0\r\n\r\n",
        CR_CR_LF_after_size=b"5\r\r\nhello\r\n0\r\n\r\n",
        no_CRLF_after_data=b"5\r\nhello0\r\n\r\n",
        data_too_long=b"5\r\nhello!\r\n0\r\n\r\n",
        bare_LF_after_data=b"5\r\nhello\n0\r\n\r\n",
        bare_CR_after_data=b"5\r\nhello\r0\r\n\r\n",
        LF_CR_after_data=b"5\r\nhello\n\r0\r\n\r\n",
    ),
    *bad_chunks(
        "9112 7.1.1",
        bare_LF_in_extension=b"5;a\nhello\r\n0\r\n\r\n",
        bare_CR_in_extension=b"5;a\rb\r\nhello\r\n0\r\n\r\n",
        CR_CR_LF_after_extension=b"5;a\r\r\nhello\r\n0\r\n\r\n",
        NUL_in_extension=b"5;a\x00\r\nhello\r\n0\r\n\r\n",
        control_in_extension=b"5;a\x01\r\nhello\r\n0\r\n\r\n",
        extension_without_semicolon=b"5 a\r\nhello\r\n0\r\n\r\n",
        extension_too_long=b"5;" + b"a" * 1100 + b"\r\nhello\r\n0\r\n\r\n",
        extension_endless=b"5;" + b"a" * 3000,
        CR_in_last_extension=b"5\r\nhello\r\n0;\r\r\n\r\n",
    ),
    *bad_chunks(
        "9112 7.1.2",
        bare_LF_ends_trailers=b"0\r\nA: b\n\r\n",
        bare_LF_in_trailers=b"0\r\nA: b\nC: d\r\n\r\n",
        bare_LF_after_last_chunk=b"0\r\n\nGET / HTTP/1.1\r\n\r\n",
        bare_CR_in_trailer=b"0\r\nA: b\rC: d\r\n\r\n",
        NUL_in_trailer=b"0\r\nA: b\x00\r\n\r\n",
        folded_trailer=b"0\r\nA: b\r\n c\r\n\r\n",
        space_before_colon_of_trailer=b"0\r\nA : b\r\n\r\n",
        trailer_without_colon=b"0\r\nA\r\n\r\n",
        request_as_trailer=b"0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        trailer_of_blanks_and_NUL=b"0\r\nA:" + b" " * 9000 + b"\x00\r\n\r\n",
        trailers_too_large=b"0\r\n" + b"A: bbbbbbbbbbbb\r\n" * 1100 + b"\r\n",
        trailers_endless=b"0\r\nA: " + b"b" * 17000,
    ),
]

MALFORMED = [*LINES, *HOSTS, *FIELDS, *FRAMING, *CHUNKS]
