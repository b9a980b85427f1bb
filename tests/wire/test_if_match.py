"""Edits of what was read before: If-Match as RFC 9110 has it."""
import pytest
from harness.client import refused
from harness.shop import fresh

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


def test_a_password_changes_only_as_the_account_was_read(shop):
    person = shop.customer()
    tag = person.call("getMe").headers["ETag"]
    person.do("updateMe", body={"name": "Ada Lovelace"})
    body = {"password": "new password", "current_password": person.password}
    refused(person.call("updateMe", body=body, headers={"If-Match": tag}), 412)
    assert shop.anonymous().login(person.account["email"], person.password)
