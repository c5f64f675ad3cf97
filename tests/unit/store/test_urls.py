"""Which servers the store accepts, and what it says of the others."""

import pytest

import store
from store import address

HOSTS = (("a.example", 26379), ("b.example", 7001))


def test_one_server_with_its_secrets_and_database():
    found = address.read("redis://ada:p%40ss@cache.example:6380/2")

    assert (found.kind, found.hosts, found.db) == ("single", (("cache.example", 6380),), 2)
    assert found.secrets == {"username": "ada", "password": "p@ss"}
    assert not found.is_encrypted


def test_ports_have_defaults_and_hosts_may_be_of_ipv6():
    assert address.read("redis://cache").hosts == (("cache", 6379),)
    assert address.read("redis://[::1]").hosts == (("::1", 6379),)
    assert address.read("redis://[fd00::7]:6390/1").hosts == (("fd00::7", 6390),)
    assert address.read("redis+sentinel://a,b/x").hosts == (("a", 26379), ("b", 26379))
    assert address.read("redis+cluster://a:1,[::1]:2").hosts == (("a", 1), ("::1", 2))


def test_a_socket_may_have_a_password_and_a_database():
    found = address.read("unix://:secret@/run/my%20cache.sock?db=3")

    assert (found.path, found.db) == ("/run/my cache.sock", 3)
    assert found.secrets == {"password": "secret"}


def test_sentinels_have_secrets_of_their_own():
    url = "redis+sentinel://ada:pw@a.example,b.example:7001/city/4"
    found = address.read(f"{url}?sentinel_username=eve&sentinel_password=other")

    assert (found.kind, found.hosts, found.service, found.db) == ("sentinel", HOSTS, "city", 4)
    assert found.secrets == {"username": "ada", "password": "pw"}
    assert found.sentinel == {"username": "eve", "password": "other"}


def test_encryption_reaches_master_and_sentinels_unless_said_otherwise():
    both = address.read("rediss+sentinel://a/city?ssl_ca_certs=/etc/ca.pem")
    apart = address.read("rediss+sentinel://a/city?ssl_ca_certs=/etc/ca.pem&sentinel_tls=0")

    assert both.is_encrypted
    assert both.secrets == {"ssl_ca_certs": "/etc/ca.pem"}
    assert both.sentinel == {"ssl": True, "ssl_ca_certs": "/etc/ca.pem"}
    assert apart.is_encrypted
    assert apart.sentinel == {}


@pytest.mark.parametrize("variant", ["", "+sentinel", "+cluster"])
@pytest.mark.parametrize("tls", ["", "s"])
def test_valkey_is_another_name_for_redis(variant: str, tls: str):
    rest = "ada:pw@a,b/city" if variant == "+sentinel" else "ada:pw@a"

    valkey = address.read(f"valkey{tls}{variant}://{rest}")

    assert valkey == address.read(f"redis{tls}{variant}://{rest}")


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("http://a", "is not a store"),
        ("nonsense", "is not a store"),
        ("redis+raft://a", "is not a store"),
        ("unix+cluster://a", "is not a store"),
        ("redis://", "host 1 has no name"),
        ("redis://a,b", "names one host"),
        ("redis://a:zz", "port of host 1"),
        ("redis://a:70000", "port of host 1"),
        ("redis://a:0", "port of host 1"),
        ("redis://[::1", "host is malformed"),
        ("redis://a/one", "database is not a number"),
        ("redis://a/1/2", "at most the database"),
        ("redis://a?timeout=5", "after [?] it knows ssl_ca_certs"),
        ("redis://a?ssl_ca_certs=x", "use a rediss scheme"),
        ("rediss://a?ssl_cert_reqs=maybe", "required, optional or none"),
        ("rediss://a?ssl_check_hostname=maybe", "ssl_check_hostname is 1 or 0"),
        ("unix://", "names no socket"),
        ("redis+sentinel://a,b", "needs the name of the master"),
        ("redis+sentinel://a,,b/x", "host 2 has no name"),
        ("redis+sentinel://a,b:x/x", "port of host 2"),
        ("redis+sentinel://a/x/y", "database is not a number"),
        ("redis+sentinel://a/x?sentinel_tls=1", "needs rediss"),
        ("redis+cluster://a/3", "database 0 only"),
        ("redis://:pa#ss@a", "nothing to say after #"),
    ],
)
def test_a_malformed_url_is_refused_by_its_part(url: str, part: str):
    with pytest.raises(store.Unsupported, match=part):
        store.open(url)


@pytest.mark.parametrize(
    "url",
    [
        "redis://ada:s3cr/et@a",
        "redis://ada:s3cr#et@a",
        "redis://ada:s3cr?et@a",
        "redis://s3cret:x@a:nan",
        "http://ada:s3cret@a",
        "redis+sentinel://ada:s3cr/et@a/x/y/z",
        "redis+sentinel://a/x?sentinel_pasword=s3cret",
        "redis://[s3cret",
    ],
)
def test_no_message_tells_a_secret(url: str):
    with pytest.raises(store.Unsupported) as caught:
        store.open(url)

    assert "s3cr" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_no_secret_stands_in_what_is_logged_of_an_address():
    found = address.read("redis+sentinel://ada:s3cret@a/x?sentinel_password=s3cret")

    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    "url",
    [
        "unix:///nowhere/at/all.sock",
        "redis://127.0.0.1:1",
        "redis+sentinel://127.0.0.1:1,127.0.0.1:2/city",
        "redis+cluster://127.0.0.1:1,127.0.0.1:2",
    ],
)
def test_a_server_that_is_away_shows_at_the_first_call(url: str):
    opened = store.open(url)

    with pytest.raises(store.StoreDown):
        opened.ping()
    with pytest.raises(store.StoreDown):
        opened.latest()
    with pytest.raises(store.StoreDown):
        opened.records()
    assert next(opened.ticks(0.01)) is None
    opened.close()
