"""Which servers the store accepts."""

import pytest

import store


@pytest.mark.parametrize(
    "url",
    ["redis+sentinel://a,b/main", "redis+cluster://a", "valkey://a", "http://a", "nonsense"],
)
def test_other_servers_are_refused_by_name(url: str) -> None:
    with pytest.raises(store.Unsupported, match=r"redis://, rediss:// or unix://"):
        store.open(url)


def test_a_server_that_is_away_shows_at_the_first_call() -> None:
    opened = store.open("unix:///nowhere/at/all.sock")

    with pytest.raises(store.StoreDown):
        opened.ping()
    with pytest.raises(store.StoreDown):
        opened.latest()
    opened.close()
