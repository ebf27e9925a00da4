"""What is a public address, and what the operator's list opens."""

from ipaddress import ip_address

import pytest

from imposter.contracts.url_guard import AddressGuard, PrivateAddress, is_public

NOBODYS = AddressGuard()


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.32.0.1",
        "168.63.129.17",
        "192.0.1.1",
        "198.20.0.1",
        "223.255.255.1",
        "2606:4700::1111",
        "2a00:1450:4001::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "127.0.0.1",
        "127.255.255.254",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.1.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%1",
        "fec0::1",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "100::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        "4000::1",
    ],
)
def test_a_private_or_reserved_address_is_not(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254"],
)
def test_the_metadata_services_of_the_clouds_are_not(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "2002:7f00:1::1",
        "2001:0:7f00:1::1",
    ],
)
def test_an_ipv4_address_in_disguise_is_judged_by_what_it_hides(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("http://127.0.0.1:11434/v1", "127.0.0.1:11434"),
        ("http://localhost/v1", "localhost:80"),
        ("https://LOCALHOST./v1", "localhost:443"),
        ("http://ollama.localhost:1/v1", "ollama.localhost:1"),
        ("http://[::1]:8080/v1", "[::1]:8080"),
        ("http://[::ffff:10.0.0.1]/v1", "[::ffff:a00:1]:80"),
        ("http://2130706433/v1", "127.0.0.1:80"),
        ("http://0x7f.1:99/v1", "127.0.0.1:99"),
        ("http://0177.0.0.1/v1", "127.0.0.1:80"),
        ("http://169.254.169.254/latest/meta-data", "169.254.169.254:80"),
    ],
)
def test_a_url_with_a_private_address_is_refused_with_the_entry_that_would_allow_it(url: str, entry: str) -> None:
    refusal = NOBODYS.refusal(url)
    assert refusal is not None
    assert refusal.endswith(f"adds {entry} to IMPOSTER_ALLOW_PRIVATE_URLS")
    assert AddressGuard.read(entry).refusal(url) is None


@pytest.mark.parametrize(
    "url", ["https://api.openai.com/v1", "http://8.8.8.8/", "http://localhost.example/", "http://10.example/"]
)
def test_a_url_that_may_be_public_is_judged_when_it_is_connected_to(url: str) -> None:
    assert NOBODYS.refusal(url) is None


def test_an_entry_with_a_port_allows_that_port_alone_and_one_without_allows_all() -> None:
    guard = AddressGuard.read("Ollama.lan:11434, 10.1.2.3, ::1")
    assert guard.checked("ollama.LAN.", 11434, ["10.0.0.9"]) == ["10.0.0.9"]
    assert guard.checked("10.1.2.3", 81, ["10.1.2.3"]) == ["10.1.2.3"]
    assert guard.checked("::1", 5, ["::1"]) == ["::1"]
    for host, port in (("ollama.lan", 80), ("other.lan", 11434), ("10.1.2.4", 80)):
        with pytest.raises(PrivateAddress, match=f"adds {host}:{port} to"):
            guard.checked(host, port, ["10.1.2.4"])


def test_of_a_names_addresses_only_the_public_ones_are_connected_to() -> None:
    assert NOBODYS.checked("model.example", 443, ["10.0.0.1", "8.8.8.8", "::1"]) == ["8.8.8.8"]


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "*.lan",
        "localhost,",
        "10.0.0.0/8",
        "http://localhost",
        "localhost:0",
        "localhost:65536",
        "me@host",
        "a b",
        "host:x",
        "[::1",
    ],
)
def test_an_entry_that_is_no_host_is_refused_by_its_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"^entry \d is no host or host:port"):
        AddressGuard.read(text)
