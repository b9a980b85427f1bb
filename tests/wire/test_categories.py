"""The tree that all vendors file their products in: what imports add, what admins take away."""
from harness.sheet import imported, row, table
from harness.shop import fresh, refused


def tree(shop, **filters):
    return {c["id"]: c for c in shop.sees("listCategories", **filters)["items"]}


def category(shop, name="Category", **body):
    return shop.admin("moderator").do("createCategory", body={"name": fresh(name), **body})


def goods(type, *, handle=None, price="1", **more):
    return row(handle or fresh("thing"), title="Thing", price=price) | {"Type": type} | more


def bring(vendor, *rows):
    return imported(vendor, table(*rows, columns=None))


def filed(vendor, handle):
    (product,) = [p for p in vendor.owner.all("listVendorProducts", vendor_id=vendor.id)
                  if p["handle"] == handle]
    return product["category"]


# -- by imports -----------------------------------------------------------------------------------


def test_who_is_not_approved_makes_no_category(shop):
    vendor, names = shop.vendor(approved=False), [fresh(f"L{n}") for n in range(8)]
    report = bring(vendor, goods(" > ".join(names)))
    assert (report["errors"], report["products_created"]) == ([], 1)
    assert not {c["name"] for c in tree(shop, empty=True).values()} & set(names)
    (product,) = vendor.do("listVendorProducts")["items"]
    whole = vendor.do("getVendorProduct", product_id=product["id"])
    assert (whole["product_type"], whole["category"]) == (" > ".join(names), None)


def test_a_type_finds_its_category_once_the_vendor_is_approved(shop):
    vendor, spade = shop.vendor(approved=False), goods(fresh("Spades"), handle="spade")
    bring(vendor, spade)
    shop.admin().do("approveVendor", vendor_id=vendor.id, body={})
    assert bring(vendor, spade)["products_updated"] == 1
    assert filed(vendor, "spade")["name"] == spade["Type"]
    assert bring(vendor, spade)["products_updated"] == 0


def test_a_vendors_imports_make_only_so_many_categories(shop):
    vendor, word = shop.vendor(), fresh("Aisle")
    report = bring(vendor, *[goods(f"{word} {n}") for n in range(130)])
    assert (report["errors"], report["products_created"]) == ([], 130)
    made = [c for c in tree(shop, empty=True).values() if c["name"].startswith(word)]
    assert len(made) == 100


def test_names_that_differ_in_a_letter_are_two_categories(shop):
    vendor, word = shop.vendor(), fresh("m").replace("-", "")
    names = [f"Mö{word}bel", f"Mü{word}bel", f"家具{word}", f"家{word}"]
    bring(vendor, *[goods(name, handle=f"h{n}") for n, name in enumerate(names)])
    categories = [filed(vendor, f"h{n}") for n in range(4)]
    assert [c["name"] for c in categories] == names
    assert categories[0]["slug"] == f"mo{word}bel" and categories[1]["slug"] == f"mu{word}bel"


def test_a_name_without_a_slug_gets_a_category_and_keeps_it(shop):
    vendor = shop.vendor()
    name = "家具" + "".join(chr(0x4e00 + ord(c)) for c in fresh("x"))
    bring(vendor, goods(name, handle="one"), goods(f"{name} > {name}", handle="below"))
    bring(vendor, goods(name, handle="two"))
    assert filed(vendor, "one") == filed(vendor, "two") != filed(vendor, "below")
    assert filed(vendor, "one")["name"] == name


def test_one_name_below_two_parents_is_two_categories(shop):
    vendor, home, garden, lamps = shop.vendor(), fresh("Home"), fresh("Garden"), fresh("Lamps")
    bring(vendor, goods(f"{home} > {lamps}", handle="a"), goods(f"{garden}>{lamps}", handle="b"))
    one, two = filed(vendor, "a"), filed(vendor, "b")
    assert one["id"] != two["id"] and one["name"] == two["name"] == lamps
    assert tree(shop, empty=True)[two["id"]]["path"].startswith(garden.lower() + "/")


def test_a_type_finds_a_category_that_is_further_down_or_goes_by_another_name(shop):
    vendor, home = shop.vendor(), category(shop, "Home")
    lighting = category(shop, "Lamps & Lights", parent_id=home["id"], slug=fresh("lighting"))
    bring(vendor, goods(lighting["name"], handle="a"), goods(lighting["slug"], handle="b"))
    assert filed(vendor, "a")["id"] == filed(vendor, "b")["id"] == lighting["id"]


# -- shown ----------------------------------------------------------------------------------------


def test_a_branch_is_shown_while_something_in_it_is_on_sale(shop):
    home = category(shop, "Home")
    lamps, rugs = (category(shop, name, parent_id=home["id"]) for name in ("Lamps", "Rugs"))
    assert not {home["id"], lamps["id"]} & tree(shop).keys()
    vendor = shop.vendor()
    lamp = vendor.product(category_id=lamps["id"])
    assert {home["id"], lamps["id"]} <= tree(shop).keys() and rugs["id"] not in tree(shop)
    assert {home["id"], lamps["id"], rugs["id"]} <= tree(shop, empty=True).keys()
    vendor.do("updateVendorProduct", product_id=lamp.id, body={"status": "draft"})
    assert not {home["id"], lamps["id"]} & tree(shop).keys()


# -- removed --------------------------------------------------------------------------------------


def remove(shop, which, **query):
    return shop.admin("moderator").call("deleteCategory", category_id=which["id"], **query)


def test_an_empty_category_can_be_removed(shop):
    one = category(shop)
    assert remove(shop, one).status_code == 204
    assert one["id"] not in tree(shop, empty=True)
    refused(remove(shop, one), 404, "not_found")
    (entry,) = [e for e in shop.admin().do("listAudit", object_id=one["id"])["items"]
                if e["action"] == "delete"]
    assert entry["before"]["name"] == one["name"]


def test_a_category_that_something_hangs_in_is_not_just_removed(shop):
    home, used = category(shop, "Home"), category(shop, "Used")
    category(shop, "Below", parent_id=home["id"])
    shop.vendor().product(category_id=used["id"], status="draft")
    refused(remove(shop, home), 409, "conflict")
    refused(remove(shop, used), 409, "conflict")


def test_a_category_goes_into_another_with_all_that_hangs_in_it(shop):
    wrong, right = category(shop, "Lapms"), category(shop, "Lamps")
    below = category(shop, "Desk", parent_id=wrong["id"])
    vendor = shop.vendor()
    lamp, desk = vendor.product(category_id=wrong["id"]), vendor.product(category_id=below["id"])
    assert remove(shop, wrong, into=right["id"]).status_code == 204
    seen = tree(shop)
    assert wrong["id"] not in seen
    assert seen[below["id"]]["path"] == f"{right['slug']}/{below['slug']}"
    assert {p["id"] for p in shop.sees("listProducts", category=right["slug"])["items"]} == {
        lamp.id, desk.id}
    assert vendor.do("getVendorProduct", product_id=lamp.id)["category"]["id"] == right["id"]
    assert not shop.check()


def test_a_category_goes_into_no_other_that_goes_with_it(shop):
    home = category(shop, "Home")
    below = category(shop, "Below", parent_id=home["id"])
    for into in (home["id"], below["id"], "0198f1c2-1000-7000-8000-000000001001"):
        refused(remove(shop, home, into=into), 400, "invalid_input", "?into")


def test_what_a_vendor_may_make_counts_what_is_still_there(shop):
    vendor, word = shop.vendor(), fresh("Shelf")
    bring(vendor, *[goods(f"{word} {n}", handle=f"h{n}") for n in range(101)])
    assert filed(vendor, "h100") is None
    refused(remove(shop, filed(vendor, "h0")), 409)
    other = category(shop)
    assert remove(shop, filed(vendor, "h0"), into=other["id"]).status_code == 204
    bring(vendor, goods(f"{word} 100", handle="h100"))
    assert filed(vendor, "h100")["name"] == f"{word} 100"
