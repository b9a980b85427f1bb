"""Oversight: what admins see, decide and leave in the log."""
import pytest

from harness.shop import PASSWORD, fresh, money, refused, together

NOBODY = "0198f1c2-0d00-7000-8000-00000000dead"


def on_sale(shop, product):
    return shop.sees("getProduct", product_id=product.id) is not None


def listed(shop, **filters):
    return [p["id"] for p in shop.sees("listProducts", limit=100, **filters)["items"]]


# -- vendors --------------------------------------------------------------------------------------


def test_an_applied_vendor_waits_in_the_queue_until_it_is_approved(shop):
    vendor = shop.vendor(approved=False)
    admin = shop.admin("operations")
    waiting = admin.do("adminListVendors", status="applied", q=vendor.slug)["items"]
    assert [v["id"] for v in waiting] == [vendor.id]
    assert waiting[0]["allowed_transitions"] == ["approved", "rejected"]
    assert waiting[0]["owner"]["id"] == vendor.owner.id
    approved = admin.do("approveVendor", vendor_id=vendor.id, body={"reason": "Papers are good"})
    assert (approved["status"], approved["status_reason"]) == ("approved", "Papers are good")
    assert admin.do("adminListVendors", status="applied", q=vendor.slug)["items"] == []
    assert admin.do("adminGetVendor", vendor_id=vendor.id) == approved


@pytest.mark.parametrize("way, state, next_states", [
    ((), "applied", ["approved", "rejected"]),
    (("rejectVendor",), "rejected", []),
    (("approveVendor",), "approved", ["suspended"]),
    (("approveVendor", "suspendVendor"), "suspended", ["approved", "closed"]),
    (("approveVendor", "suspendVendor", "reinstateVendor"), "approved", ["suspended"]),
    (("approveVendor", "suspendVendor", "closeVendor"), "closed", []),
])
def test_a_vendor_goes_only_where_its_state_leads(shop, way, state, next_states):
    vendor, admin = shop.vendor(approved=False), shop.admin()
    for step in way:
        admin.do(step, vendor_id=vendor.id, body={"reason": "So be it"})
    now = admin.do("adminGetVendor", vendor_id=vendor.id)
    assert (now["status"], sorted(now["allowed_transitions"])) == (state, next_states)
    leads = {"approveVendor": ("applied", "approved"), "rejectVendor": ("applied", "rejected"),
             "suspendVendor": ("approved", "suspended"), "closeVendor": ("suspended", "closed"),
             "reinstateVendor": ("suspended", "approved")}
    for decision in (d for d, (come, _) in leads.items() if come != state):
        problem = refused(admin.call(decision, vendor_id=vendor.id, body={"reason": "No"}), 409,
                          "transition_not_allowed")
        assert sorted(problem["allowed_transitions"]) == next_states
    assert admin.do("adminGetVendor", vendor_id=vendor.id) == now, "a refusal changes nothing"


def test_of_two_decisions_at_once_one_is_taken(shop):
    vendor, admin = shop.vendor(approved=False), shop.admin()
    answers = together(6, lambda i: admin.call(
        "approveVendor" if i % 2 else "rejectVendor", vendor_id=vendor.id,
        body={"reason": "First"}).status_code)
    assert sorted(answers) == [200] + [409] * 5


@pytest.mark.parametrize("decision", ["rejectVendor", "suspendVendor", "closeVendor"])
def test_bad_news_need_a_reason(shop, decision):
    refused(shop.admin().call(decision, vendor_id=shop.mug.vendor.id, body={}), 400,
            field="/reason")


def test_a_suspended_vendors_products_vanish_at_once_and_come_back(shop):
    vendor, admin = shop.vendor(), shop.admin("moderator")
    mug, pan = vendor.product(), vendor.product(status="draft")
    customer = shop.customer()
    cart = customer.cart(mug)
    admin.do("suspendVendor", vendor_id=vendor.id, body={"reason": "Counterfeit goods"})
    assert not on_sale(shop, mug)
    assert listed(shop, vendor=vendor.id) == []
    assert cart.place().status_code == 409, "what is in a cart cannot be ordered any more"
    assert shop.db.one("select available from variant where id = %s", mug.variant) == 10
    admin.do("reinstateVendor", vendor_id=vendor.id, body={"reason": "Cleared"})
    assert on_sale(shop, mug) and not on_sale(shop, pan)
    assert listed(shop, vendor=vendor.slug) == [mug.id]
    assert not shop.check()


def test_a_suspended_vendor_fulfils_what_was_placed(shop):
    vendor = shop.vendor()
    order = shop.customer().order(vendor.product())
    shop.admin().do("suspendVendor", vendor_id=vendor.id, body={"reason": "Complaints"})
    assert vendor.accept(order).status_code == 200


def test_a_product_made_while_its_vendor_is_suspended_is_never_shown(shop):
    vendor, admin = shop.vendor(), shop.admin()

    def one(i):
        if i == 0:
            admin.do("suspendVendor", vendor_id=vendor.id, body={"reason": "Now"})
        else:
            vendor.product()
    together(7, one)
    assert listed(shop, vendor=vendor.id) == []
    assert not shop.check()


def test_a_vendors_own_commission_holds_for_sales_from_then_on(shop):
    vendor = shop.vendor()
    mug = vendor.product(price=10000)
    admin, customer = shop.admin("finance"), shop.customer()
    assert admin.do("adminGetVendor", vendor_id=vendor.id)["commission_basis_points"] is None
    before = vendor.part(customer.order(mug))["id"]
    for rate in (750, None):
        set_to = admin.do("setVendorCommission", vendor_id=vendor.id,
                          body={"commission_basis_points": rate})
        assert set_to["commission_basis_points"] == rate
        if rate:
            after = vendor.part(customer.order(mug))["id"]
    rates = shop.db.rows("select sub_order_id::text as id, commission_basis_points as rate, "
                         "commission from order_line where vendor_id = %s", vendor.id)
    assert {r["id"]: (r["rate"], r["commission"]) for r in rates} == {before: (1000, 1000),
                                                                      after: (750, 750)}


def test_vendors_are_found_by_part_of_their_name_as_it_is_written(shop):
    vendor = shop.vendor()
    admin = shop.admin("support")

    def find(q):
        return [v["id"] for v in admin.all("adminListVendors", q=q)]
    assert vendor.id in find(vendor.name.upper())
    assert find("%") == [] and find(vendor.slug.replace("-", "_")) == []


# -- users ----------------------------------------------------------------------------------------


def test_users_are_found_by_part_of_name_or_address(shop):
    person = shop.customer(name="Grete " + fresh("Hermann"))
    support = shop.admin("support")
    for q in (person.account["name"][6:].lower(), person.account["email"]):
        assert [u["id"] for u in support.all("adminListUsers", q=q)] == [person.id]
    assert person.id in [u["id"] for u in support.do("adminListUsers")["items"]]
    assert support.do("adminListUsers", q=person.account["email"], locked=True)["items"] == []


def test_a_user_is_shown_with_the_vendors_it_works_for(shop):
    vendor = shop.vendor()
    user = shop.admin("support").do("adminGetUser", user_id=vendor.owner.id)
    assert [(v["id"], v["role"]) for v in user["vendors"]] == [(vendor.id, "owner")]
    assert "password" not in str(user)


def test_a_locked_user_is_refused_at_once_and_let_in_again(shop):
    person, support = shop.customer(), shop.admin("support")
    locked = support.do("lockUser", user_id=person.id, body={"reason": "Stolen card"})
    assert locked["locked_at"] and locked["lock_reason"] == "Stolen card"
    assert person.call("getMe").status_code in (401, 403)
    assert person.call("refresh", body={"refresh_token": person.refresh_token},
                       token=None).status_code in (401, 403)
    sign_in = {"email": person.account["email"], "password": PASSWORD}
    refused(shop.anonymous().call("login", body=sign_in), 403, "account_locked")
    found = support.do("adminListUsers", q=person.account["email"], locked=True)["items"]
    assert [u["id"] for u in found] == [person.id]
    unlocked = support.do("unlockUser", user_id=person.id, body={})
    assert (unlocked["locked_at"], unlocked["lock_reason"]) == (None, None)
    assert person.call("getMe").status_code == 401, "the old sessions stay ended"
    assert person.login(sign_in["email"], PASSWORD).do("getMe")["id"] == person.id


def test_nobody_locks_themselves(shop):
    for role in ("superadmin", "operations"):
        admin = shop.admin(role)
        refused(admin.call("lockUser", user_id=admin.id, body={"reason": "Tired"}), 409, "conflict")
        assert admin.do("getMe")["id"] == admin.id


def test_only_a_superadmin_locks_an_admin(shop):
    other = shop.customer()
    shop.db.rows("update account set admin_role = 'finance' where id = %s", other.id)
    refused(shop.admin("operations").call("lockUser", user_id=other.id, body={"reason": "Odd"}),
            403, "forbidden")
    shop.admin().do("lockUser", user_id=other.id, body={"reason": "Odd"})
    refused(shop.admin("operations").call("unlockUser", user_id=other.id, body={}), 403)
    shop.admin().do("unlockUser", user_id=other.id, body={})


# -- categories -----------------------------------------------------------------------------------


def category(shop, name="Category", **body):
    return shop.admin("moderator").do("createCategory", body={"name": fresh(name), **body})


def tree(shop):
    return {c["id"]: c for c in shop.sees("listCategories", empty=True)["items"]}


def test_a_category_takes_its_place_in_the_tree(shop):
    root = category(shop, "Kitchen")
    mugs = category(shop, "Käthe's Mugs", parent_id=root["id"])
    assert (root["depth"], mugs["depth"]) == (0, 1)
    assert mugs["slug"].startswith("kathes-mugs-")
    assert mugs["path"] == f"{root['slug']}/{mugs['slug']}"
    assert tree(shop)[mugs["id"]] == mugs
    taken = shop.admin().call("createCategory", body={"name": "Else", "slug": mugs["slug"]})
    refused(taken, 409, "already_exists")
    refused(shop.admin().call("createCategory", body={"name": "茶"}), 400, field="/slug")


def test_what_hangs_below_moves_along_with_its_products(shop):
    kitchen, garden = category(shop, "Kitchen"), category(shop, "Garden")
    mugs = category(shop, "Mugs", parent_id=kitchen["id"])
    blue = category(shop, "Blue", parent_id=mugs["id"])
    product = shop.vendor().product(category_id=blue["id"])
    assert listed(shop, category=kitchen["slug"]) == [product.id]
    moved = shop.admin("moderator").do("updateCategory", category_id=mugs["id"],
                                       body={"parent_id": garden["id"], "name": "Cups"})
    assert (moved["path"], moved["name"]) == (f"{garden['slug']}/{mugs['slug']}", "Cups")
    assert tree(shop)[blue["id"]]["path"] == f"{garden['slug']}/{mugs['slug']}/{blue['slug']}"
    assert listed(shop, category=kitchen["id"]) == []
    for each in (garden, mugs, blue):
        assert listed(shop, category=each["id"]) == [product.id]
    shop.admin().do("updateCategory", category_id=mugs["id"], body={"parent_id": None})
    assert listed(shop, category=garden["id"]) == []
    assert tree(shop)[blue["id"]]["depth"] == 1


def test_a_category_never_hangs_below_itself(shop):
    root = category(shop)
    child = category(shop, parent_id=root["id"])
    for below in (root, child):
        refused(shop.admin().call("updateCategory", category_id=root["id"],
                                  body={"parent_id": below["id"]}), 409, "conflict")
    assert tree(shop)[root["id"]]["depth"] == 0


def test_the_tree_is_at_most_eight_levels_deep(shop):
    def chain(length, parent=None):
        made = []
        for _ in range(length):
            made.append(category(shop, parent_id=made[-1]["id"] if made else parent))
        return made
    deep, short = chain(8), chain(3)
    admin = shop.admin()
    refused(admin.call("createCategory", body={"name": "Nine", "parent_id": deep[-1]["id"]}), 409)
    refused(admin.call("updateCategory", category_id=short[0]["id"],
                       body={"parent_id": deep[5]["id"]}), 409, "conflict")
    admin.do("updateCategory", category_id=short[0]["id"], body={"parent_id": deep[4]["id"]})
    assert tree(shop)[short[2]["id"]]["depth"] == 7


def test_moves_at_once_never_tie_a_knot(shop):
    """Each of three under the next: all three would be a ring."""
    three = [category(shop) for _ in range(3)]
    together(3, lambda i: shop.admin().call(
        "updateCategory", category_id=three[i]["id"], body={"parent_id": three[i - 1]["id"]},
        may_fail=True))
    seen = tree(shop)
    assert all(each["id"] in seen for each in three)
    for each in shop.db.rows("select c.path[cardinality(c.path) - 1]::text as above, "
                             "c.parent_id::text as parent, p.path as p, c.path as own "
                             "from category c left join category p on p.id = c.parent_id"):
        assert each["above"] == each["parent"]
        assert each["p"] is None or each["own"][:-1] == each["p"]


# -- products -------------------------------------------------------------------------------------


def test_an_unlisted_product_is_gone_until_it_is_listed_again(shop):
    vendor, moderator = shop.vendor(), shop.admin("moderator")
    mug = vendor.product()
    gone = moderator.do("unlistProduct", product_id=mug.id, body={"reason": "Not a mug"})
    assert gone["unlisted_at"] and gone["unlisted_reason"] == "Not a mug"
    assert not on_sale(shop, mug)
    vendor.do("updateVendorProduct", product_id=mug.id, body={"status": "active"})
    assert not on_sale(shop, mug), "whatever its vendor says"
    own = vendor.do("getVendorProduct", product_id=mug.id)
    assert own["unlisted_reason"] == "Not a mug"
    found = moderator.all("adminListProducts", vendor=vendor.slug, unlisted=True)
    assert [p["id"] for p in found] == [mug.id]
    back = moderator.do("relistProduct", product_id=mug.id, body={})
    assert (back["unlisted_at"], back["unlisted_reason"]) == (None, None)
    assert on_sale(shop, mug)


def test_admins_see_products_of_every_status(shop):
    vendor = shop.vendor()
    title = fresh("Zinnsoldat")
    draft, active = (vendor.product(title=title, status=s) for s in ("draft", "active"))
    support = shop.admin("support")

    def find(**filters):
        return [p["id"] for p in support.all("adminListProducts", limit=1, **filters)]
    assert find(vendor=vendor.id) == [active.id, draft.id], "newest first, each once"
    assert find(vendor=vendor.id, status="draft") == [draft.id]
    assert set(find(vendor=vendor.id, q="zinnsoldat")) == {draft.id, active.id}
    assert find(vendor=vendor.id, unlisted=True) == []


# -- settings -------------------------------------------------------------------------------------


def test_settings_change_only_as_they_were_read(shop):
    admin = shop.admin()
    read = admin.call("getSettings")
    settings = read.json()
    body = {k: v for k, v in settings.items() if k not in ("currency", "version")}
    tag = {"If-Match": read.headers["ETag"]}
    changed = admin.call("putSettings", body={**body, "accept_hours": 47}, headers=tag)
    assert changed.json() == {**settings, "accept_hours": 47, "version": settings["version"] + 1}
    refused(admin.call("putSettings", body=body, headers=tag), 412, "version_mismatch")
    restored = admin.call("putSettings", body=body, headers={"If-Match": changed.headers["ETag"]})
    assert restored.status_code == 200
    refused(admin.call("putSettings", body={**body, "service_fee_fixed": money(1, "EUR")}), 400,
            field="/service_fee_fixed/currency")
    refused(shop.admin("finance").call("putSettings", body=body), 403)
    entry = admin.do("listAudit", action="update", user_id=admin.id, limit=1)["items"][0]
    assert entry["object"] == {"kind": "platform", "id": None}


# -- the log --------------------------------------------------------------------------------------


def test_the_log_says_who_did_what_before_and_after_in_which_request(shop):
    vendor, admin = shop.vendor(), shop.admin("operations")
    done = admin.call("suspendVendor", vendor_id=vendor.id, body={"reason": "Complaints"})
    entry = admin.do("listAudit", object_id=vendor.id)["items"][0]
    name = admin.do("getMe")["name"]  # another test may have changed it
    assert entry["by"] == {"kind": "admin", "id": admin.id, "name": name}
    assert (entry["action"], entry["object"]) == ("update", {"kind": "vendor", "id": vendor.id})
    assert (entry["before"]["state"], entry["after"]["state"]) == ("approved", "suspended")
    assert entry["after"]["state_reason"] == "Complaints"
    assert entry["request_id"] == done.headers["X-Request-Id"]
    assert entry["vendor_id"] == vendor.id
    assert entry in admin.do("listAudit", vendor=vendor.slug)["items"]
    assert entry in admin.do("listAudit", user_id=admin.id, action="update")["items"]


def test_what_the_shop_derives_is_not_in_the_log(shop):
    vendor = shop.vendor()
    mug = vendor.product()
    shop.admin().do("suspendVendor", vendor_id=vendor.id, body={"reason": "Complaints"})
    assert [e["action"] for e in shop.admin().do("listAudit", object_id=mug.id)["items"]] == \
        ["insert"]


def test_no_secret_is_in_the_log(shop):
    person = shop.customer()
    shop.admin().do("lockUser", user_id=person.id, body={"reason": "Test"})
    entries = shop.admin().do("listAudit", object_id=person.id)["items"]
    told = str(entries).replace("password_changed_at", "")
    assert entries and "argon2" not in told and "password" not in told


def test_the_log_is_read_page_by_page_each_entry_once(shop):
    vendor = shop.vendor()
    made = vendor.product()
    for i in range(5):
        vendor.do("updateVendorProduct", product_id=made.id, body={"title": f"Mug {i}"})
    pages = list(shop.admin().pages("listAudit", object_id=made.id, limit=2))
    ids = [e["id"] for page in pages for e in page["items"]]
    assert [len(p["items"]) for p in pages] == [2, 2, 2]
    assert ids == sorted(set(ids), reverse=True)


# -- who may --------------------------------------------------------------------------------------


def test_what_is_not_there_is_not_found(shop):
    admin = shop.admin()
    for operation, ids, body in (
            ("adminGetVendor", {"vendor_id": NOBODY}, None),
            ("suspendVendor", {"vendor_id": NOBODY}, {"reason": "No"}),
            ("setVendorCommission", {"vendor_id": NOBODY}, {"commission_basis_points": 1}),
            ("adminGetUser", {"user_id": NOBODY}, None),
            ("lockUser", {"user_id": NOBODY}, {"reason": "No"}),
            ("unlockUser", {"user_id": NOBODY}, {}),
            ("updateCategory", {"category_id": NOBODY}, {"name": "No"}),
            ("updateCategory", {"category_id": NOBODY}, {"parent_id": None}),
            ("unlistProduct", {"product_id": NOBODY}, {"reason": "No"}),
            ("relistProduct", {"product_id": NOBODY}, {})):
        refused(admin.call(operation, body=body, **ids), 404, "not_found")


def test_customers_and_staff_oversee_nothing(shop):
    vendor = shop.vendor()
    for actor in (shop.customer(), vendor.owner):
        refused(actor.call("adminListVendors"), 403)
        refused(actor.call("approveVendor", vendor_id=vendor.id, body={}), 403)
        refused(actor.call("listAudit"), 403)
    refused(shop.anonymous().call("adminListVendors"), 401)
    refused(shop.admin("support").call("suspendVendor", vendor_id=vendor.id,
                                       body={"reason": "No"}), 403)


def test_the_same_key_decides_once(shop):
    vendor, admin, key = shop.vendor(approved=False), shop.admin(), fresh("key")
    a, b = (admin.call("approveVendor", vendor_id=vendor.id, body={}, key=key) for _ in range(2))
    assert (a.status_code, a.content) == (b.status_code, b.content) and a.status_code == 200
