"""What rows of the matrix need: bodies, and things made for one call. Each takes the world, who
acts, and the side that is acted on, as a row does (matrix.py)."""
from callers import somebody_new
from harness import contract
from harness.authenticator import Authenticator, asked, passkey_of
from harness.codes import change_of, undo_of
from harness.devices import an_iphone, registered
from harness.shop import ADDRESS, PASSWORD, fresh, money
from harness.totp import App, code_of, enrolled
from harness.uploads import attachable


def put_in_cart(world, who, side):
    who.do("putCartLine", variant_id=side.product.variant, body={"quantity": 1})


def order_body(world, who, side):
    total = who.do("quoteCart", body={})["total"] if who.account else money(1)
    return {"quote_total": total, "shipping_address": ADDRESS, "payment": {"method": "manual"},
            "shipping": [choice(side)]}


def choice(side):
    return {"vendor_id": side.ids["vendor_id"], "method_id": side.ids["method_id"]}


def suppressed(db):
    """A new row of an address that gets no mails: its id."""
    return str(db.one("insert into mail_suppression (id, address, reason) values "
                      "(gen_random_uuid(), %s, 'bounce') returning id",
                      fresh("nobody") + "@example.com"))


def line(side):
    return {"line_id": side.ids["line_id"], "quantity": 1}


def reason(w, who, side):
    return {"reason": "A test"}


def nothing(w, who, side):
    return {}


def invitation_token(w, who, side):
    """Of a vendor that is nobody's side: whoever accepts it works there from then on."""
    if not who.account:
        return {"token": "inv1_nothing"}
    body = {"email": who.account["email"], "role": "support"}
    return {"token": w.new_vendor("applied").do("createInvitation", body=body)["token"]}


def challenge_answer(w, who, side):
    person = enrolled(w.shop, w.shop.customer())
    body = {"email": person.account["email"], "password": PASSWORD}
    challenge = person.do("login", body=body, token=None)
    return {"challenge_id": challenge["challenge_id"], "code": code_of(w.shop, person)}


def changed_address(w, who, side):
    if not is_new(who):
        return {"change_id": "0190b0b0-0000-7000-8000-00000000dead", "code": "123456"}
    return change_of(w.shop, who, fresh("another") + "@example.com")


def former_address(w, who, side):
    person = w.shop.customer()
    former = person.account["email"]
    person.do("confirmEmailChange", body=change_of(w.shop, person, fresh("other") + "@example.com"))
    return {**undo_of(w.shop, former), "password": PASSWORD}


def signed_passkey(w, who, side):
    person = w.shop.customer()
    device = passkey_of(w.shop, person)
    return {"credential": device.get(asked(person))}


def no_identity(w, who, side):
    """Of providers that the server does not take: 409. test_identities.py has one that does."""
    return {"provider": "google", "challenge": "x", "id_token": "x"}


def new_passkey(w, who, side):
    if not who.account:
        return {"name": "Key", "credential": {"id": "AA"}}
    credential = Authenticator(w.shop.server).create(who.do("beginPasskey")["options"])
    return {"name": "Key", "credential": credential}


def is_new(who):
    """Whether it is somebody_new: others go on signing in with their password alone."""
    return who.account and who.account["name"] == "Somebody"


def first_code(w, who, side):
    """Of an authenticator app that waits to be confirmed."""
    return {"code": App(who.do("beginTotp", body={})["secret"]).at(App.now())
            if is_new(who) else "123456"}


def with_app(w, who, side):
    if is_new(who):
        enrolled(w.shop, who)


def app_code(w, who, side):
    return {"code": code_of(w.shop, who) if is_new(who) else "123456"}


def settings(w, who, side):
    """The present ones: other tests go on with them."""
    now = w.shop.admin().do("getSettings")
    wanted = contract.resolve(contract.OPERATIONS["putSettings"].body[1])["properties"]
    return {name: now[name] for name in wanted}


def variant_body(w, who, side):
    return {"price": money(700), "sku": fresh("SKU"), "options": {}}


def product_of_two(w, who, side):
    product = side.vendor.product(
        options=[{"name": "Size", "values": ["S", "M"]}],
        variants=[{"price": money(500), "options": {"Size": size}} for size in ("S", "M")])
    return {"product_id": product.id, "variant_id": product.variant}


def with_options(w, who, side):
    """createVariant needs an option value that is free."""
    product = side.vendor.product(
        options=[{"name": "Size", "values": ["S", "M"]}],
        variants=[{"price": money(500), "options": {"Size": "S"}}])
    return {"product_id": product.id}


def new_user(w, who, side):
    return {"user_id": w.shop.customer().id}


def leaving(w, who, side):
    """The account is to be erased."""
    if is_new(who):
        w.shop.db.rows("insert into account_deletion (account_id, by_admin, erase_at, due_at) "
                       "values (%s, false, now() + interval '1 day', now() + interval '1 day')",
                       who.id)


def copied(w, who, side):
    """There is a copy of the person's data."""
    if who.id:
        w.shop.db.rows("insert into account_export (account_id, by_admin, ready_at, bytes, "
                       "expires_at) values (%s, false, now(), 1, now() + interval '1 day') "
                       "on conflict (account_id) do update set ready_at = now(), bytes = 1, "
                       "expires_at = now() + interval '1 day'", who.id)


def leaving_user(w, who, side):
    person = w.shop.customer()
    w.shop.db.rows("insert into account_deletion (account_id, by_admin, erase_at, due_at) values "
                   "(%s, true, now() + interval '1 day', now() + interval '1 day')", person.id)
    return {"user_id": person.id}


def new_staff(w, who, side):
    person = w.shop.customer()
    w.shop.db.rows("insert into staff (vendor_id, account_id, role) values (%s, %s, 'support')",
                   side.vendor.id, person.id)
    return {"user_id": person.id}


def my_message(w, who, side):
    """Of whoever calls: nobody changes somebody else's."""
    return {"message_id": side.message(who)["id"]}


def preferences():
    on = {"push": True, "email": True, "in_app": True}
    return {"orders": on, "chat": on, "promotions": on, "system": on, "quiet_from": None,
            "quiet_to": None, "time_zone": None, "email_digest": "at_once"}


def an_apple(w, who, side):
    return {"device_id": registered(side.customer, an_iphone())["id"]}


def with_activity(w, who, side):
    ids = {**an_apple(w, who, side), "sub_order_id": side.ids["sub_order_id"]}
    side.customer.do("putLiveActivity", **ids, body={"token": 64 * "b"})
    return ids


def a_message(w, who, side):
    return {"message_id": side.message()["id"]}


def with_another_vendor(w, who, side):
    """A conversation to block, for the side's own goes on."""
    return {"conversation_id": side.customer.do("openConversation", body={
        "vendor_id": w.new_vendor("approved").id})["id"]}


def with_another_customer(w, who, side):
    return {"conversation_id": w.shop.customer().do("openConversation", body={
        "vendor_id": side.vendor.id})["id"]}


def subject(w, who, side):
    """Everybody may ask about a product, but only its customer about a sub-order."""
    body = {"vendor_id": side.vendor.id, "product_id": side.ids["product_id"]}
    if who is side.customer:
        body["sub_order_id"] = side.ids["sub_order_id"]
    return body


def message_body(w, who, side):
    return {"client_id": fresh("message"), "text": "Is it blue?", "reply_to": 1,
            "product_id": side.ids["product_id"], "sub_order_id": side.ids["sub_order_id"],
            "attachments": [{"upload_id": attachable(w.shop.server, who), "name": "1.png",
                             "alt": "Blue"}]}


def emoji(w, who, side):
    return {"emoji": "\N{THUMBS UP SIGN}"}


def own_cursor(w, who, side):
    """Of the caller's own feed; whoever has none needs none."""
    synced = who.call("getSync")
    return {"cursor": synced.json()["cursor"] if synced.status_code == 200 else "none"}


def vendor_cursor(w, who, side):
    return {"cursor": side.vendor.do("getVendorSync")["cursor"]}


def report_body(w, who, side):
    return {"reason": "spam", "comment": "Every day"}


def new_product(w, who, side):
    return {"product_id": side.vendor.product().id}


def vendor_in(state):
    return lambda w, who, side: {"vendor_id": w.new_vendor(state).id}


def new_dead_letter(w, who, side):
    return {"dead_letter_id": side.dead_letter()}


def webhook_body(w, who, side):
    return {"url": "https://erp.example.com/hooks", "events": ["low_stock"], "enabled": False,
            "description": "Extra"}


def few_webhooks(w, who, side):
    w.shop.db.rows("delete from webhook where description = 'Extra'")


def new_webhook(w, who, side):
    few_webhooks(w, who, side)
    return {"webhook_id": side.vendor.do("createWebhook", body=webhook_body(w, who, side))["id"]}


def new_platform_webhook(w, who, side):
    few_webhooks(w, who, side)
    return {"webhook_id": w.shop.admin("operations").do(
        "createPlatformWebhook", body=webhook_body(w, who, side))["id"]}


def ended_delivery(w, webhook_id, vendor_id):
    """Of a webhook that is enabled for nothing that happens, so nothing of it is sent meanwhile."""
    w.shop.db.rows("update webhook set enabled = true, events = '{nothing}' where id = %s",
                   webhook_id)
    return str(w.shop.db.one(
        "insert into webhook_delivery (id, webhook_id, vendor_id, kind, event_at, state) "
        "values (gen_random_uuid(), %s, %s, 'webhook_test', now(), 'failed') returning id",
        webhook_id, vendor_id))


def new_delivery(w, who, side):
    ids = new_webhook(w, who, side)
    return {**ids, "delivery_id": ended_delivery(w, ids["webhook_id"], side.vendor.id)}


def new_platform_delivery(w, who, side):
    ids = new_platform_webhook(w, who, side)
    return {**ids, "delivery_id": ended_delivery(w, ids["webhook_id"], None)}


def bought(*steps, **how):
    return lambda w, who, side: side.bought(*steps, **how)


def declined(w, who, side):
    return side.declined()


def at_the_sandbox(w, who, side):
    """An attempt that waits for its customer, and that no job asks about."""
    order = side.customer.order(side.product, method="sandbox")
    made = side.customer.do("createPaymentAttempt", order_id=order["id"],
                            body={"token": "sandbox_action"})
    w.shop.db.rows("update payment_attempt set ask_at = 'infinity' where id = %s", made["id"])
    return {"attempt_id": made["id"], "decision": "pay"}


def paid_and_cancelled(w, who, side):
    ids = side.bought(method="manual")
    w.shop.admin("finance").do("markPaymentReceived", order_id=ids["order_id"], body={})
    side.vendor.do("cancelSubOrderByVendor", sub_order_id=ids["sub_order_id"],
                   body={"reason": "A test"})
    return ids


def paid_back(w, who, side):
    """What is due of the order that paid_and_cancelled() made."""
    return {"amount": money(w.shop.db.one(
        "select received_amount from sub_order where account_id = %s and payment_state = "
        "'refund_due' order by id desc limit 1", side.customer.id) or 0)}


def delivered_ids(w, who, side):
    """Of an order that was delivered and paid in cash."""
    ids = side.bought("accept", "ship")
    side.vendor.do("deliverSubOrder", sub_order_id=ids["sub_order_id"], body={})
    return ids


def refund_body(w, who, side):
    return {"lines": [line(side)], "reason": "A test"}


def return_body(w, who, side):
    return {"lines": [line(side)], "reason": "damaged"}


def disputed(w, who, side):
    return side.disputed()


def evidence_body(w, who, side):
    return {"text": "A test"}


def charged_back(w, who, side):
    return side.charged_back()


def evidenced(w, who, side):
    """With something to send."""
    made = side.charged_back()
    side.vendor.do("addVendorChargebackEvidence", **made, key=fresh("key"),
                   body={"text": "A test"})
    return made


def returned(state):
    """A return of the side, in this state."""
    return lambda w, who, side: side.returned(state)


def inspected_body(w, who, side):
    return {"lines": [{"line_id": side.ids["line_id"], "accepted_quantity": 1}]}


def indebted(w, who, side):
    """A vendor that took cash, and so owes commission. Not the side's, which may have money to be
    paid out."""
    vendor = w.shop.vendor()
    order = w.shop.customer().order(vendor.product(price=10000))
    for step in (vendor.accept, vendor.ship, vendor.deliver):
        assert step(order).status_code == 200
    return {"vendor_id": vendor.id}


def debt_paid(w, who, side):
    return {"journal_id": w.shop.admin("finance").do(
        "markDebtPaid", body={"amount": money(1)}, **indebted(w, who, side))["id"]}


def unclosed(w, who, side):
    """A month long ago, in which nothing happened."""
    return {"month": w.shop.db.one(
        "select to_char(greatest(max(month), '2001-01-01') + interval '1 month', 'YYYY-MM') "
        "from period_close")}


def rule_body(w, who, side):
    """One that applies to nothing any more: other tests go on."""
    return {"name": "A test", "position": 9, "vendor_id": side.vendor.id,
            "product_id": side.ids["product_id"], "category_id": w.category_id,
            "basis_points": 100,
            "valid_until": "2026-01-01T00:00:00Z"}


def new_rule(w, who, side):
    return {"rule_id": w.shop.admin("finance").do(
        "createCommissionRule", body=rule_body(w, who, side))["id"]}


def tax_profile(w, who, side):
    return {"kind": "company", "legal_name": "A test",
            "address": {"line1": "1 Test Street", "city": "London", "country": "GB"}}


def account_body(w, who, side):
    return {"holder": "A test", "country": "DE", "iban": "DE89370400440532013000"}


def held_account(w, who, side):
    for _ in range(2):
        side.vendor.do("putPayoutAccount", body=account_body(w, who, side))


def payout(state):
    """Of the side, in this state."""
    return lambda w, who, side: {"payout_id": side.payout(state)}


def export_body(w, who, side):
    return {"format": "csv", "debtor_name": "A test", "debtor_iban": "DE89370400440532013000",
            "execute_on": "2026-12-07"}


def exported(w, who, side):
    side.payout("approved")
    return {"export_id": w.shop.admin("finance").do(
        "exportPayouts", body=export_body(w, who, side))["id"]}


def shipped(w, who, side):
    ids = side.bought("accept", "ship")
    seen = side.vendor.do("getSubOrder", sub_order_id=ids["sub_order_id"])
    return {**ids, "shipment_id": seen["shipments"][0]["id"]}


def campaign_body(w, who, side):
    """Of whoever calls: a vendor names itself, its products and its followers."""
    return {"name": fresh("Campaign"),
            "segment": {"follows_vendor_id": side.ids["follows_vendor_id"],
                        "bought_from_vendor_id": side.ids["bought_from_vendor_id"],
                        "bought_in_category_id": w.category_id},
            "texts": [{"language": "en", "title": "New", "body": "Come and see"}],
            "link": {"to": "product", "target_id": side.ids["target_id"]}}


def campaign(state):
    """A campaign in this state: the vendor's where the staff call, else the marketplace's."""
    return lambda w, who, side: {"campaign_id": side.campaign(state)}


def platform_campaign(state):
    return lambda w, who, side: {"campaign_id": w.campaign(state)}


def support_view(who, side):
    """Of whoever calls, who alone may end it."""
    return who.do("startSupportView", body={"vendor_id": side.vendor.id, "reason": "A test"})[
        "view"]["id"]
