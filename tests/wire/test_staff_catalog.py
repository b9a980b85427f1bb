"""A vendor's catalogue, as its staff keeps it."""
import pytest

from harness.images import known_by_address
from harness.shop import fresh, money, refused, together

COLORS = [{"name": "Color", "values": ["Blue", "Sand"]}]


def variant(color=None, price=1000, **body):
    if color:
        body["options"] = {"Color": color}
    return {"price": money(price), **body}


def create(vendor, **body):
    body.setdefault("title", fresh("Mug"))
    body.setdefault("variants", [variant()])
    return vendor.call("createVendorProduct", body=body)


def created(vendor, **body):
    response = create(vendor, **body)
    assert response.status_code == 201, response.text
    return response.json()


@pytest.fixture(scope="module")
def clay(shop):
    return shop.vendor()


def own(vendor, **filters):
    """The ids of the vendor's products, as its list has them."""
    return [p["id"] for p in
            vendor.owner.all("listVendorProducts", vendor_id=vendor.id, **filters)]


def in_shop(shop, product):
    return shop.sees("getProduct", product_id=product["id"]) is not None


# -- products -------------------------------------------------------------------------------------


def test_a_product_is_made_with_its_options_variants_and_stock(shop, clay):
    made = created(clay, title="Stoneware mug", description="<p>350 ml</p>", tags=["kitchen"],
                   images=[{"url": "https://images.example.com/mug.jpg", "alt": "A mug"}],
                   options=COLORS, product_type="Mugs",
                   variants=[variant("Blue", 1800, sku=fresh("MUG"), available=40,
                                     compare_at_price=money(2200), barcode="4006381333931"),
                             variant("Sand", 1700, backorder=True, weight_grams=380)])
    blue, sand = made["variants"]
    assert (blue["title"], blue["options"], blue["available"]) == ("Blue", {"Color": "Blue"}, 40)
    assert (sand["title"], sand["sku"], sand["backorder"]) == ("Sand", None, True)
    assert made["price"] == money(1700), "the cheapest variant's"
    assert (made["status"], made["version"], made["product_type"]) == ("draft", 1, "Mugs")
    assert made["images"] == [known_by_address("https://images.example.com/mug.jpg", "A mug")]
    assert clay.do("getVendorProduct", product_id=made["id"]) == made
    assert shop.db.rows("select delta, reason, account_id::text from stock_adjustment "
                        "where variant_id = %s", blue["id"]) == \
        [{"delta": 40, "reason": "First stock", "account_id": clay.owner.id}]
    assert not in_shop(shop, made), "a draft is nobody's to see"


def test_the_shop_shows_of_a_variant_what_a_client_needs_to_sell_it(shop, clay):
    made = created(clay, status="active", options=COLORS, variants=[
        variant("Blue", 1800, image={"url": "https://images.example.com/blue.jpg"}, available=1),
        variant("Sand", 1700, backorder=True)])
    shown = shop.sees("getProduct", product_id=made["id"])["variants"]
    assert [(v["backorder"], v["image"]) for v in shown] == \
        [(False, known_by_address("https://images.example.com/blue.jpg")), (True, None)]
    customer = shop.customer()
    customer.do("putCartLine", variant_id=shown[0]["id"], body={"quantity": 1})
    (group,) = customer.do("putCartLine", variant_id=shown[1]["id"],
                           body={"quantity": 3})["vendors"]
    assert {line["variant_id"]: (line["available"], line["backorder"], line["problem"])
            for line in group["lines"]} == \
        {shown[0]["id"]: (1, False, None), shown[1]["id"]: (0, True, None)}


def test_three_options_make_one_title(clay):
    options = [{"name": n, "values": [v]} for n, v in
               (("Color", "Blue"), ("Size", "M"), ("Fit", "Loose"))]
    made = created(clay, options=options, variants=[
        {"price": money(100), "options": {"Fit": "Loose", "Color": "Blue", "Size": "M"}}])
    assert made["variants"][0]["title"] == "Blue / M / Loose"
    assert made["variants"][0]["options"] == {"Color": "Blue", "Size": "M", "Fit": "Loose"}


def test_a_product_without_options_has_one_variant_with_a_default_title(clay):
    assert created(clay)["variants"][0]["title"] == "Default Title"
    refused(create(clay, variants=[variant(), variant()]), 400, field="/variants")


def test_handles_come_from_titles_and_stay_unique(clay):
    title = fresh("Käthe's Mug")
    handles = [created(clay, title=title)["handle"] for _ in range(3)]
    assert handles == [handles[0], handles[0] + "-2", handles[0] + "-3"]
    assert handles[0].startswith("kathes-mug-")
    refused(create(clay, handle=handles[1]), 409, "already_exists")
    assert created(clay, title="茶碗")["handle"]


def test_products_of_one_title_made_at_once_all_get_handles(clay):
    title = fresh("Bowl")
    made = together(6, lambda: created(clay, title=title)["handle"])
    assert len(set(made)) == 6


def test_two_vendors_may_use_the_same_handle_and_sku(shop, clay):
    iron = shop.vendor()
    handle, sku = fresh("pan"), fresh("PAN")
    for vendor in (clay, iron):
        created(vendor, handle=handle, variants=[variant(sku=sku)])
    refused(create(clay, handle=handle), 409, "already_exists")


@pytest.mark.parametrize("variants, field", [
    ([variant("Blue"), variant()], "/variants/1/options"),
    ([variant("Blue"), variant("Green")], "/variants/1/options"),
    ([variant("Blue"), variant("Blue")], "/variants/1/options"),
    ([variant("Blue"), {"price": money(1), "options": {"Colour": "Sand"}}], "/variants/1/options"),
    ([variant("Blue"), {"price": money(1), "options": {"Color": "Sand", "Size": "M"}}],
     "/variants/1/options"),
    ([variant("Blue"), {"price": money(1, "EUR"), "options": {"Color": "Sand"}}],
     "/variants/1/price/currency"),
    ([variant("Blue"), variant("Sand", compare_at_price=money(1, "EUR"))],
     "/variants/1/compare_at_price/currency"),
])
def test_a_wrong_variant_is_named(clay, variants, field):
    refused(create(clay, options=COLORS, variants=variants), 400, "invalid_input", field)


def test_two_options_may_not_share_a_name(clay):
    options = [{"name": "Color", "values": ["Blue"]}, {"name": "color", "values": ["Red"]}]
    refused(create(clay, options=options, variants=[
        {"price": money(1), "options": {"Color": "Blue", "color": "Red"}}]), 400,
        field="/options/1/name")


def test_publishing_and_archiving_show_at_once(shop, clay):
    made = created(clay)
    clay.do("updateVendorProduct", product_id=made["id"], body={"status": "active"})
    assert in_shop(shop, made)
    clay.do("updateVendorProduct", product_id=made["id"], body={"status": "draft"})
    assert not in_shop(shop, made)
    clay.do("updateVendorProduct", product_id=made["id"], body={"status": "active"})
    clay.do("updateVendorProduct", product_id=made["id"], body={"status": "archived"})
    assert not in_shop(shop, made)
    assert clay.do("getVendorProduct", product_id=made["id"])["status"] == "archived"


def test_what_is_not_given_stays(clay):
    made = created(clay, description="Old", tags=["a", "b"], options=COLORS,
                   variants=[variant("Blue")])
    changed = clay.do("updateVendorProduct", product_id=made["id"], body={"title": "New"})
    assert changed == {**made, "title": "New", "version": 2, "updated_at": changed["updated_at"]}
    emptied = clay.do("updateVendorProduct", product_id=made["id"],
                      body={"tags": [], "images": [], "description": ""})
    assert (emptied["tags"], emptied["description"]) == ([], "")


def test_an_edit_of_an_old_version_is_refused(clay):
    made = created(clay)
    read = clay.call("getVendorProduct", product_id=made["id"]).headers["ETag"]
    first = clay.call("updateVendorProduct", product_id=made["id"], body={"title": "A"},
                      headers={"If-Match": read})
    assert first.status_code == 200
    stale = clay.call("updateVendorProduct", product_id=made["id"], body={"title": "B"},
                      headers={"If-Match": read})
    refused(stale, 412, "version_mismatch")
    again = clay.call("updateVendorProduct", product_id=made["id"], body={"title": "B"},
                      headers={"If-Match": first.headers["ETag"]})
    assert again.status_code == 200


def test_the_list_shows_what_changed_last_first_and_only_ones_own(shop):
    vendor, other = shop.vendor(), shop.vendor()
    other.product()
    one, two, three = (created(vendor)["id"] for _ in range(3))
    vendor.do("updateVendorProduct", product_id=one, body={"status": "active"})
    assert own(vendor, limit=2) == [one, three, two]
    assert own(vendor, status="active") == [one]


def test_search_finds_ones_own_by_words_and_typos(clay):
    title = fresh("Zinnober")
    made = created(clay, title=title)
    for q in ("zinnober", "zinober"):
        assert made["id"] in own(clay, q=q)


def test_the_same_key_makes_one_product(shop, clay):
    body = {"title": fresh("Once"), "variants": [variant()]}
    key = fresh("key")
    a, b = (clay.call("createVendorProduct", body=body, key=key) for _ in range(2))
    assert (a.status_code, a.content) == (b.status_code, b.content) and a.status_code == 201
    assert shop.db.one("select count(*) from product where title = %s", body["title"]) == 1


def test_a_deleted_product_leaves_its_handle_and_its_skus_to_others(shop, clay):
    handle, sku = fresh("mug"), fresh("SKU")
    made = created(clay, handle=handle, status="active", variants=[variant(sku=sku)])
    refused(create(clay, handle=handle), 409, "already_exists", field="/handle")
    assert clay.call("deleteVendorProduct", product_id=made["id"]).status_code == 204
    for operation in ("getVendorProduct", "deleteVendorProduct"):
        refused(clay.call(operation, product_id=made["id"]), 404, "not_found")
    refused(clay.call("updateVariant", variant_id=made["variants"][0]["id"], body={}), 404)
    assert made["id"] not in own(clay) and not in_shop(shop, made)
    again = created(clay, handle=handle, status="active", variants=[variant(sku=sku)])
    assert again["handle"] == handle and in_shop(shop, again)


def test_a_deleted_product_stays_in_the_orders_that_have_it(shop, clay):
    mug, buyer = clay.product(stock=2), shop.customer()
    order = buyer.order(mug)
    clay.do("deleteVendorProduct", product_id=mug.id)
    assert buyer.see(order) == order
    clay.cancel(order)
    assert shop.db.one("select available from variant where id = %s", mug.variant) == 2


# -- variants -------------------------------------------------------------------------------------


def test_a_new_variant_brings_its_value_along(shop, clay):
    made = created(clay, status="active", options=COLORS, variants=[variant("Blue", 1800)])
    red = clay.do("createVariant", product_id=made["id"],
                  body=variant("Red", 900, available=3, compare_at_price=money(1000)))
    assert (red["title"], red["available"], red["product_id"]) == ("Red", 3, made["id"])
    seen = shop.sees("getProduct", product_id=made["id"])
    assert seen["options"] == [{"name": "Color", "values": ["Blue", "Red"]}]
    assert (seen["price"], seen["in_stock"]) == (money(900), True)
    assert [v["title"] for v in seen["variants"]] == ["Blue", "Red"]
    now = clay.do("getVendorProduct", product_id=made["id"])
    assert now["version"] == made["version"] + 1
    refused(clay.call("createVariant", product_id=made["id"], body=variant("Red")), 409)
    refused(clay.call("createVariant", product_id=made["id"], body=variant()), 400,
            field="/options")
    refused(clay.call("createVariant", product_id=made["id"],
                      body={"price": money(1, "EUR"), "options": {"Color": "Rose"}}), 400,
            field="/price/currency")


def test_a_variant_changes_where_it_is_told_to(shop, clay):
    made = created(clay, status="active", options=COLORS,
                   variants=[variant("Blue", 1800, sku=fresh("V"), compare_at_price=money(2000),
                                     barcode="1", available=2)])
    (before,) = made["variants"]
    after = clay.do("updateVariant", variant_id=before["id"],
                    body={"price": money(1700), "compare_at_price": None})
    assert after == {**before, "price": money(1700), "compare_at_price": None}
    assert shop.sees("getProduct", product_id=made["id"])["price"] == money(1700)
    turned = clay.do("updateVariant", variant_id=before["id"],
                     body={"options": {"Color": "Sand"}, "sku": None, "barcode": None})
    assert (turned["title"], turned["options"], turned["sku"]) == ("Sand", {"Color": "Sand"}, None)
    refused(clay.call("updateVariant", variant_id=before["id"], body={"options": {"Size": "M"}}),
            400, field="/options")
    found = shop.sees("listProducts", vendor=clay.id, option="Color:Sand", limit=100)["items"]
    assert made["id"] in [p["id"] for p in found]


def test_the_last_variant_stays(shop, clay):
    made = created(clay, status="active", options=COLORS,
                   variants=[variant("Blue", 1000), variant("Sand", 2000)])
    blue, sand = (v["id"] for v in made["variants"])
    assert clay.call("deleteVariant", variant_id=blue).status_code == 204
    seen = shop.sees("getProduct", product_id=made["id"])
    assert (seen["price"], [v["id"] for v in seen["variants"]]) == (money(2000), [sand])
    refused(clay.call("deleteVariant", variant_id=blue), 404)
    refused(clay.call("deleteVariant", variant_id=sand), 409, "conflict")


def test_variants_deleted_at_once_leave_one(clay):
    made = created(clay, options=COLORS, variants=[variant("Blue"), variant("Sand")])
    ids = [v["id"] for v in made["variants"]]
    answers = together(2, lambda i: clay.call("deleteVariant", variant_id=ids[i]).status_code)
    assert sorted(answers) == [204, 409]


def test_a_removed_variants_sku_is_free_again(clay):
    sku = fresh("SKU")
    made = created(clay, options=COLORS, variants=[variant("Blue", sku=sku), variant("Sand")])
    clay.do("deleteVariant", variant_id=made["variants"][0]["id"])
    created(clay, variants=[variant(sku=sku)])


def test_a_product_has_only_so_many_variants(clay):
    sizes = [f"Size {n}" for n in range(250)]
    made = created(clay, options=[{"name": "Size", "values": sizes}],
                   variants=[{"price": money(1), "options": {"Size": size}} for size in sizes])
    more = {"price": money(1), "options": {"Size": "More"}}
    refused(clay.call("createVariant", product_id=made["id"], body=more), 409, "conflict")
    clay.do("deleteVariant", variant_id=made["variants"][0]["id"])
    clay.do("createVariant", product_id=made["id"], body=more)
    seen = clay.do("getVendorProduct", product_id=made["id"])
    assert seen["options"][0]["values"] == [*sizes[1:], "More"]


# -- stock ----------------------------------------------------------------------------------------


def test_stock_is_set_or_adjusted_and_every_change_is_kept(shop, clay):
    made = created(clay, status="active")
    (one,) = made["variants"]
    stock = lambda **body: clay.call("setVariantStock", variant_id=one["id"], body=body)  # noqa
    assert not shop.sees("getProduct", product_id=made["id"])["in_stock"]
    assert stock(available=38, reason="Stock-taking").json()["available"] == 38
    assert shop.sees("getProduct", product_id=made["id"])["in_stock"]
    assert stock(adjust=-2, reason="Broken").json()["available"] == 36
    refused(stock(adjust=-37), 409, "conflict")
    refused(stock(), 400, field="/available")
    refused(stock(available=1, adjust=1), 400, field="/available")
    assert stock(adjust=-36).json()["available"] == 0
    assert not shop.sees("getProduct", product_id=made["id"])["in_stock"]
    assert shop.db.rows("select delta, reason from stock_adjustment where variant_id = %s "
                        "order by created_at", one["id"]) == \
        [{"delta": d, "reason": r} for d, r in
         ((38, "Stock-taking"), (-2, "Broken"), (-36, "Counted"))]
    assert clay.do("getVendorProduct", product_id=made["id"])["version"] == made["version"]


def test_an_adjustment_that_is_tried_again_counts_once(clay):
    product = clay.product(stock=10)
    key = fresh("key")
    answers = [clay.call("setVariantStock", variant_id=product.variant, body={"adjust": 5}, key=key)
               for _ in range(2)]
    assert answers[0].content == answers[1].content and product.available == 15
    refused(clay.call("setVariantStock", variant_id=product.variant, body={"adjust": 6}, key=key),
            422, "idempotency_key_reused")
    clay.do("setVariantStock", variant_id=product.variant, body={"adjust": 5})
    assert product.available == 20


def test_adjustments_at_once_all_count(shop, clay):
    product = clay.product(stock=0)
    together(8, lambda: clay.do("setVariantStock", variant_id=product.variant, body={"adjust": 5}))
    assert product.available == 40
    assert not shop.check()


def test_what_is_sold_and_not_shipped_is_reserved(shop):
    vendor = shop.vendor()
    mug = vendor.product(stock=10)
    shop.customer().order((mug, 3))
    (one,) = vendor.do("getVendorProduct", product_id=mug.id)["variants"]
    assert (one["available"], one["reserved"]) == (7, 3)


# -- who may --------------------------------------------------------------------------------------


def test_only_those_who_keep_the_catalogue_write_it(clay):
    product = clay.product()
    for role, may_write, may_count in (("manager", True, True), ("fulfilment", False, True),
                                       ("support", False, False), ("finance", False, False)):
        person = clay.staff(role)
        assert person.call("getVendorProduct", vendor_id=clay.id,
                           product_id=product.id).status_code == 200
        wrote = person.call("updateVendorProduct", vendor_id=clay.id, product_id=product.id,
                            body={"title": "By " + role}).status_code
        counted = person.call("setVariantStock", vendor_id=clay.id, variant_id=product.variant,
                              body={"available": 5}).status_code
        assert (wrote, counted) == (200 if may_write else 403, 200 if may_count else 403), role


def test_another_vendors_things_do_not_exist(shop, clay):
    product, iron = clay.product(), shop.vendor()
    for operation, ids in (("getVendorProduct", {"product_id": product.id}),
                           ("deleteVendorProduct", {"product_id": product.id}),
                           ("deleteVariant", {"variant_id": product.variant})):
        refused(iron.call(operation, **ids), 404)
    refused(iron.call("updateVendorProduct", product_id=product.id, body={"title": "X"}), 404)
    refused(iron.call("createVariant", product_id=product.id, body=variant()), 404)
    refused(iron.call("updateVariant", variant_id=product.variant, body={"price": money(1)}), 404)
    refused(iron.call("setVariantStock", variant_id=product.variant, body={"available": 1}), 404)


def test_every_write_is_in_the_audit_log(shop, clay):
    made = created(clay)
    changed = clay.call("updateVendorProduct", product_id=made["id"], body={"title": "Renamed"})
    entries = shop.admin().do("listAudit", object_id=made["id"])["items"]
    last, first = entries
    assert (first["action"], first["before"], first["after"]["title"]) == \
        ("insert", None, made["title"])
    assert (last["action"], last["before"]["title"], last["after"]["title"]) == \
        ("update", made["title"], "Renamed")
    assert last["request_id"] == changed.headers["X-Request-Id"]
    assert last["by"] == {"kind": "staff", "id": clay.owner.id, "name": clay.owner.account["name"]}
    assert last["vendor_id"] == clay.id
