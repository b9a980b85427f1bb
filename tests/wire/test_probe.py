"""`sebez probe`: what a customer does, from outside, as a check that runs all the time."""
import pytest
from harness.shop import PASSWORD

STEPS = ["ready", "sign_in", "browse", "sync", "cart", "order", "message", "events", "cancel",
         "sign_out"]


def probe(server, *words, monkeypatch=None):
    if monkeypatch:
        monkeypatch.setitem(server.environment, "SEBEZ_PROBE_PASSWORD", PASSWORD)
        monkeypatch.setitem(server.environment, "SEBEZ_CA_FILE", str(server.trusted or ""))
        if not isinstance(server.trusted, str):
            monkeypatch.delitem(server.environment, "SEBEZ_CA_FILE")
    return server.sebez("probe", *words, server.url, check=False)


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
    assert named(done) == ["ready", "sign_in", "sign_out"]
    assert "sebez_probe_success 0" in file.read_text().splitlines()


@pytest.mark.parametrize("words, said", [
    (("--email", "ada@example.com"), "SEBEZ_PROBE_PASSWORD"),
    (("shop.example.com",), "unexpected"),
])
def test_a_probe_says_what_it_lacks(server, words, said):
    done = probe(server, *words)
    assert done.returncode == 2 and said in done.stderr
