"""`sebez probe`: what a customer does, from outside, as a check that runs all the time."""
import json

import pytest
from harness import s3_front
from harness.shop import ADDRESS, PASSWORD

STEPS = ["ready", "sign_in", "clear", "browse", "sync", "cart", "order", "message", "events",
         "cancel", "sign_out"]


def probe(server, *words, monkeypatch=None, url=None):
    if monkeypatch:
        monkeypatch.setitem(server.environment, "SEBEZ_PROBE_PASSWORD", PASSWORD)
        monkeypatch.setitem(server.environment, "SEBEZ_CA_FILE", str(server.trusted or ""))
        if not isinstance(server.trusted, str):
            monkeypatch.delitem(server.environment, "SEBEZ_CA_FILE")
    return server.sebez("probe", *words, url or server.url, check=False)


def named(done):
    return [line.split()[0] for line in done.stdout.splitlines() if " ms" in line
            and not line.startswith("all ")]


def test_a_probe_does_what_a_customer_does_and_leaves_nothing(shop, tmp_path, monkeypatch):
    vendor, customer = shop.vendor(), shop.customer()
    product = vendor.product(stock=5)
    file = tmp_path / "probe.prom"
    done = probe(shop.server, "--email", customer.account["email"], "--vendor", vendor.slug,
                 "--metrics", str(file), monkeypatch=monkeypatch)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert named(done) == STEPS and "all steps succeeded" in done.stdout
    (order,) = customer.all("listOrders")
    assert order["status"] == "cancelled" and product.available == 5
    lines = file.read_text().splitlines()
    assert "sebez_probe_success 1" in lines
    assert [line.split('"')[1] for line in lines if line.startswith("sebez_probe_step")] == STEPS


def test_a_probe_that_cannot_order_says_so_and_signs_out(shop, tmp_path, monkeypatch):
    vendor, customer = shop.vendor(), shop.customer()
    file = tmp_path / "probe.prom"
    done = probe(shop.server, "--email", customer.account["email"], "--vendor", vendor.slug,
                 "--metrics", str(file), monkeypatch=monkeypatch)
    assert done.returncode == 1
    assert "failed: there is no product in stock" in done.stdout
    assert named(done) == ["ready", "sign_in", "clear", "sign_out"]
    assert "sebez_probe_success 0" in file.read_text().splitlines()


def through(front, vendor, customer, monkeypatch):
    return probe(vendor.shop.server, "--email", customer.account["email"], "--vendor", vendor.slug,
                 monkeypatch=monkeypatch, url=front.endpoint)


@pytest.fixture
def front(server):
    one = s3_front.Front(f"http://127.0.0.1:{server.port}")
    yield one
    one.down()


@pytest.mark.parametrize("lost", ["/v1/orders", "/cancel"])
def test_an_order_whose_answer_was_lost_is_cancelled(shop, front, monkeypatch, lost):
    vendor, customer = shop.vendor(), shop.customer()
    product = vendor.product(stock=5)
    front.fault = lambda request: (request.command == "POST" and request.path.endswith(lost)
                                   and front.faults == 0 and s3_front.halve(request))
    done = through(front, vendor, customer, monkeypatch)
    assert (done.returncode, front.faults) == (0, 1), done.stdout
    (order,) = customer.all("listOrders")
    assert order["status"] == "cancelled" and product.available == 5


def test_a_probe_clears_what_an_earlier_one_has_left_and_nothing_else(shop, monkeypatch):
    vendor, customer = shop.vendor(), shop.customer()
    product, gone = vendor.product(stock=5), vendor.product(stock=1)
    own = customer.order(product)
    left = customer.order(product, shipping_address=ADDRESS | {"name": "Synthetic check"})
    customer.cart(gone)
    shop.customer().order(gone)
    done = probe(shop.server, "--email", customer.account["email"], "--vendor", vendor.slug,
                 monkeypatch=monkeypatch)
    assert done.returncode == 0, done.stdout
    assert customer.see(own)["status"] == "placed" and product.available == 4
    assert customer.see(left)["status"] == "cancelled"


def test_a_probe_that_hears_of_nothing_cancels_its_order(shop, front, monkeypatch):
    vendor, customer = shop.vendor(), shop.customer()
    product = vendor.product(stock=5)

    def put_off(request):
        if not request.path.startswith("/v1/events?"):
            return False
        body = json.dumps({"items": [], "cursor": "0", "resync": False, "next_poll_ms": 60000,
                           "passing": []}).encode()
        request.give(200, [("Content-Length", str(len(body)))], body)
        return True

    front.fault = put_off
    done = through(front, vendor, customer, monkeypatch)
    assert "events    failed: no event tells of the order in time" in done.stdout
    assert (done.returncode, front.faults) == (1, 1)
    assert named(done)[-2:] == ["cancel", "sign_out"] and product.available == 5


@pytest.mark.parametrize("words, said", [
    (("--email", "ada@example.com"), "SEBEZ_PROBE_PASSWORD"),
    (("shop.example.com",), "unexpected"),
])
def test_a_probe_says_what_it_lacks(server, words, said):
    done = probe(server, *words)
    assert done.returncode == 2 and said in done.stderr
