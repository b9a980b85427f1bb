"""Servers that pictures are fetched from: each is asked in its turn, and holds up nobody else."""
import contextlib

import pytest

from conftest import serving
from harness import sent
from harness.fetched import failed, row_of, settled, tea
from harness.pictures import FETCHING, elsewhere
from harness.sheet import imported
from harness.shop import Shop
from harness.wait import until


@pytest.fixture(scope="module")
def shop():
    with serving(**FETCHING) as server:
        yield Shop(server)


def test_a_server_that_fails_for_a_while_is_asked_again(shop, clay, site):
    broken = site.has("/broken.png", 500, sent.png("mended"))
    busy = site.has("/busy.png", (429, {"Retry-After": "1"}, b""), sent.png("not busy"))
    clay.product(images=[{"url": broken}, {"url": busy}])
    for url, path in ((broken, "/broken.png"), (busy, "/busy.png")):
        assert settled(shop, url)["state"] == "ready"
        assert site.times(path) == 2


def test_a_server_that_nobody_answers_at_fails_in_the_end(shop, clay, site):
    url = site.has("/never.png", 503)
    clay.product(images=[{"url": url}])
    until(lambda: site.times("/never.png") == 1)
    shop.db.rows("update upload set attempts = 5, claimed_until = now() where source_url = %s", url)
    assert failed(shop, url) == ("failed", "unreachable", 503)


def test_a_slow_server_keeps_nobody_else_waiting(shop, clay, site):
    slow = [site.holds(f"/slow{n}.png") for n in range(5)]
    clay.product(images=[{"url": url} for url in slow])
    until(lambda: len(site.asked) == 2)
    with elsewhere() as other:
        url = other.has("/quick.png")
        clay.product(images=[{"url": url}])
        assert settled(shop, url)["state"] == "ready"
    assert len(site.asked) == 2, "a server is asked for two pictures at a time"
    site.go()
    for url in slow:
        assert settled(shop, url)["state"] == "ready"


def test_the_next_picture_of_a_server_is_asked_for_as_soon_as_one_has_come(own_server, site):
    server = own_server(**FETCHING, SEBEZ_JOBS_INTERVAL_MS=3600000)  # nobody looks by the clock
    urls = [site.has(f"/one-of-many{n}.png") for n in range(12)]
    Shop(server).vendor().product(images=[{"url": url} for url in urls])
    until(lambda: len(site.asked) == len(urls))


def test_a_vendor_with_many_slow_servers_keeps_no_other_waiting(shop, clay):
    with contextlib.ExitStack() as slow:
        sites = [slow.enter_context(elsewhere()) for _ in range(6)]
        urls = [site.holds(f"/slow{n}.png") for site in sites for n in range(2)]
        clay.product(images=[{"url": url} for url in urls])
        until(lambda: sum(len(site.asked) for site in sites) == 4)
        with elsewhere() as other:
            url = other.has("/quick.png")
            shop.vendor().product(images=[{"url": url}])
            assert settled(shop, url)["state"] == "ready"
        assert sum(len(site.asked) for site in sites) == 4, "half of the fetchers"
        for site in sites:
            site.go()
        for url in urls:
            assert settled(shop, url)["state"] == "ready"


def test_very_many_servers_that_have_to_wait_keep_no_other_vendor_waiting(shop, clay, site):
    many, hosts = shop.vendor(), [f"0host{n:04}.example" for n in range(1200)]
    shop.db.rows("insert into fetch_host select h, 'infinity' from unnest(%s) h", hosts)
    shop.db.rows("""insert into upload (id, vendor_id, purpose, visibility, state, work, priority,
            source_url, claimed_until, expires_at, uses, released_at)
        select gen_random_uuid(), %s, 'product_image', 'public', 'processing', 'fetch', 2,
               'http://' || h || '/a.png', now(), now(), 1, null
        from unnest(%s) h""", many.id, hosts)
    url = site.has("/allowed.png")
    clay.product(images=[{"url": url}])
    assert settled(shop, url)["state"] == "ready"
    shop.db.rows("update upload set uses = 0, released_at = now() where vendor_id = %s", many.id)


def test_a_server_has_its_pause_between_two_requests(shop, clay, site):
    host = f"127.0.0.1:{site.port}"
    shop.db.rows("insert into fetch_host values (%s, 'infinity')", host)
    url = site.has("/paused.png")
    clay.product(images=[{"url": url}])
    with elsewhere() as other:
        second = other.has("/second.png")
        clay.product(images=[{"url": second}])
        assert settled(shop, second)["state"] == "ready"
    assert site.asked == []
    shop.db.rows("update fetch_host set next_at = now() where host = %s", host)
    assert settled(shop, url)["state"] == "ready"


def test_no_host_of_a_file_keeps_others_from_being_fetched(shop, clay, site):
    long_host = ".".join(["一" * 50] * 3) + ".example"
    imported(clay, tea(f"http://{long_host}/a.png"))
    host = f"127.0.0.1:{site.port}"
    shop.db.rows("insert into fetch_host values (%s, now(), 5000)", host)
    until(lambda: row_of(shop, f"http://{long_host}/a.png")["attempts"] > 0
          or row_of(shop, f"http://{long_host}/a.png")["state"] == "failed")
    url = site.has("/after.png")
    clay.product(images=[{"url": url}])
    assert settled(shop, url)["state"] == "ready"
