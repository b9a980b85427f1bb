"""Edits of what was read before: If-Match as RFC 9110 has it."""
import pytest
from harness.client import refused
from harness.shop import fresh, money

OTHERS = ['"nonsense"', '"1"', 'W/"abc"', '"a, b", "c"', '"999999.0123456789abcdef"', "unquoted",
          '""']


@pytest.fixture(params=["updateVendorProduct", "updateVendor", "updateMe", "putSettings"])
def edit(shop, request):
    """(the ETag that was read, edit(If-Match) as a response); each edit changes something."""
    vendor = shop.vendor()
    mug, admin, owner = vendor.product(), shop.admin(), vendor.owner
    settings = {k: v for k, v in admin.do("getSettings").items()
                if k not in ("currency", "version")}
    reads = {"updateVendorProduct": lambda: vendor.call("getVendorProduct", product_id=mug.id),
             "updateVendor": lambda: vendor.call("getMyVendor"),
             "updateMe": lambda: owner.call("getMe"),
             "putSettings": lambda: admin.call("getSettings")}
    edits = {"updateVendorProduct": lambda h: vendor.call(
                 "updateVendorProduct", product_id=mug.id, body={"title": fresh("T")}, headers=h),
             "updateVendor": lambda h: vendor.call(
                 "updateVendor", body={"description": fresh("D")}, headers=h),
             "updateMe": lambda h: owner.call("updateMe", body={"name": fresh("Ada")}, headers=h),
             "putSettings": lambda h: admin.call("putSettings", body=settings, headers=h)}
    name = request.param
    return (lambda: reads[name]().headers["ETag"],
            lambda match: edits[name]({"If-Match": match}))


def test_an_edit_needs_one_of_the_tags(edit):
    read, change = edit
    tag = read()
    assert change(f'"other", {tag}').status_code < 300
    refused(change(tag), 412, "version_mismatch")
    refused(change(f'{tag}, "other"'), 412, "version_mismatch")
    assert change(f"{tag},{read()}").status_code < 300


def test_a_tag_that_nothing_of_ours_has_is_another_version(edit):
    read, change = edit
    for other in OTHERS:
        refused(change(other), 412, "version_mismatch")
    assert change(read()).status_code < 300


def test_a_star_takes_any_version(edit):
    _, change = edit
    assert change("*").status_code < 300
    assert change("*").status_code < 300


def test_a_product_is_deleted_as_it_was_read(shop):
    mug = shop.vendor().product()
    delete = lambda tag: mug.vendor.call("deleteVendorProduct", product_id=mug.id,  # noqa
                                         headers={"If-Match": tag})
    read = lambda: mug.vendor.call("getVendorProduct", product_id=mug.id).headers["ETag"]  # noqa
    tag = read()
    mug.vendor.do("updateVendorProduct", product_id=mug.id, body={"title": fresh("T")})
    for old in (tag, *OTHERS):
        refused(delete(old), 412, "version_mismatch")
    assert delete(f'"other", {read()}').status_code == 204
    refused(delete("*"), 404, "not_found")


@pytest.fixture
def variants(shop):
    """(the ETag of a product, what edits its variants under an If-Match)."""
    vendor = shop.vendor()
    mug = vendor.product(options=[{"name": "Size", "values": ["S", "M", "L"]}], variants=[
        {"price": money(100), "available": 5, "options": {"Size": size}} for size in "SML"])
    ids = iter(mug.variants[1:])
    say = lambda operation, tag, variant, **more: vendor.call(  # noqa: E731
        operation, variant_id=variant, headers={"If-Match": tag}, **more)
    return (lambda: vendor.call("getVendorProduct", product_id=mug.id).headers["ETag"], {
        "updateVariant": lambda tag: say("updateVariant", tag, mug.variant,
                                         body={"barcode": fresh("B")}),
        "setVariantStock": lambda tag: say("setVariantStock", tag, mug.variant,
                                           body={"adjust": 1}),
        "deleteVariant": lambda tag: say("deleteVariant", tag, next(ids)["id"])})


@pytest.mark.parametrize("operation", ["updateVariant", "setVariantStock", "deleteVariant"])
def test_a_variant_is_edited_as_its_product_was_read(variants, operation):
    read, edits = variants
    tag = read()
    assert edits[operation](tag).status_code < 300
    answer = edits["updateVariant"](read())
    refused(edits["updateVariant"](tag), 412, "version_mismatch")
    refused(edits["setVariantStock"](tag), 412, "version_mismatch")
    refused(edits["deleteVariant"](tag), 412, "version_mismatch")
    assert edits["updateVariant"](answer.headers["ETag"]).status_code == 200


def test_what_is_new_is_edited_by_the_tag_that_its_making_gave(shop):
    vendor = shop.vendor()
    made = vendor.call("createVendorProduct", body={
        "title": fresh("Thing"), "variants": [{"price": money(100)}]})
    tag = {"If-Match": made.headers["ETag"]}
    edit = lambda: vendor.call("updateVendorProduct", product_id=made.json()["id"],  # noqa: E731
                               body={"title": fresh("T")}, headers=tag)
    assert edit().status_code == 200
    refused(edit(), 412, "version_mismatch")
