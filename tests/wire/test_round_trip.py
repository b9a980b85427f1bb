"""What a vendor's staff made over the API, out as a file and in again: nothing changes."""
import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.sheet import differences, exported, imported, row, table
from harness.shop import fresh, money, refused

STRIPPED = (" \t\r\n\v\f\x85\u00a0\u1680\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
            + "".join(map(chr, range(0x2000, 0x200c))))
VISIBLE = st.characters(blacklist_categories=("Cs", "Cc"))
VALUES = st.sampled_from(["S", " M", "L ", "Écru", "a,b", '"q"', "x / y"])
BLANKS = st.sampled_from(["", "", " ", "\t", "\n", "\u00a0 "])


def text(most, alphabet=VISIBLE):
    """Something to read, perhaps with blanks around."""
    return st.builds(lambda a, b, c: a + b + c, BLANKS,
                     st.text(alphabet, min_size=1, max_size=most).filter(visible), BLANKS)


def visible(text):
    return text.strip(STRIPPED) != ""


def trimmed_once(values):
    """Those that stay different without blanks and case."""
    return list({value.strip().lower(): value for value in values}.values())


money_or_none = st.one_of(st.none(), st.integers(0, 10**6).map(money))


@st.composite
def products(draw):
    names = trimmed_once(draw(st.lists(text(8), max_size=3)))
    choices = st.tuples(*[VALUES] * len(names))
    rows = draw(st.lists(choices, min_size=1, max_size=4 if names else 1,
                         unique_by=lambda choice: tuple(v.strip() for v in choice)))
    values = [list(dict.fromkeys([choice[i] for choice in rows])) for i in range(len(names))]
    images = draw(st.lists(st.integers(1, 99), max_size=4, unique=True))
    return {
        "title": draw(text(20)), "description": draw(st.text(VISIBLE, max_size=40)),
        "product_type": draw(st.sampled_from(["", "Mugs", "Home > Lamps", "a>b>c>d>e>f>g>h>i"])),
        "tags": trimmed_once(draw(st.lists(text(8, st.characters(
            blacklist_categories=("Cs", "Cc"), blacklist_characters=",")), max_size=4))),
        "images": [{"url": f"https://images.example.com/{i}.jpg", "alt": draw(text(10))}
                   for i in images],
        "options": [{"name": name, "values": [*values[i], "Never"]}
                    for i, name in enumerate(names)],
        "variants": [{
            "options": {name.strip(STRIPPED): choice[i] for i, name in enumerate(names)},
            "price": money(draw(st.integers(0, 10**7))),
            "compare_at_price": draw(money_or_none),
            "sku": draw(st.sampled_from([None, f" {fresh('K')} ", fresh("K,")])),
            "available": draw(st.integers(0, 99)), "backorder": draw(st.booleans()),
            "weight_grams": draw(st.integers(0, 9999)),
            "barcode": draw(st.sampled_from([None, " 4006381333931"])),
            "image": draw(st.sampled_from([None, {"url": "https://images.example.com/v.jpg"}])),
        } for choice in rows],
        "status": draw(st.sampled_from(["draft", "active"])),
    }


@pytest.fixture(scope="module")
def places(shop):
    """Categories that no type would find again: two of one name, whose slugs say another."""
    admin, name = shop.admin("moderator"), fresh("Lamps & Lights")
    return [None, *[admin.do("createCategory", body={"name": name, "slug": fresh("lighting")})["id"]
                    for _ in range(2)]]


def changed(report):
    return differences(report), report["errors"], report["warnings"]


@given(made=st.lists(st.tuples(products(), st.integers(0, 2)), min_size=1, max_size=4))
def test_a_file_that_nobody_edited_changes_nothing(shop, places, made):
    vendor = shop.vendor()
    for body, place in made:
        vendor.do("createVendorProduct", body=body | {"category_id": places[place]})
    before = [vendor.do("getVendorProduct", product_id=p["id"])
              for p in vendor.owner.all("listVendorProducts", vendor_id=vendor.id)]
    out = exported(vendor)
    assert changed(imported(vendor, out)) == ([], [], [])
    assert exported(vendor) == out
    assert before == [vendor.do("getVendorProduct", product_id=p["id"]) for p in before]


@given(made=st.lists(st.tuples(products(), st.integers(0, 2)), min_size=1, max_size=3))
def test_another_vendor_takes_the_file_as_it_is(shop, places, made):
    name = fresh("Twin")
    one, two = shop.vendor(name), shop.vendor(fresh("Twin"))
    shop.db.rows("update vendor set name = %s where id = %s", name, two.id)
    for body, place in made:
        one.do("createVendorProduct", body=body | {"category_id": places[place]})
    out = exported(one)
    assert imported(two, out)["errors"] == []
    assert exported(two) == out
    assert changed(imported(two, out)) == ([], [], [])


def test_a_product_without_options_keeps_its_title(shop):
    vendor = shop.vendor()
    handle = fresh("mug")
    vendor.product(handle=handle)
    imported(vendor, table(row(handle, title="Mug", price="2")))
    imported(vendor, table(row(fresh("new"), title="New", price="2")))
    for product in vendor.owner.all("listVendorProducts", vendor_id=vendor.id):
        (variant,) = vendor.do("getVendorProduct", product_id=product["id"])["variants"]
        assert variant["title"] == "Default Title"


@pytest.mark.parametrize("body, field", [
    ({"tags": ["a, b"]}, "/tags/0"),
    ({"tags": ["a", " a"]}, "/tags/1"),
    ({"title": "A\x07"}, "/title"),
    ({"images": [{"url": "https://images.example.com/a.jpg"}] * 2}, "/images/1/url"),
    ({"images": [{"url": "ftp://images.example.com/a.jpg"}]}, "/images/0/url"),
    ({"options": [{"name": "Title", "values": ["Default Title"]}],
      "variants": [{"price": money(1), "options": {"Title": "Default Title"}}]},
     "/variants/0/options"),
    ({"variants": [{"price": money(1), "sku": "A\x1b"}]}, "/variants/0/sku"),
])
def test_what_a_file_could_not_say_is_refused(shop, body, field):
    whole = {"title": "Mug", "variants": [{"price": money(1)}]} | body
    refused(shop.mug.vendor.call("createVendorProduct", body=whole), 400, "invalid_input", field)


def test_an_edit_is_held_to_the_same(shop):
    vendor = shop.vendor()
    mug = vendor.product()
    for body, field in (({"tags": ["a, b"]}, "/tags/0"), ({"title": "A\x07"}, "/title")):
        refused(vendor.call("updateVendorProduct", product_id=mug.id, body=body), 400, field=field)
    refused(vendor.call("updateVariant", variant_id=mug.variant, body={"barcode": "\x07"}), 400,
            field="/barcode")
    made = vendor.do("updateVariant", variant_id=mug.variant,
                     body={"compare_at_price": money(0), "sku": " S "})
    assert made["compare_at_price"] is None and made["sku"] == "S"


def is_formula(cell):
    return cell[:1] in tuple("=+-@\t\r") and not re.fullmatch(r"-?\d+(\.\d+)?", cell)


def test_what_a_spreadsheet_would_run_is_text_in_a_file_and_comes_in_as_it_was(shop):
    clay = shop.vendor()
    texts = ["=HYPERLINK(1)", "+1+1", "-1+1", "@SUM(A1)", "'=1", "''-x", "'quoted'", "-", "+44 20"]
    made = clay.product(
        title=texts[0], description="\t=1+1", product_type="@type", tags=texts,
        images=[{"url": "https://images.example.com/1.jpg", "alt": "=alt"}],
        options=[{"name": "=Size", "values": texts}],
        variants=[{"options": {"=Size": text}, "price": money(100), "sku": text, "available": 0,
                   "barcode": text, "backorder": True} for text in texts])
    shop.customer().order((made, 3))
    before = clay.do("getVendorProduct", product_id=made.id)
    assert before["variants"][0]["available"] == -3
    data = exported(clay)
    lines = list(csv.reader(io.StringIO(data.decode())))
    assert not [cell for line in lines for cell in line if is_formula(cell)]
    assert "'" + texts[0] in lines[1] and "-3" in lines[1]
    assert "'quoted'" in {cell for line in lines for cell in line}
    report = imported(clay, data)
    assert not differences(report), report
    assert clay.do("getVendorProduct", product_id=made.id) == before
