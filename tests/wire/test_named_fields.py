"""What is refused is named: taken names, unknown references, text that is none, blank text."""
import pytest
from harness.client import refused
from harness.shop import PASSWORD, fresh, money

NEVER = "0190b0b0-0000-7000-8000-00000000dead"
BLANK = ["   ", "\t\n ", "\u00a0\u2003\u3000", "\u200b\ufeff "]


@pytest.fixture(scope="module")
def clay(shop):
    return shop.vendor()


def size(name, **more):
    return {"price": money(500), "options": {"Size": name}, **more}


def with_sizes(vendor):
    return vendor.product(options=[{"name": "Size", "values": ["S", "M"]}], variants=[size("S")])


# -- what is taken ------------------------------------------------------------------------------

def test_a_sku_may_be_that_of_many(clay):
    sku, mug = fresh("SKU"), with_sizes(clay)
    clay.product(variants=[{"price": money(500), "sku": sku}])
    clay.do("updateVariant", variant_id=mug.variant, body={"sku": sku})
    made = clay.do("createVariant", product_id=mug.id, body=size("M", sku=sku))
    assert made["sku"] == sku


def test_a_taken_handle_is_named(clay):
    one, other = clay.product(), clay.product()
    body = {"title": "Mug", "handle": one.handle, "variants": [{"price": money(500)}]}
    refused(clay.call("createVendorProduct", body=body), 409, "already_exists", field="/handle")
    refused(clay.call("updateVendorProduct", product_id=other.id, body={"handle": one.handle}), 409,
            "already_exists", field="/handle")


def test_a_combination_of_options_that_is_there_is_named(clay):
    mug = with_sizes(clay)
    refused(clay.call("createVariant", product_id=mug.id, body=size("S")), 409, "already_exists",
            field="/options")


def test_a_second_variant_of_what_has_no_options_is_named(clay):
    problem = refused(clay.call("createVariant", product_id=clay.product().id,
                                body={"price": money(700), "options": {}}), 409, "already_exists",
                      field="/options")
    assert "has one variant" in problem["detail"]


def test_a_taken_slug_is_named(shop, clay):
    body = {"name": "Clay", "slug": clay.slug}
    refused(shop.customer().call("applyVendor", body=body), 409, "already_exists", field="/slug")
    made = shop.admin().do("createCategory", body={"name": fresh("Mugs")})
    other = shop.admin().do("createCategory", body={"name": fresh("Cups")})
    body = {"name": "Mugs", "slug": made["slug"]}
    refused(shop.admin().call("createCategory", body=body), 409, "already_exists", field="/slug")
    refused(shop.admin().call("updateCategory", category_id=other["id"],
                              body={"slug": made["slug"]}), 409, "already_exists", field="/slug")


ID = "0190b0b0-0000-7000-8000-00000000beef"


def test_a_slug_does_not_look_like_an_id(shop):
    category = shop.admin().do("createCategory", body={"name": fresh("Mugs")})
    for body in ({"name": "Mugs", "slug": ID}, {"name": ID.upper()}):
        refused(shop.customer().call("applyVendor", body=body), 400, field="/slug")
        refused(shop.admin().call("createCategory", body=body), 400, field="/slug")
    refused(shop.admin().call("updateCategory", category_id=category["id"], body={"slug": ID}), 400,
            field="/slug")


# -- what is not there --------------------------------------------------------------------------

def test_an_unknown_category_of_a_body_is_named(shop, clay):
    mug = clay.product()
    body = {"title": "Mug", "category_id": NEVER, "variants": [{"price": money(500)}]}
    refused(clay.call("createVendorProduct", body=body), 400, "invalid_input", field="/category_id")
    refused(clay.call("updateVendorProduct", product_id=mug.id, body={"category_id": NEVER}), 400,
            "invalid_input", field="/category_id")
    category = shop.admin().do("createCategory", body={"name": fresh("Mugs")})
    refused(shop.admin().call("createCategory", body={"name": "Mugs", "parent_id": NEVER}), 400,
            "invalid_input", field="/parent_id")
    refused(shop.admin().call("updateCategory", category_id=category["id"],
                              body={"parent_id": NEVER}), 400, "invalid_input", field="/parent_id")


# -- what is no text ----------------------------------------------------------------------------

@pytest.mark.parametrize("text,field", [
    (rb'{"name": "a\u0000b"}', "/name"),
    (b'{"name": "\xff\xfe"}', "/name"),
    (rb'{"name": "\ud800"}', "/name"),
    (b'{"name": "Ada", "name": "Eve"}', "/name"),
    (b'{"name": "Ada", "password": }', "/password"),
])
def test_text_that_is_none_is_named(shop, text, field):
    problem = refused(shop.customer().call("updateMe", data=text), 400, "invalid_input", field)
    assert problem["errors"][0]["detail"]


def test_an_id_or_a_choice_does_not_end_at_a_nul(shop, clay):
    mug = clay.product()
    category = shop.admin().do("createCategory", body={"name": fresh("Mugs")})["id"]
    for name, value in (("category_id", category + "\0x"), ("status", "active\0x")):
        refused(clay.call("updateVendorProduct", product_id=mug.id, body={name: value}), 400,
                field="/" + name)


# -- what is blank ------------------------------------------------------------------------------

@pytest.mark.parametrize("blank", BLANK)
def test_blank_text_is_none(shop, clay, blank):
    mug, admin = clay.product(), shop.admin()
    refused(shop.anonymous().call("registerAccount", body={
        "email": fresh("blank") + "@example.com", "password": PASSWORD, "name": blank}), 400,
        field="/name")
    refused(shop.customer().call("updateMe", body={"name": blank}), 400, field="/name")
    refused(shop.customer().call("applyVendor", body={"name": blank, "slug": fresh("blank")}), 400,
            field="/name")
    refused(clay.call("updateVendor", body={"name": blank}), 400, field="/name")
    refused(clay.call("updateVendorProduct", product_id=mug.id, body={"title": blank}), 400,
            field="/title")
    refused(admin.call("createCategory", body={"name": blank, "slug": fresh("blank")}), 400,
            field="/name")
    refused(admin.call("unlistProduct", product_id=mug.id, body={"reason": blank}), 400,
            field="/reason")
    refused(admin.call("lockUser", user_id=clay.owner.id, body={"reason": blank}), 400,
            field="/reason")


def test_text_of_one_line_is_kept_without_its_edges(shop, clay):
    person = shop.customer()
    assert person.do("updateMe", body={"name": " Ada\u00a0 Byron\n"})["name"] == "Ada\u00a0 Byron"
    mug = clay.product(title="  Blue mug ")
    assert clay.do("getVendorProduct", product_id=mug.id)["title"] == "Blue mug"


def test_a_password_keeps_its_spaces(shop):
    email = fresh("spaces") + "@example.com"
    shop.anonymous().register(email, "   spaces   ", "Ada")
    assert shop.anonymous().login(email, "   spaces   ")
    refused(shop.anonymous().call("login", body={"email": email, "password": "spaces"}), 401)
