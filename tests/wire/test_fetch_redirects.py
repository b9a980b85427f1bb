"""Servers that lead to others: each is asked in its turn, as if a picture had named it itself."""
import pytest

from conftest import serving
from harness import sent
from harness.fetched import failed, row_of, settled
from harness.pictures import FETCHING, elsewhere
from harness.shop import Shop
from harness.wait import until


@pytest.fixture(scope="module")
def shop():
    with serving(**FETCHING) as server:
        yield Shop(server)


@pytest.fixture
def other():
    """Where the site leads to."""
    with elsewhere() as other:
        yield other


def leads(site, path, *targets):
    """The URL of a path that leads to these in turn."""
    return site.has(path, *((302, {"Location": target}, b"") for target in targets))


def host(site):
    return f"127.0.0.1:{site.port}"


def pause(shop, site):
    """It may not be asked before go_on()."""
    shop.db.rows("insert into fetch_host values (%s, 'infinity')"
                 " on conflict (host) do update set next_at = 'infinity'", host(site))


def go_on(shop, site):
    shop.db.rows("update fetch_host set next_at = now() where host = %s", host(site))


def failures(shop, site):
    return shop.db.one("select failures from fetch_host where host = %s", host(site))


def test_a_picture_comes_from_where_its_server_leads(shop, clay, site, other):
    url = leads(site, "/moved.png", "/here/moved.png")
    leads(site, "/here/moved.png", other.has("/there.png"))
    clay.product(images=[{"url": url}])
    assert settled(shop, url)["state"] == "ready"
    assert [path for path, _ in site.asked] == ["/moved.png", "/here/moved.png"]
    assert other.times("/there.png") == 1


def test_a_server_that_another_leads_to_is_asked_in_its_turn(shop, clay, site, other):
    pause(shop, other)
    url = leads(site, "/moved.png", other.has("/there.png"))
    clay.product(images=[{"url": url}])
    until(lambda: row_of(shop, url)["source_host"] == host(other))
    near = site.has("/near.png")
    clay.product(images=[{"url": near}])
    assert settled(shop, near)["state"] == "ready"
    assert other.asked == []
    go_on(shop, other)
    assert settled(shop, url)["state"] == "ready"
    assert (site.times("/moved.png"), other.times("/there.png")) == (1, 1)
    assert row_of(shop, url)["turned_url"] is None, "the next time begins with its own address"


def test_a_server_that_others_lead_to_is_asked_for_two_pictures_at_a_time(shop, clay, site, other):
    urls = []
    for n in range(5):
        urls.append(leads(site, f"/moved{n}.png", other.holds(f"/there{n}.png")))
    clay.product(images=[{"url": url} for url in urls])
    until(lambda: sum(path.startswith("/moved") for path, _ in site.asked) >= 4)
    near = site.has("/near.png")
    clay.product(images=[{"url": near}])
    assert settled(shop, near)["state"] == "ready"
    until(lambda: len(other.asked) >= 2)
    assert len(other.asked) == 2
    other.go()
    for url in urls:
        assert settled(shop, url)["state"] == "ready"
    assert len(site.asked) == 6, "nothing is asked for again because another server is busy"


def test_failures_count_for_the_server_that_failed(shop, clay, site, other):
    url = leads(site, "/moved.png", other.has("/there.png", 503, sent.png("there")))
    clay.product(images=[{"url": url}])
    until(lambda: len(other.asked) == 1)
    until(lambda: row_of(shop, url)["source_host"] == host(other))
    assert failures(shop, site) == 0
    assert settled(shop, url)["state"] == "ready"
    assert (site.times("/moved.png"), other.times("/there.png")) == (1, 2)
    assert failures(shop, other) == 0


def test_an_address_that_is_gone_meanwhile_is_asked_for_from_the_start(shop, clay, site, other):
    pause(shop, other)
    url = leads(site, "/moved.png", other.url("/for-a-minute.png"), other.has("/anew.png"))
    clay.product(images=[{"url": url}])
    until(lambda: row_of(shop, url)["source_host"] == host(other))
    go_on(shop, other)
    assert settled(shop, url)["state"] == "ready"
    assert site.times("/moved.png") == 2


def test_servers_that_lead_to_each_other_fail_in_the_end(shop, clay, site, other):
    def leads_to(there, path):
        def answer(handler):
            pause(shop, there)
            handler.send_response(302)
            handler.send_header("Location", there.url(path))
            handler.end_headers()
        return answer

    url = site.has("/a.png", leads_to(other, "/b.png"))
    other.has("/b.png", leads_to(site, "/a.png"))
    clay.product(images=[{"url": url}])

    def has_failed():
        row = row_of(shop, url)
        shop.db.rows("update fetch_host set next_at = now() where host = %s", row["source_host"])
        return row["state"] == "failed"

    until(has_failed)
    assert failed(shop, url) == ("failed", "refused", None)
