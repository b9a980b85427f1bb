"""The shop window: lists, search, filters, facets, and what clients keep."""
import itertools
import random

import pytest
from hypothesis import given, strategies as st

from harness.shop import fresh, money, refused, uncached

BAND_EDGES = [0, 1000, 2500, 5000, 10000, 25000, 50000, 100000]


class Stall:
    """Two vendors and a small tree of categories full of products that no other test touches."""

    def __init__(self, shop):
        self.shop = shop
        self.admin = shop.admin()
        self.root = self.category("Stall")
        self.left = self.category("Left", parent_id=self.root["id"])
        self.right = self.category("Right", parent_id=self.root["id"])
        self.vendors = [shop.vendor(), shop.vendor()]
        self.word = fresh("quokka").replace("-", "")
        dice = random.Random(20260301)
        self.goods = []
        for i in range(41):
            vendor = self.vendors[i % 2]
            self.goods.append({
                "vendor": vendor.id, "price": dice.choice([500, 1000, 2400, 2500, 7000, 120000]),
                "category": (self.left, self.right)[i % 3 == 0]["id"], "stock": i % 4,
                "color": ("Blue", "Red", "Green")[i % 3], "size": "SM"[i % 2]})
            made = vendor.do("createVendorProduct", body={
                "title": f"Plush {self.word} number {i}", "status": "active",
                "category_id": self.goods[-1]["category"],
                "options": [{"name": "Color", "values": [self.goods[-1]["color"]]},
                            {"name": "Size", "values": [self.goods[-1]["size"]]}],
                "variants": [{"price": money(self.goods[-1]["price"]), "available": i % 4,
                              "options": {"Color": self.goods[-1]["color"],
                                          "Size": self.goods[-1]["size"]}}]})
            self.goods[-1]["id"] = made["id"]
        self.rank(sold=lambda i: i % 5)

    def rank(self, sold):
        """As if so many units of each had been ordered."""
        for i, each in enumerate(self.goods):
            each["sold"] = sold(i)
            self.shop.db.rows("delete from product_sale where product_id = %s", each["id"])
            if sold(i):
                self.shop.db.rows("insert into product_sale values (%s, sale_day(now()), %s)",
                                  each["id"], sold(i))
            self.shop.db.rows("insert into ranking_pending values (%s)", each["id"])
        self.shop.db.let_effects_leave()

    def category(self, name, **body):
        return self.admin.do("createCategory", body={"name": fresh(name), **body})

    def pages(self, **filters):
        filters.setdefault("category", self.root["id"])
        return self.shop.anonymous().pages("listProducts", **filters)

    def all(self, **filters):
        return [p for page in self.pages(**filters) for p in page["items"]]

    def ids(self, **filters):
        return {p["id"] for p in self.all(limit=100, **filters)}

    def facets(self, **filters):
        filters.setdefault("category", self.root["id"])
        return self.shop.sees("getProductFacets", **filters)

    def expect(self, *, category=None, vendor=None, price_min=None, price_max=None, in_stock=None,
               option=()):
        def fits(g):
            values = {f"Color:{g['color']}".lower(), f"Size:{g['size']}".lower()}
            return ((category in (None, self.root["id"], g["category"]))
                    and vendor in (None, g["vendor"])
                    and (price_min is None or g["price"] >= price_min)
                    and (price_max is None or g["price"] <= price_max)
                    and (not in_stock or g["stock"] > 0)
                    and all(o.lower() in values for o in option))
        return {g["id"] for g in self.goods if fits(g)}


@pytest.fixture(scope="module")
def stall(shop):
    stall = Stall(shop)
    yield stall
    stall.rank(sold=lambda i: 0)


def filters_of(stall):
    return st.fixed_dictionaries({}, optional={
        "category": st.sampled_from([stall.root["id"], stall.left["id"], stall.right["id"]]),
        "vendor": st.sampled_from([v.id for v in stall.vendors]),
        "price_min": st.sampled_from([0, 501, 1000, 2500, 8000]),
        "price_max": st.sampled_from([499, 1000, 2500, 200000]),
        "in_stock": st.booleans(),
        "option": st.lists(st.sampled_from(["Color:Blue", "color:red", "Size:M", "Size:s"]),
                           max_size=2, unique=True)})


# -- pages ----------------------------------------------------------------------------------------

ORDERS = {
    "newest": lambda p, g: p["created_at"],
    "price_asc": lambda p, g: p["price"]["amount"],
    "price_desc": lambda p, g: -p["price"]["amount"],
    "best_selling": lambda p, g: -g["sold"],
}


@pytest.mark.parametrize("sort", [None, *ORDERS])
def test_every_sort_shows_everything_once_in_its_order(stall, sort):
    @given(limit=st.integers(1, 50))
    def check(limit):
        items = stall.all(sort=sort, limit=limit)
        ids = [p["id"] for p in items]
        assert len(ids) == len(set(ids)) and set(ids) == {g["id"] for g in stall.goods}
        known = {g["id"]: g for g in stall.goods}
        keys = [ORDERS[sort or "newest"](p, known[p["id"]]) for p in items]
        assert keys == sorted(keys, reverse=(sort or "newest") == "newest")
    check()


def test_any_filters_show_exactly_what_fits_on_pages_of_any_size(stall):
    @given(data=st.data(), limit=st.integers(1, 100),
           sort=st.sampled_from([None, *ORDERS]))
    def check(data, limit, sort):
        filters = data.draw(filters_of(stall))
        shown = [p["id"] for p in stall.all(sort=sort, limit=limit, **filters)]
        assert len(shown) == len(set(shown))
        assert set(shown) == stall.expect(**filters)
    check()


def test_relevance_pages_show_each_match_once(stall):
    items = [p["id"] for p in stall.all(q=stall.word, limit=7)]
    assert len(items) == len(set(items)) and set(items) == {g["id"] for g in stall.goods}


def test_pages_stay_whole_while_products_come_and_go(stall, shop):
    vendor = shop.vendor()
    first = [vendor.product().id for _ in range(6)]
    pages = shop.anonymous().pages("listProducts", vendor=vendor.id, limit=2)
    seen = [p["id"] for p in next(pages)["items"]]
    vendor.product()
    vendor.do("deleteVendorProduct", product_id=seen[0])
    seen += [p["id"] for page in pages for p in page["items"]]
    assert seen == first[::-1]


def test_a_cursor_belongs_to_its_filters_and_sort(stall, shop):
    someone = shop.anonymous()
    cursor = next(stall.pages(limit=5))["next_cursor"]
    root = stall.root["id"]
    for wrong in ({"category": stall.left["id"]}, {"category": root, "sort": "price_asc"},
                  {"category": root, "in_stock": True}, {}):
        refused(someone.call("listProducts", cursor=cursor, limit=5, **wrong), 400, field="?cursor")
    for garbage in ("x", cursor[:-1], cursor[:-1] + ("A" if cursor[-1] != "A" else "B"), "%00"):
        answer = someone.call("listProducts", category=root, cursor=garbage, limit=5)
        assert answer.status_code in (200, 400)
        if answer.status_code == 400:
            refused(answer, 400, field="?cursor")


# -- facets ---------------------------------------------------------------------------------------


def test_facets_count_what_the_list_shows(stall):
    @given(data=st.data())
    def check(data):
        filters = data.draw(filters_of(stall))
        fits = [g for g in stall.goods if g["id"] in stall.expect(**filters)]
        facets = stall.facets(**filters)
        assert not facets["capped"]
        assert {v["id"]: v["count"] for v in facets["vendors"]} == count(fits, "vendor")
        below = count(fits, "category")
        assert {c["id"]: c["count"] for c in facets["categories"]} == \
            ({**below, stall.root["id"]: len(fits)} if fits else {})
        assert sum(b["count"] for b in facets["prices"]) == len(fits)
        for band in facets["prices"]:
            top = band["to"]["amount"] if band["to"] else float("inf")
            assert band["count"] == \
                len([g for g in fits if band["from"]["amount"] <= g["price"] < top])
    check()


def count(goods, key):
    goods = sorted(goods, key=lambda g: g[key])
    return {k: len(list(group)) for k, group in itertools.groupby(goods, lambda g: g[key])}


def test_each_facet_leads_to_as_many_products(stall):
    for vendor in stall.facets(q=stall.word)["vendors"]:
        assert len(stall.ids(q=stall.word, vendor=vendor["id"])) == vendor["count"]
    for category in stall.facets()["categories"]:
        assert len(stall.ids(category=category["slug"])) == category["count"]


# -- filters and shapes ---------------------------------------------------------------------------


def test_slugs_and_ids_name_the_same(stall):
    vendor = stall.vendors[0]
    assert stall.ids(vendor=vendor.slug) == stall.ids(vendor=vendor.id)
    assert stall.ids(category=stall.left["slug"]) == stall.ids(category=stall.left["id"])
    assert stall.ids(category=fresh("nothing")) == set()


def test_filters_that_make_no_sense_are_named(shop):
    someone = shop.anonymous()
    refused(someone.call("listProducts", option="Color"), 400, field="?option")
    refused(someone.call("listProducts", price_min=-1), 400, field="?price_min")
    refused(someone.call("listProducts", limit=101), 400, field="?limit")
    refused(someone.call("listProducts", sort="random"), 400, field="?sort")


def test_what_sells_out_leaves_the_list_of_what_is_in_stock(shop):
    vendor = shop.vendor()
    mug = vendor.product(stock=2)

    def in_stock():
        return [p["id"] for p in
                shop.sees("listProducts", vendor=vendor.id, in_stock="true")["items"]]
    assert in_stock() == [mug.id]
    order = shop.customer().order((mug, 2))
    assert in_stock() == []
    assert shop.sees("getProduct", product_id=mug.id)["variants"][0]["available"] == 0
    vendor.cancel(order)
    assert in_stock() == [mug.id]


def test_the_list_and_the_product_agree(stall, shop):
    for item in stall.all(limit=100)[:10]:
        whole = shop.sees("getProduct", product_id=item["id"])
        assert {k: whole[k] for k in item if k != "images"} == \
            {k: v for k, v in item.items() if k != "images"}


def test_an_unpublished_product_does_not_exist(shop):
    draft = shop.vendor().product(status="draft")
    refused(shop.anonymous().call("getProduct", product_id=draft.id), 404, "not_found")
    refused(draft.vendor.owner.call("getProduct", product_id=draft.id), 404, "not_found")


def test_categories_come_parents_first(shop, stall):
    seen = set()
    for each in shop.sees("listCategories")["items"]:
        assert each["parent_id"] is None or each["parent_id"] in seen
        assert each["depth"] == each["path"].count("/")
        seen.add(each["id"])
    assert {stall.root["id"], stall.left["id"], stall.right["id"]} <= seen


# -- what clients keep ----------------------------------------------------------------------------


@pytest.mark.parametrize("operation, arguments", [
    ("listProducts", lambda mug: {"vendor": mug.vendor.id}),
    ("getProductFacets", lambda mug: {"vendor": mug.vendor.id}),
    ("getProduct", lambda mug: {"product_id": mug.id}),
])
def test_what_did_not_change_is_not_sent_again(shop, operation, arguments):
    vendor = shop.vendor()
    mug = vendor.product(price=1000)
    someone, arguments = shop.anonymous(), arguments(mug)
    first = uncached(someone, operation, **arguments)
    tag = first.headers["ETag"]
    for match in (tag, "W/" + tag, f'"other", {tag}', "*"):
        again = someone.call(operation, headers={"If-None-Match": match}, **arguments)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
    vendor.do("updateVariant", variant_id=mug.variant, body={"price": money(4000)})
    changed = uncached(someone, operation, headers={"If-None-Match": tag}, **arguments)
    assert changed.status_code == 200 and changed.headers["ETag"] != tag


def test_vendors_are_listed_by_name_page_by_page_even_past_one_that_is_gone(shop):
    word = fresh("Guild")
    names = [f"{first} {word}" for first in ("zinc", "Éclat", "Amber", "Dune", "amber")]
    vendors = {name: shop.vendor(name, approved=False, slug=fresh("guild")) for name in names}
    for name in reversed(names):
        shop.admin().do("approveVendor", vendor_id=vendors[name].id, body={})
    page, seen = {"next_cursor": None}, []
    while page["next_cursor"] or not seen:
        page = shop.sees("listVendors", q=word, limit=2,
                         **({"cursor": page["next_cursor"]} if seen else {}))
        seen += page["items"]
        if len(seen) == 2:  # renamed, the first would come again and the others be missed
            shop.db.rows("update vendor set name = 'zzz' where id = %s", seen[-1]["id"])
        else:
            shop.db.rows("update vendor set state = 'suspended' where id = %s", seen[-1]["id"])
    assert [v["name"].lower().split()[0] for v in seen] == [
        "amber", "amber", "dune", "éclat", "zinc"]


def test_the_list_of_vendors_and_a_vendors_page_agree(shop):
    vendor = shop.vendor()
    (listed,) = shop.sees("listVendors", q=vendor.slug)["items"]
    page = shop.sees("getVendor", vendor_id=vendor.id)
    assert listed == {name: page[name] for name in listed}


@pytest.mark.parametrize("sign", ["_", "%", "\\"])
def test_a_sign_in_a_search_for_vendors_stands_for_itself(shop, sign):
    vendor = shop.vendor()
    assert vendor.id in {v["id"] for v in shop.sees("listVendors", q=vendor.slug)["items"]}
    found = shop.sees("listVendors", q=sign, limit=100)["items"]
    assert all(sign in v["name"] or sign in v["slug"] for v in found)
    found = shop.sees("listVendors", q=vendor.slug.replace("-", sign), limit=100)["items"]
    assert found == []
