"""Accounts that leave, and what is left of a person then: docs/ACCOUNTS.md."""
import pytest

pytest.importorskip("aiosmtpd", reason="python3-aiosmtpd is not installed")
from harness import devices  # noqa: E402
from harness.client import together  # noqa: E402
from harness.codes import (change_of, coded, fresh_phone, registered, reset_of,  # noqa: E402
                           undo_of)
from harness.images import uploaded  # noqa: E402
from harness.sessions import refreshed  # noqa: E402
from harness.shop import ADDRESS, PASSWORD, fresh, refused  # noqa: E402
from harness.sub_orders import line_of  # noqa: E402
from harness.talk import Talk  # noqa: E402
from harness.totp import enrolled  # noqa: E402
from harness.uploads import attachable  # noqa: E402
from harness.wait import until  # noqa: E402

# What becomes of the rows that name an account: gone with it, or kept under an id alone.
GONE = {"account_device", "address", "campaign_test", "cart", "chat_block", "conversation_mute",
        "device", "email_change", "identity", "invoice_buyer", "mail_digest", "mail_letter",
        "notice", "notice_reader", "notification_preference", "passkey", "recovery_code",
        "session", "sign_in_challenge", "staff", "support_view", "totp", "two_factor_grace",
        "vendor_follow"}
KEPT = {"account_deletion", "campaign_recipient", "chat_erasure", "consent", "conversation"}
LATER = {"account_export"}  # with its file


def again(shop, person):
    return shop.anonymous().login(person.account["email"], PASSWORD)


def due(shop, person):
    """As if the 14 days were over, and what it waits for were looked at now."""
    shop.db.rows("update account_deletion set erase_at = least(erase_at, now()), due_at = now() "
                 "where account_id = %s and erased_at is null", person.id)


def state(shop, person):
    return shop.db.rows("select started_at is not null as begun, erased_at is not null as erased "
                        "from account_deletion where account_id = %s", person.id)


def erased(shop, person, is_told=False):
    """Once it is: as if a minute were over since it began; unless a mail server takes the last
    mail, a day."""
    def is_done():
        due(shop, person)
        shop.db.rows("update account_deletion set started_at = started_at - interval %s "
                     "where account_id = %s", "1 minute" if is_told else "1 day", person.id)
        return state(shop, person) == [{"begun": True, "erased": True}]
    until(is_done)


def rest(shop, person):
    """As if what was delivered of the person's orders had been completed some days ago."""
    shop.db.rows("update sub_order set deadline_at = now() where account_id = %s "
                 "and state = 'delivered'", person.id)
    until(lambda: shop.db.one("select count(*) = 0 from sub_order where account_id = %s "
                              "and state not in ('completed', 'cancelled')", person.id))
    shop.db.rows("update sub_order set updated_at = now() - interval '2 days' "
                 "where account_id = %s", person.id)


def tables(shop):
    return [row["name"] for row in shop.db.rows(
        "select c.oid::regclass::text as name from pg_class c join pg_namespace n "
        "on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind in ('r', 'p')")]


def holding(shop, words):
    """Which tables hold one of these words, in whatever column."""
    return {(table, word) for table in tables(shop) for word in words
            if shop.db.one(f"select exists (select from {table} x where x::text ilike %s)",
                           f"%{word}%")}


# -- asking, and thinking better of it ------------------------------------------------------------

def test_who_asks_is_signed_out_and_may_sign_in_and_cancel_for_14_days(mail):
    shop, person = mail.shop, mail.shop.customer()
    asked = person.do("requestDeletion")
    assert shop.db.one("select erase_at - asked_at from account_deletion where account_id = %s",
                       person.id).days == 14
    refused(person.call("getMe"), 401)
    refused(refreshed(person), 401)
    back = again(shop, person)
    assert back.account["deletion"] == back.do("getMe")["deletion"] == asked
    assert back.do("requestDeletion") == asked
    back = again(shop, person)
    assert back.call("cancelDeletion").status_code == 204
    refused(back.call("cancelDeletion"), 404)
    assert back.do("getMe")["deletion"] is None

    def subjects():
        return [got.message["Subject"] for got in mail.got(person)]
    until(lambda: {"Your account will be erased", "Your account stays"} <= set(subjects()))


def test_vendors_are_handed_over_first(shop):
    vendor = shop.vendor()
    problem = refused(vendor.owner.call("requestDeletion"), 409, "vendors_first")
    assert problem["vendors"] == [{"id": vendor.id, "name": vendor.name, "slug": vendor.slug}]
    vendor.staff("manager")
    vendor.do("updateStaff", user_id=vendor.staff("manager").id, body={"role": "owner"})
    assert vendor.owner.call("requestDeletion").status_code == 202
    closed = shop.vendor()
    shop.admin().do("suspendVendor", vendor_id=closed.id, body={"reason": "Done"})
    shop.admin().do("closeVendor", vendor_id=closed.id, body={"reason": "Done"})
    assert closed.owner.call("requestDeletion").status_code == 202


def test_of_two_owners_who_both_leave_one_stays_until_the_vendor_is_handed_over(shop):
    vendor = shop.vendor()
    other = vendor.staff("manager")
    vendor.do("updateStaff", user_id=other.id, body={"role": "owner"})
    for person in (vendor.owner, other):
        assert person.call("requestDeletion").status_code == 202
    for person in (vendor.owner, other):
        due(shop, person)
    until(lambda: state(shop, vendor.owner) + state(shop, other) != 2 * [
        {"begun": False, "erased": False}])
    staying = other if state(shop, vendor.owner)[0]["begun"] else vendor.owner
    until(lambda: shop.db.one("select due_at > now() from account_deletion where account_id = %s",
                              staying.id))
    assert state(shop, staying) == [{"begun": False, "erased": False}]
    assert again(shop, staying).do("getMyVendor", vendor_id=vendor.id)["id"] == vendor.id


def test_an_admin_gives_up_the_role_first(shop):
    admin = shop.admin("support")
    refused(admin.call("requestDeletion"), 409, "conflict")
    superadmin = shop.admin()
    refused(superadmin.call("requestUserDeletion", user_id=admin.id, body={"reason": "A letter"}),
            409, "conflict")


def test_an_admin_asks_for_a_person_who_wrote_a_letter_and_the_audit_log_says_so(shop):
    person, support = shop.customer(), shop.admin("support")
    reason = fresh("letter")
    asked = support.do("requestUserDeletion", user_id=person.id, body={"reason": reason})
    assert asked["by_admin"]
    assert support.do("adminGetUser", user_id=person.id)["deletion"] == asked
    refused(person.call("getMe"), 401)
    assert support.call("cancelUserDeletion", user_id=person.id).status_code == 204
    entries = shop.db.rows("select action, account_id::text as by, reason from audit_log "
                           "where object_kind = 'account_deletion' and object_id = %s order by id",
                           person.id)
    assert [(e["action"], e["by"]) for e in entries] == [("insert", support.id),
                                                         ("delete", support.id)]
    assert entries[0]["reason"] == reason
    refused(support.call("requestUserDeletion", user_id=person.id, body={}), 400, field="/reason")


def test_it_waits_while_an_order_is_under_way(shop):
    person, vendor = shop.customer(), shop.vendor()
    order = person.order(vendor.product())
    person.do("requestDeletion")
    due(shop, person)
    until(lambda: shop.db.one("select due_at > now() from account_deletion where account_id = %s",
                              person.id))
    assert state(shop, person) == [{"begun": False, "erased": False}]
    assert vendor.see(order)["shipping_address"]["name"] == ADDRESS["name"]
    assert vendor.cancel(order).status_code == 200
    rest(shop, person)
    erased(shop, person)


def test_it_waits_while_a_return_is_under_way(shop):
    person, vendor = shop.customer(), shop.vendor()
    order = person.order(vendor.product())
    for move in (vendor.accept, vendor.pack, vendor.ship, vendor.deliver):
        assert move(order).status_code == 200
    asked = person.do("requestReturn", sub_order_id=vendor.part(order)["id"], key=fresh("key"),
                      body={"lines": [{"line_id": line_of(order, vendor), "quantity": 1}],
                            "reason": "damaged"})
    person.do("requestDeletion")
    rest(shop, person)
    due(shop, person)
    until(lambda: shop.db.one("select due_at > now() from account_deletion where account_id = %s",
                              person.id))
    assert state(shop, person) == [{"begun": False, "erased": False}]
    vendor.do("refuseReturn", return_id=asked["id"], body={"reason": "It is whole"})
    erased(shop, person)


def begun(shop, person):
    person.do("requestDeletion")
    due(shop, person)
    until(lambda: state(shop, person) == [{"begun": True, "erased": False}])


def test_an_order_that_comes_while_it_begins_keeps_its_address_until_it_is_over(shop):
    person, vendor = shop.customer(), shop.vendor()
    order = person.order(vendor.product())
    assert vendor.cancel(order).status_code == 200
    rest(shop, person)
    begun(shop, person)
    shop.db.rows("update sub_order set updated_at = now() where account_id = %s", person.id)
    shop.db.rows("update account_deletion set started_at = started_at - interval '1 day', "
                 "due_at = now() where account_id = %s", person.id)
    until(lambda: shop.db.one("select due_at > now() + interval '30 minutes' "
                              "from account_deletion where account_id = %s", person.id))
    assert state(shop, person) == [{"begun": True, "erased": False}]
    assert vendor.see(order)["shipping_address"]["name"] == ADDRESS["name"]
    rest(shop, person)
    erased(shop, person)


def test_what_has_begun_gets_no_rights_back(shop):
    person, admin = shop.customer(), shop.admin()
    begun(shop, person)
    refused(admin.call("unlockUser", user_id=person.id, body={}), 409, "conflict")
    refused(admin.call("setAdminRole", user_id=person.id, body={"role": "support"}), 409,
            "conflict")
    with pytest.raises(Exception, match="is being erased"):
        shop.db.rows("select account_make_admin(gen_random_uuid(), email, email_key, name, "
                     "'support', password_hash) from account where id = %s", person.id)
    erased(shop, person)


def test_cancelling_and_erasing_at_once_have_one_outcome(shop):
    person = shop.customer()
    person.do("requestDeletion")
    back = again(shop, person)
    answers = together(5, lambda i: due(shop, person) if i == 2 else back.call("cancelDeletion"))
    statuses = [a.status_code for a in answers if a is not None]
    if 204 in statuses:
        assert statuses.count(204) == 1 and state(shop, person) == []
        assert again(shop, person).do("getMe")["deletion"] is None
    else:
        erased(shop, person)
        refused(shop.anonymous().call("login", body={
            "email": person.account["email"], "password": PASSWORD}), 401)


# -- what is left ---------------------------------------------------------------------------------

def goods_go_back(shop, person, vendor, order, name):
    """One return that was refused, and one that its customer has called off."""
    def ask():
        photo = attachable(shop.server, person, purpose="return_evidence")
        return person.do("requestReturn", sub_order_id=vendor.part(order)["id"], key=fresh("key"),
                         body={"lines": [{"line_id": line_of(order, vendor), "quantity": 1}],
                               "reason": "damaged", "comment": f"{name} broke it",
                               "upload_ids": [photo]})["id"]
    person.do("cancelReturn", return_id=ask(), body={"reason": f"{name} keeps it"})
    again = {"return_id": ask()}
    vendor.do("approveReturn", **again, body={})
    person.do("shipReturn", **again, body={"carrier": f"{name}'s van", "tracking_number": name})
    vendor.do("receiveReturn", **again)
    vendor.do("inspectReturn", **again, body={})
    vendor.do("refuseReturn", **again, body={"reason": "It is whole"})


def with_traces(shop, name, phone):
    """Somebody of whom there is something in as many tables as can be."""
    person = shop.customer(name=name)
    vendor, own = shop.vendor(), shop.vendor()
    email = person.account["email"]
    address = {**ADDRESS, "name": name, "phone": phone, "line1": f"{name} Row 1"}
    person.do("createAddress", body=address)
    order = person.order(vendor.product(), shipping_address=address, note=f"For {name}")
    for move in (vendor.accept, vendor.pack, vendor.ship, vendor.deliver):
        assert move(order).status_code == 200
    goods_go_back(shop, person, vendor, order, name)
    second = person.order(vendor.product(), shipping_address=address)
    person.do("cancelOrder", order_id=second["id"], body={"reason": f"{name} is away"})
    talk = Talk(shop, vendor, person)
    talk.ask(f"I am {name}, {phone}", attachments=[
        {"upload_id": attachable(shop.server, person), "name": name, "alt": name}])
    talk.answer("Hello")
    Talk(shop, own, person)
    avatar, _ = uploaded(shop.server, person, "avatar")
    person.do("updateMe", body={"avatar": {"upload_id": avatar, "alt": name}})
    devices.registered(person, devices.an_iphone())
    person.cart(vendor.product())
    person.do("followVendor", vendor_id=vendor.id)
    own.do("createInvitation", body={"email": email, "role": "support"})
    shop.db.rows("insert into staff (vendor_id, account_id, role) values (%s, %s, 'support')",
                 vendor.id, person.id)
    shop.db.rows("update vendor set contact_email = %s, contact_phone = %s where id = %s",
                 email, phone, vendor.id)
    reset_of(shop, email), registered(shop, email, name=name)
    shop.db.rows("update account set phone = %s where id = %s", phone, person.id)
    shop.db.rows("insert into phone_code (id, phone, calling_code, language, expires_at) "
                 "values (gen_random_uuid(), %s, '251', 'en', now())", phone)
    shop.admin().do("lockUser", user_id=person.id, body={"reason": "A mistake"})
    shop.admin().do("unlockUser", user_id=person.id, body={"reason": "It was one"})
    return person, vendor, order, talk


def test_no_table_holds_what_named_the_person(mail):
    shop = mail.shop
    name, phone = fresh("Zebedee").replace("-", ""), fresh_phone()
    person, vendor, order, talk = with_traces(shop, name, phone)
    email = person.account["email"]
    person = enrolled(shop, again(shop, person))
    words = {name, email, phone}
    assert {word for _, word in holding(shop, words)} == words
    person.do("requestDeletion")
    rest(shop, person)
    erased(shop, person, is_told=True)
    assert holding(shop, words) == set()
    (paper,) = vendor.do("listVendorInvoices")["items"]
    assert vendor.do("getVendorInvoice", invoice_id=paper["id"])["buyer"] is None
    seen = vendor.do("listVendorReturns")["items"]
    assert [r["decision_reason"] for r in seen] == ["It is whole", None]
    assert vendor.do("getVendorReturn", return_id=seen[0]["id"])["files"] == []
    assert mail.got(person)[-1].message["Subject"] == "Your account is being erased"
    seen = vendor.see(order)
    assert seen["shipping_address"] == {
        "name": "Erased", "company": None, "line1": "", "line2": None, "city": "", "region": None,
        "postal_code": None, "country": "GB", "phone": None}
    assert seen["lines"][0]["quantity"] == 1 and seen["total"] == order["sub_orders"][0]["total"]
    assert [m["text"] for m in vendor.do("listVendorMessages", conversation_id=talk.id,
                                         order="oldest")["items"]] == ["", "Hello"]
    refused(shop.anonymous().call("login", body={"email": email, "password": PASSWORD}), 401)
    assert shop.check() == []
    anew = shop.anonymous().register(email, PASSWORD, "Somebody else")
    assert anew.id != person.id


def suppressed(shop, email):
    shop.db.rows("insert into mail_suppression (id, address, reason) "
                 "values (gen_random_uuid(), %s, 'bounce')", email)


def test_addresses_of_others_that_were_only_typed_stay_as_they_are(shop):
    person, other, vendor = shop.customer(), shop.customer(), shop.vendor()
    own, theirs = person.account["email"], other.account["email"]
    person.do("confirmEmailChange", body=change_of(shop, person, fresh("new") + "@example.com"))
    other.do("confirmEmailChange", body=change_of(shop, other, fresh("new") + "@example.com"))
    change_of(shop, person, theirs)
    for email in (own, theirs):
        suppressed(shop, email)
        vendor.owner.do("createInvitation", vendor_id=vendor.id,
                        body={"email": email, "role": "support"})
    undo = undo_of(shop, theirs)
    person.do("requestDeletion")
    erased(shop, person)
    for table in ("mail_suppression", "staff_invitation", "email_code"):
        assert (table, own) not in holding(shop, {own, theirs})
        assert (table, theirs) in holding(shop, {own, theirs})
    assert shop.anonymous().call("undoEmailChange", body={
        **undo, "password": "staple battery horse"}).status_code == 204


def test_a_vendor_keeps_its_address_when_staff_without_one_leave(shop):
    vendor, person = shop.vendor(), shop.anonymous()
    person._signed_in(person.do("signInByPhone", body={
        **coded(shop.server, person, fresh_phone()), "name": "Sara"}))
    shop.db.rows("insert into staff (vendor_id, account_id, role) values (%s, %s, 'support')",
                 vendor.id, person.id)
    shop.db.rows("update vendor set contact_email = 'shop@example.com', "
                 "contact_phone = '+251911223344' where id = %s", vendor.id)
    person.do("requestDeletion")
    erased(shop, person)
    assert shop.db.rows("select contact_email, contact_phone from vendor where id = %s",
                        vendor.id) == [{"contact_email": "shop@example.com",
                                        "contact_phone": "+251911223344"}]


def test_every_table_that_names_an_account_says_what_becomes_of_its_rows(shop):
    refer = {row["name"] for row in shop.db.rows(
        "select conrelid::regclass::text as name from pg_constraint "
        "where contype = 'f' and confrelid = 'account'::regclass")}
    assert refer == GONE | KEPT | LATER
    person = shop.customer()
    person.do("requestDeletion")
    erased(shop, person)
    for table in GONE:
        assert shop.db.one(f"select count(*) from {table} where account_id = %s", person.id) == 0
