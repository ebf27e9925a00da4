"""Requests as an attacker writes them: each is bytes for a socket, for any method and address of the server."""

import gzip
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

MEGABYTE = 1024 * 1024
FULL = MEGABYTE - 2048
"""A body that is just let in."""
ODD_WORDS = {
    "digits": "7" * 4000,
    "too many digits": "7" * 10_000,
    "foreign digits": "%D9%A3%D9%A3",
    "signs": "-1",
    "exponent": "1e999",
    "nul": "a%00b",
    "no utf-8": "%ff%fe",
    "half a character": "%ED%A0%80",
    "slashes": "..%2f..%2f..%2fetc%2fpasswd",
    "percent": "%" * 3000,
    "direction": "%E2%80%AE%E2%81%A6",
    "long": "a" * 4000,
    "braces": "{instance_id}%0d%0aX-Odd:%201",
}
"""What stands in an address in place of an id or a number."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """`fields` are header lines; `body` comes as it is, with its length unless `framed` says that it has its own."""

    name: str
    fields: tuple[bytes, ...] = ()
    body: bytes | None = None
    query: str = ""
    framed: bool = False

    def request(self, method: str, address: str, more: tuple[bytes, ...] = ()) -> bytes:
        lines = [
            f"{method} {address}{'?' + self.query if self.query else ''} HTTP/1.1".encode(),
            b"Host: 127.0.0.1",
            b"Connection: close",
            *more,
            *self.fields,
        ]
        if self.body is not None and not self.framed:
            lines.append(b"Content-Length: %d" % len(self.body))
        return b"\r\n".join(lines) + b"\r\n\r\n" + (self.body or b"")


def heads() -> Iterator[Hostile]:
    """Requests without a body."""
    escapes = b'"' + b'\\"' * 14_000 + b'"'
    yield Hostile("cookie of escapes", (b"Cookie: a=" + escapes,))
    yield Hostile("session of escapes", (b"Cookie: imposter_session=" + escapes,))
    yield Hostile("cookie of spaces", (b"Cookie: " + b" " * 30_000 + b"=",))
    yield Hostile("cookie of many", (b"Cookie: " + b"a=1; " * 6000,))
    yield Hostile("sessions", (b"Cookie: " + b"imposter_session=x;" * 1500,))
    for name in ("Accept", "Range", "Cookie", "Authorization", "If-None-Match", "X-Forwarded-For", "Content-Type"):
        yield Hostile(f"many fields {name}", tuple([f"{name}: a=1".encode()] * (30_000 // (len(name) + 7))))
        yield Hostile(f"ninety fields {name}", tuple([f"{name}: a=1,{',' * 200}".encode()] * 90))
    yield Hostile("ranges", (b"Range: bytes=" + b"0-," * 9000,))
    yield Hostile("etags", (b"If-None-Match: " + b'W/"' * 9000,))
    yield Hostile("forwarded", (b"X-Forwarded-For: " + b"127.0.0.1," * 3000, b"X-Forwarded-Proto: " + b"h" * 100))
    yield Hostile("forwarded port", (b"X-Forwarded-For: 1.2.3.4:" + b"9" * 9000,))
    yield Hostile("types", (b"Content-Type: text/plain" + b';a="' * 7000,))
    yield Hostile("type without end", (b'Content-Type: multipart/form-data; boundary="' + b'\\"' * 14_000,))
    yield Hostile("events", (b"Last-Event-ID: " + b"a-b." * 7000,))
    yield Hostile("bytes in a name", (b"\xff\xfe: a", b"\x7f: b"))
    yield Hostile("space in a name", (b"a b: c",))
    yield Hostile("no name", (b": c",))
    yield Hostile("folded", (b"A: b\r\n c\r\n d",))
    yield Hostile("bytes in a value", (b"User-Agent: " + bytes(range(128, 256)) * 100, b"HX-Request: \xff"))
    yield Hostile("one field of a megabyte", (b"A: " + b"x" * MEGABYTE,))
    yield Hostile("length of digits", (b"Content-Length: " + b"9" * 10_000,))
    yield Hostile("length below nothing", (b"Content-Length: -1",))
    yield Hostile("two lengths", (b"Content-Length: 5", b"Content-Length: 6"))
    yield Hostile("length and chunks", (b"Content-Length: 5", b"Transfer-Encoding: chunked"), b"0\r\n\r\n", framed=True)
    yield Hostile("odd coding", (b"Transfer-Encoding: chunked, identity, gzip",))
    yield Hostile("continue", (b"Expect: 100-continue",), b"{}")
    yield Hostile("expects much", (b"Expect: " + b"100-continue," * 2000,))
    yield Hostile("websocket", (b"Connection: upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13",
                                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="))  # fmt: skip
    yield Hostile("http 2", (b"Connection: upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"))
    yield Hostile("hosts", (b"Host: " + b"a" * 8000,))
    yield Hostile("origin", (b"Origin: http://" + b"a" * 8000, b"Sec-Fetch-Site: " + b"none," * 1000))


def queries() -> Iterator[Hostile]:
    """What stands behind the question mark."""
    yield Hostile("many parameters", query="&".join(f"a{number}=1" for number in range(1200)))
    yield Hostile("many parameters of one name", query="limit=1&" * 1000)
    yield Hostile("empty parameters", query="&" * 8000)
    yield Hostile("a long query", query="a" * 20_000)
    yield Hostile("percents", query="contact=" + "%" * 8000)
    yield Hostile("escapes", query="contact=" + "%41" * 2700)
    yield Hostile("no utf-8", query="contact=%ff%fe&chat=%ff&next=%ff&conversation=%ED%A0%80&seen=%ff")
    yield Hostile("nul", query="contact=%00&chat=a%00b&conversation=%00&next=/%00&by=%00&from=%00&key=%00")
    yield Hostile("digits", query="limit=" + "9" * 5000 + "&before=1")
    yield Hostile("digits of before", query="chat=a&before=" + "9" * 5000)
    yield Hostile("odd numbers", query="limit=1e9&before=-1&pairs=NaN&chat=x&contact=x")
    yield Hostile("far days", query="from=0000-00-00&to=9999-99-99")
    yield Hostile("first and last day", query="from=0001-01-01&to=9999-12-31")
    yield Hostile("seen", query="seen=" + "a-b." * 2000)


def bodies(token: str = "") -> Iterator[Hostile]:
    """A megabyte, or what costs more than its bytes. `token` is the one of the page's forms."""
    yield from _json()
    yield from _forms(f"form_token={token}&".encode())
    yield from _multipart(token)
    yield from _framed()


def _json() -> Iterator[Hostile]:
    half = FULL // 2
    texts: Mapping[str, bytes] = {
        "depth of arrays": b"[" * FULL,
        "depth of objects": b'{"a":' * (FULL // 5),
        "closed depth": b"[" * half + b"]" * half,
        "digits": b'{"pairs":' + b"9" * FULL + b"}",
        "four thousand digits": b'{"minutes":' + b"9" * 4000 + b"}",
        "digits behind the point": b"[0." + b"1" * FULL + b"]",
        "exponent": b"[1e" + b"9" * 10_000 + b"]",
        "many numbers": b"[" + b"0," * half + b"0]",
        "many numbers of digits": b"[" + b",".join([b"9" * 4000] * 260) + b"]",
        "many objects": b"[" + b",".join([b"{}"] * (FULL // 3)) + b"]",
        "many keys": b"{" + b",".join(b'"%d":0' % number for number in range(90_000)) + b"}",
        "one key": b"{" + b",".join([b'"a":0'] * (FULL // 6)) + b"}",
        "escapes": b'{"contact":"x","text":"' + b"\\u0041" * (FULL // 6 - 10) + b'"}',
        "half characters": b'{"contact":"\\ud800","text":"\\udfff","user_id":"\\ud800"}',
        "nul": b'{"contact":"a\\u0000b","text":"\\u0000","phone":"\\u0000","key":"\\u0000"}',
        "nul in a config": b'[{"user_id":"a\\u0000b","chat_provider_config":{"provider_name":"dummy",'
        b'"provider_config":{}},"llm_provider_config":{"provider_name":"fakeLlm","provider_config":{}}}]',
        "long text": b'{"contact":"x","text":"' + b"a" * (FULL - 100) + b'"}',
        "long list": b'[{"user_id":"hostile","respond_to_whitelist":["' + b'","'.join([b"1"] * 200_000) + b'"]}]',
        "many contacts": b'[{"user_id":"hostile","contacts":{'
        + b",".join(b'"%d":{"x":1}' % number for number in range(60_000))
        + b"}}]",
        "many unknown fields": b'[{"user_id":"hostile",'
        + b",".join(b'"%d":0' % number for number in range(90_000))
        + b"}]",
        "many configs": b"[" + b",".join([b'{"user_id":"a"}'] * 60_000) + b"]",
        "no number": b"[NaN, Infinity, -Infinity]",
        "utf-16": '{"contact":"x"}'.encode("utf-16"),
        "no utf-8": b'{"contact":"\xff\xfe"}',
        "no json": b"\x00" * FULL,
        "spaces": b" " * FULL,
        "quotes": b'"' * FULL,
        "backslashes": b'["' + b"\\\\" * (half - 10) + b'"]',
    }
    for name, text in texts.items():
        yield Hostile(f"json, {name}", (b"Content-Type: application/json",), text)
    yield Hostile("json, another charset", (b"Content-Type: application/json; charset=utf-7",), b"{}")
    coded = (b"Content-Type: application/json", b"Content-Encoding: gzip")
    yield Hostile("json, compressed", coded, gzip.compress(b" " * 50 * MEGABYTE))


def _forms(token: bytes) -> Iterator[Hostile]:
    kind = b"Content-Type: application/x-www-form-urlencoded"
    texts: Mapping[str, bytes] = {
        "fields without names": b"&" * FULL,
        "semicolons": b";" * FULL,
        "equal signs": b"=" * FULL,
        "many fields": b"a=b&" * (FULL // 4),
        "few fields": token + b"a=b&" * 300 + b"text=" + b"x" * 900_000,
        "percents": token + b"text=" + b"%" * (FULL - 200),
        "escapes": token + b"text=" + b"%41" * (FULL // 3 - 200),
        "plus signs": token + b"text=" + b"+" * (FULL - 200),
        "long name": token + b"a" * (FULL - 200),
        "no utf-8": token + b"text=%ff%fe&contact=%ED%A0%80&chat=%ff&user_id=%ED%A0%80&key=%ff",
        "nul": token + b"text=a%00b&contact=%00&chat=a%00b&user_id=%00&key=%00&phone=%00&do=send",
        "lines": token + b"who=only&whitelist=" + b"%0a" * 300_000,
        "names": token + b"who=only&user_id=x&whitelist=" + b"1%0a" * 200_000,
        "depth": token + b"more=" + b"[" * 900_000,
        "digits": token + b"pairs=" + b"9" * 900_000,
        "digits of a setting": token
        + b"user_id=x&chat_provider=dummy&llm_provider=openAi&llm.openAi.temperature="
        + b"9" * 900_000,
        "line ends": token + b"user_id=x&text=" + b"%0d%0a" * 150_000,
    }
    for name, text in texts.items():
        yield Hostile(f"form, {name}", (kind,), text)
    for charset in (b"punycode", b"idna", b"utf-7", b"utf-16", b"zlib", b"x" * 20_000, b'"punycode"'):
        yield Hostile(f"form in {charset[:9]!r}", (kind + b"; charset=" + charset,), token + b"text=" + b"a" * 900_000)


def _multipart(token: str) -> Iterator[Hostile]:
    kind = b"Content-Type: multipart/form-data; boundary=x"
    field = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
    known = b'--x\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n' + token.encode() + b"\r\n"
    end = b"\r\n--x--\r\n"
    texts: Mapping[str, bytes] = {
        "many parts": (field + b"a\r\n") * 15_000 + end,
        "few parts": known + (field + b"a\r\n") * 300 + end,
        "two files": known + field.replace(b'"text"', b'"file"; filename="a"') * 2 + end,
        "half boundaries": known + field + b"\r\n--" * 240_000 + end,
        "nearly boundaries": known + field + b"\r\n--y" * 200_000 + end,
        "carriage returns": known + field + b"\r" * 1_000_000 + end,
        "line feeds": known + field + b"\n" * 1_000_000 + end,
        "long headers": b"--x\r\nA: " + b"a" * 1_000_000,
        "many headers": b"--x\r\n" + b"A: b\r\n" * 160_000,
        "quotes in a header": b'--x\r\nContent-Disposition: form-data; name="' + b'\\";' * 1300 + b"\r\n\r\n",
        "no end": known + field + b"a" * 1_000_000,
        "before the first": b"a" * 1_000_000,
        "line feeds before the first": b"\r\n" * 500_000,
        "behind the last": known + end + b"a" * 1_000_000,
        "no name": b"--x\r\nContent-Disposition: form-data\r\n\r\na" + end,
        "no disposition": b"--x\r\n\r\na" + end,
        "no utf-8": known + field + b"\xff\xfe\x00" + end,
        "odd name": b'--x\r\nContent-Disposition: form-data; name="\xff\x00"; filename="\xff/../\x00"\r\n\r\na' + end,
        "part with a charset": known
        + b'--x\r\nContent-Disposition: form-data; name="text"\r\nContent-Type: text/plain; charset=punycode\r\n\r\n'
        + b"a" * 900_000
        + end,
    }
    for name, text in texts.items():
        yield Hostile(f"multipart, {name}", (kind,), text)
    for charset in (b"punycode", b"idna", b"utf-7", b"base64"):
        of = kind + b"; charset=" + charset
        yield Hostile(f"multipart in {charset!r}", (of,), known + field + b"a" * 900_000 + end)
    yield Hostile("multipart, no boundary", (b"Content-Type: multipart/form-data",), field + end)
    yield Hostile("multipart, empty boundary", (b"Content-Type: multipart/form-data; boundary=",), b"--" * 500_000)
    yield Hostile("multipart, long boundary", (kind + b"x" * 20_000,), b"--" * 500_000)
    dashes = kind[:-1] + b"-" * 70
    yield Hostile("multipart, boundary of dashes", (dashes,), b"-" * 1_000_000)
    yield Hostile("multipart, part of dashes", (dashes,), b"-" * 72 + field[3:] + b"\r\n" + b"-" * 900_000)


def _framed() -> Iterator[Hostile]:
    fields = (b"Content-Type: application/json", b"Transfer-Encoding: chunked")
    yield Hostile("chunks, of a byte", fields, b"1\r\n \r\n" * 60_000 + b"0\r\n\r\n", framed=True)
    yield Hostile("chunks, long extension", fields, b"1;" + b"a" * 300_000, framed=True)
    yield Hostile("chunks, extensions", fields, (b"1;" + b"a" * 3000 + b"\r\n \r\n") * 100 + b"0\r\n\r\n", framed=True)
    yield Hostile("chunks, long trailer", fields, b"2\r\n{}\r\n0\r\nA: " + b"a" * 300_000, framed=True)
    yield Hostile("chunks, trailers", fields, b"2\r\n{}\r\n0\r\n" + b"A: b\r\n" * 3000 + b"\r\n", framed=True)
    yield Hostile("chunks, huge chunk", fields, b"fffffffffffffffff\r\n" + b" " * 100_000, framed=True)
    yield Hostile("chunks, no chunk", fields, b"xyz\r\n", framed=True)
    yield Hostile("chunks, digits of a chunk", fields, b"0" * 100_000 + b"1\r\n \r\n0\r\n\r\n", framed=True)


def lines(address: Callable[[int], str]) -> Iterator[tuple[str, bytes]]:
    """What is hardly a request; `address` gives one of a length."""
    rest = b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    for length in (5000, 100_000, MEGABYTE):
        yield f"an address of {length}", b"GET " + address(length).encode() + rest
    yield "no http", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500 + b"\r\n\r\n"
    yield "a long method", b"G" * 100_000 + b" /" + rest
    yield "an odd method", b"PROPFIND /" + rest
    yield "trace", b"TRACE /" + rest
    yield "connect", b"CONNECT 127.0.0.1:22" + rest
    yield "star", b"OPTIONS *" + rest
    yield "whole address", b"GET http://127.0.0.1:99999999/healthz" + rest
    yield "half an address", b"GET //[::1" + rest
    yield "no address", b"GET " + rest
    yield "bytes in the address", b"GET /\xff\xfe" + rest
    yield "tabs", b"GET\t/healthz" + rest
    yield "an old version", b"GET / HTTP/0.9\r\n\r\n"
    yield "a new version", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    yield "line feeds", b"\r\n" * 100_000
    yield "requests ahead", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 10_000
