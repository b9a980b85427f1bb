"""What a search finds: past accents, typing errors and scripts; whose; and how often."""
import pytest

from harness.shop import fresh, money, refused, uncached


@pytest.fixture(scope="module")
def teapot(shop):
    return shop.product(title="Porcelain teapot with a bamboo handle",
                        description="<p>Hand-painted cobalt chrysanthemums.</p>")


@pytest.mark.parametrize("q", ["porcelain teapot", "teapots", "PORCELAIN", "porcelian",
                               "chrysanthemum",
                               "bambo handle", '"bamboo handle"', "teapot -kettle"])
def test_search_forgives(shop, teapot, q):
    found = shop.sees("listProducts", q=q, vendor=teapot.vendor.id)["items"]
    assert [p["id"] for p in found] == [teapot.id]


@pytest.mark.parametrize("q", ["wheelbarrow", "teapot -bamboo", "!!!", "&|()", "'", "a b c d e \\"])
def test_search_finds_nothing_where_nothing_is(shop, teapot, q):
    assert shop.sees("listProducts", q=q, vendor=teapot.vendor.id)["items"] == []


@pytest.fixture(scope="module")
def carafe(shop):
    vendor = shop.vendor()
    sku = fresh("KRF-17")
    made = vendor.do("createVendorProduct", body={
        "title": "Crème brûlée Häferl", "description": "<p>Für den Kaffee.</p>",
        "status": "active", "product_type": "Geschirr", "tags": ["Frühstück", "bone china"],
        "options": [{"name": "Größe", "values": ["Überweit"]}],
        "variants": [{"price": money(900), "sku": sku, "options": {"Größe": "Überweit"}}]})
    return {"vendor": vendor.id, "id": made["id"], "sku": sku}


@pytest.mark.parametrize("q", ["creme brulee", "CRÈME", "haferl", "häferl", "fruhstuck", "china",
                               "geschirr", "für", "hafrel"])
def test_search_finds_past_accents_and_by_tags(shop, carafe, q):
    found = shop.sees("listProducts", q=q, vendor=carafe["vendor"])["items"]
    assert [p["id"] for p in found] == [carafe["id"]]


def test_search_finds_a_sku(shop, carafe):
    for q in (carafe["sku"], carafe["sku"].lower()):
        found = shop.sees("listProducts", q=q, vendor=carafe["vendor"])["items"]
        assert [p["id"] for p in found] == [carafe["id"]]
    other = shop.sees("listProducts", q=fresh("KRF-18"), vendor=carafe["vendor"])["items"]
    assert other == []


# A title, what finds it, and what does not.
SCRIPTS = [
    ("陶器のマグカップ", ["陶器", "マグ", "カップ", "器", "ﾏｸﾞ", "陶器 カップ", '"マグカ"'],
     ["磁器", "グマ", "マグ -陶器"]),
    ("手工陶瓷杯", ["陶瓷", "杯", "陶瓷杯", "手工 -盘"], ["瓷陶", "-杯 陶瓷"]),
    ("도자기 머그컵을 위한 받침", ["머그컵", "도자기", "받침"], ["컵머"]),
    ("แก้วเซรามิกทำมือ", ["เซรามิก", "ทำมือ"], ["ไม้"]),
    ("كُوبٌ خَزَفِيّ أزرق", ["كوب", "خزفي", "ازرق", "كـوب"], ["صحن"]),
    ("ሀገር ሰላም ጸሐይ አበባ", ["ሃገር", "ሐገር", "ኀገር", "ሠላም", "ፀሐይ", "ጸሀይ", "ዐበባ"], ["ቡና"]),
    ("Ｗｉｄｅ Straße ﬁne", ["wide", "strasse", "fine"], ["narrow"]),
    ("Headphones WH-1000XM4/B 1.5m", ["1000xm4", "WH-1000XM4", "wh1000xm4", "wh 1000xm4", "1.5m"],
     ["headphones -1000xm4"]),
    ("Hand\u00adwoven T‑shirt", ["handwoven", "t-shirt", "tshirt", "T shirt"],
     ["-t-shirt handwoven"]),
]


@pytest.mark.parametrize("title, finds, misses", SCRIPTS, ids=[s[0] for s in SCRIPTS])
def test_search_reads_each_script_as_its_readers_do(shop, title, finds, misses):
    """For who shops, for the vendor's own list and for the admins' list alike."""
    vendor = shop.vendor()
    product = vendor.product(title=title)
    lists = {"shop": lambda q: shop.sees("listProducts", q=q, vendor=vendor.id),
             "vendor": lambda q: vendor.do("listVendorProducts", q=q),
             "admin": lambda q: shop.admin().do("adminListProducts", q=q, vendor=vendor.id)}
    for who, look in lists.items():
        for q in finds:
            assert [p["id"] for p in look(q)["items"]] == [product.id], (who, q)
        for q in misses:
            assert look(q)["items"] == [], (who, q)


def test_search_finds_parts_of_a_sku_and_a_barcode(shop):
    vendor = shop.vendor()
    made = vendor.do("createVendorProduct", body={
        "title": "Kettle", "status": "active",
        "variants": [{"price": money(900), "sku": "QX-77.Z_4411", "barcode": "0012345678905"}]})
    for q in ("4411", "QX-77", "qx77z4411", "0012345678905", "QX-77.Z_4411"):
        found = shop.sees("listProducts", q=q, vendor=vendor.id)["items"]
        assert [p["id"] for p in found] == [made["id"]], q
    for q in ("441", "0012345678906"):
        assert shop.sees("listProducts", q=q, vendor=vendor.id)["items"] == [], q


def test_search_follows_what_is_published_and_what_is_written(shop):
    vendor = shop.vendor()
    product = vendor.product(title="Zitherboard")

    def is_found(q, anybody=True):
        found = shop.sees("listProducts", q=q, vendor=vendor.id)["items"]
        mine = vendor.do("listVendorProducts", q=q)["items"]
        assert bool(mine) is (anybody or bool(found))
        return bool(found)

    assert is_found("zitherboard")
    shop.admin().do("suspendVendor", vendor_id=vendor.id, body={"reason": "papers"})
    assert not is_found("zitherboard")
    shop.admin().do("reinstateVendor", vendor_id=vendor.id, body={})
    assert is_found("zitherboard")
    vendor.do("updateVendorProduct", product_id=product.id, body={"title": "Psalterium"})
    assert is_found("psalterium") and not is_found("zitherboard", anybody=False)
    vendor.do("updateVendorProduct", product_id=product.id, body={"status": "draft"})
    assert not is_found("psalterium")
    vendor.do("deleteVendorProduct", product_id=product.id)
    assert not is_found("psalterium", anybody=False)


def test_searching_has_a_rate_rule_and_browsing_has_none(shop):
    """600 a minute: the counter is where it is after 599."""
    shop.server.forget_limits()
    somebody = shop.anonymous()
    somebody.patient = False
    assert uncached(somebody, "listProducts", q="kettle").status_code == 200
    (key,) = [k for k in shop.server.redis().keys() if b":search:" in k]
    shop.server.redis().incrby(key, 598)
    assert uncached(somebody, "getProductFacets", q="kettle").status_code == 200
    problem = uncached(somebody, "listVendors", q="kettle")
    refused(problem, 429, "rate_limited")
    assert '"search"' in problem.headers["RateLimit-Policy"]
    assert uncached(somebody, "listProducts").status_code == 200
    shop.server.forget_limits()


@pytest.mark.parametrize("option", ["Größe:Überweit", "größe:überweit", "GRÖßE:ÜBERWEIT"])
def test_options_are_found_past_case_in_any_script(shop, carafe, option):
    found = shop.sees("listProducts", option=option)["items"]
    assert [p["id"] for p in found] == [carafe["id"]]


def test_the_closest_title_comes_first(shop):
    vendor = shop.vendor()
    word = fresh("marzipan").replace("-", "")
    far = vendor.product(title=f"Cake that is decorated with a little {word} on top of the icing",
                         description="x")
    near = vendor.product(title=word)
    found = shop.sees("listProducts", q=word, vendor=vendor.id)["items"]
    assert [p["id"] for p in found] == [near.id, far.id]
    refused(shop.anonymous().call("listProducts", sort="relevance"), 400, field="?sort")
