"""The world of the isolation matrix: two sides, A and B, each a vendor with staff in every role and
a customer with an order. What a valid call in it needs is said by the rows of matrix.py.
"""
import requests

from callers import twin_of
from harness import contract
from harness.authenticator import passkey_of
from harness.campaigns import a_campaign
from harness.codes import coded
from harness.devices import a_phone, registered
from harness.documents import a_document
from harness.outbox import dead_letter
from harness.shop import ADDRESS, fresh
from harness.wait import until
from matrix import ROWS


FOUND = """
with b as (
	insert into vendor_balance (vendor_id, currency) values (%s, 'USD') on conflict do nothing
), j as (
	insert into journal (id, cause_kind, cause_id, currency, vendor_id, actor)
	values (gen_random_uuid(), 'debt_paid', gen_random_uuid(), 'USD', %s, 'system') returning id
)
insert into journal_entry (journal_id, account, vendor_id, item, amount)
select j.id, 'bank', null::uuid, 'debt', 1000000 from j
union all select j.id, 'available', %s::uuid, 'debt', -1000000 from j"""


class Side:
    """A vendor and a customer, with one of each thing that is somebody's."""

    def __init__(self, shop, name):
        self.name = name
        self.shop = shop
        self.vendor = shop.vendor(fresh(f"Side {name}").replace(" ", "-").lower())
        self.product = self.vendor.product(stock=100_000)
        self.draft = self.vendor.product(status="draft")
        self.customer = shop.customer(f"Customer {name}")
        self.customer.name = f"customer:{name}"
        self.order = self.customer.order(self.product)
        self.sub_order = self.vendor.part(self.order)
        sent = self.customer.order(self.product)
        assert self.vendor.accept(sent).status_code == 200
        shipped = self.vendor.ship(sent)
        assert shipped.status_code == 200, shipped.text
        paid = self.customer.order(self.product, method="manual")
        shop.admin("finance").do("markPaymentReceived", order_id=paid["id"], body={})
        self.ids = {
            "vendor_id": self.vendor.id,
            "product_id": self.product.id,
            "variant_id": self.product.variant,
            "method_id": self.vendor.do("listShippingMethods")["items"][0]["id"],
            "user_id": self.vendor.staff("finance").id,
            "invitation_id": self.invite(fresh("someone") + "@example.com")["id"],
            "order_id": self.order["id"],
            "sub_order_id": self.sub_order["id"],
            "line_id": self.sub_order["lines"][0]["id"],
            "shipment_id": shipped.json()["shipments"][0]["id"],
            "address_id": self.address(),
            "session_id": self.session(),
            "passkey_id": self.passkey(),
            "document_id": self.document(),
            "identity_id": self.identity(),
            "sub_order": self.sub_order["id"],
            "upload_id": self.upload(),
            "up_to": self.notification(),
            "device_id": self.device(),
            "webhook_id": self.webhook(),
            "journal_id": shop.admin("finance").do(
                "listJournals", order_id=paid["id"])["items"][0]["id"],
        }
        self.ids["invoice_id"] = self.vendor.do("listVendorInvoices")["items"][0]["id"]
        self.ids["attempt_id"] = self.declined()["attempt_id"]
        self.ids["notification_id"] = self.ids["up_to"]
        self.ids["follows_vendor_id"] = self.ids["bought_from_vendor_id"] = self.vendor.id
        self.ids["target_id"] = self.product.id
        self.ids["campaign_id"] = self.campaign("draft")
        self.ids["conversation_id"] = self.customer.do("openConversation", body={
            "vendor_id": self.vendor.id, "sub_order_id": self.sub_order["id"]})["id"]
        self.ids["message_id"] = self.message()["id"]
        self.ids["report_id"] = self.report()
        self.ids["held_id"] = self.held()
        self.ids["reply_id"] = self.canned_reply()
        self.ids["payout_id"] = self.payout("pending")
        self.ids["dead_letter_id"] = self.dead_letter()
        self.ids["delivery_id"] = self.webhook_delivery()
        self.ids["dispute_id"] = self.disputed()["dispute_id"]
        self.ids["return_id"] = self.returned("requested")["return_id"]
        self.ids["chargeback_id"] = self.charged_back()["chargeback_id"]
        self.ids["code_id"] = coded(shop.server, shop.anonymous())["code_id"]
        # What exists and is not published, for those who see only what is.
        self.hidden = {
            "vendor_id": shop.vendor(approved=False).id,
            "product_id": self.draft.id,
            "variant_id": self.draft.variant,
        }

    def invite(self, email, role="support"):
        return self.vendor.do("createInvitation", body={"email": email, "role": role})

    def address(self):
        return self.customer.do("createAddress", body=ADDRESS)["id"]

    def upload(self):
        return self.customer.do("createUpload", body={
            "purpose": "avatar", "content_type": "image/jpeg", "bytes": 1000})["id"]

    def notification(self):
        """Of one of the customer's orders."""
        until(lambda: self.customer.do("listNotifications")["items"])
        return self.customer.do("listNotifications")["items"][0]["id"]

    def device(self):
        return registered(self.customer, a_phone())["id"]

    def webhook(self):
        return self.vendor.do("createWebhook", body={
            "url": "https://erp.example.com/hooks", "events": ["low_stock"], "enabled": False,
            "description": "Of the side"})["id"]

    def payout(self, state):
        """A payout of some money that finance found for the vendor."""
        from makers import account_body
        shop, vendor = self.shop, self.vendor
        shop.db.rows("update payout_account set active_at = created_at where vendor_id = %s",
                     vendor.id)
        if not vendor.do("getPayoutAccount")["current"]:
            vendor.do("putPayoutAccount", body=account_body(None, None, self))
        shop.db.rows(FOUND, *[vendor.id] * 3)
        finance = shop.admin("finance")
        finance.do("runPayouts", body={"vendor_id": vendor.id})
        made = vendor.do("listPayouts", limit=1)["items"][0]["id"]
        if state != "pending":
            finance.do("approvePayout", payout_id=made)
        if state == "paid":
            finance.do("markPayoutPaid", payout_id=made, body={})
        return made

    def disputed(self):
        ids = self.bought("accept", "ship", "deliver")
        made = self.customer.do("openDispute", sub_order_id=ids["sub_order_id"], key=fresh("key"),
                                body={"reason": "other", "text": "A test"})
        return {**ids, "dispute_id": made["id"]}

    def charged_back(self):
        """A payment by card that the bank takes back."""
        order = self.customer.order(self.product, method="sandbox")
        made = self.customer.do("createPaymentAttempt", order_id=order["id"], key=fresh("key"),
                                body={})
        requests.post(f"{self.shop.server.url}/dev/pay/{made['id']}/dispute", timeout=10)
        found = "select id from chargeback where order_id = %s"
        until(lambda: self.shop.db.rows(found, order["id"]))
        return {"chargeback_id": str(self.shop.db.one(found, order["id"]))}

    def returned(self, state):
        """A return of an order that was delivered and paid in cash, in this state."""
        ids = self.bought("accept", "ship", "deliver")
        made = self.customer.do("requestReturn", sub_order_id=ids["sub_order_id"],
                                key=fresh("key"), body={
            "lines": [{"line_id": ids["line_id"], "quantity": 1}], "reason": "damaged"})
        steps = ("requested", "approved", "received", "inspected")
        for operation in ("approveReturn", "receiveReturn", "inspectReturn"
                          )[:steps.index(state)]:
            arguments = {} if operation == "receiveReturn" else {"body": {}}
            self.vendor.do(operation, return_id=made["id"], **arguments)
        return {**ids, "return_id": made["id"]}

    def webhook_delivery(self):
        """Of the side's webhook; it is sent no more."""
        return str(self.shop.db.one(
            "insert into webhook_delivery (id, webhook_id, vendor_id, kind, event_at, state) "
            "values (gen_random_uuid(), %s, %s, 'webhook_test', now(), 'failed') returning id",
            self.ids["webhook_id"], self.vendor.id))

    def identity(self):
        """A new one of the customer, who has a password, too."""
        return str(self.shop.db.one(
            "insert into identity (id, account_id, provider, subject, client_id) values "
            "(gen_random_uuid(), %s, 'google', gen_random_uuid(), 'x') on conflict "
            "(account_id, provider) do update set client_id = 'x' returning id",
            self.customer.id))

    def passkey(self):
        return passkey_of(self.shop, self.customer).passkey

    def document(self):
        """One that the customer accepts."""
        id = a_document(self.shop)
        self.customer.do("giveConsent", body={"document_id": id})
        return id

    def session(self):
        """Of a second sign-in of the customer."""
        twin_of(self.customer)
        return str(self.shop.db.one("select id from session where account_id = %s "
                                    "order by created_at desc, id desc limit 1", self.customer.id))

    def message(self, who=None):
        """A new message in the side's conversation, by its customer or one of the staff."""
        body = {"client_id": fresh("message"), "text": "Is it blue?"}
        conversation_id = self.ids["conversation_id"]
        if who is None or who is self.customer:
            return self.customer.do("sendMessage", conversation_id=conversation_id, body=body)
        return who.do("sendVendorMessage", vendor_id=self.vendor.id,
                      conversation_id=conversation_id, body=body)

    def report(self):
        return self.customer.do(
            "reportMessage", conversation_id=self.ids["conversation_id"],
            message_id=self.message(self.vendor.owner)["id"], body={"reason": "spam"})["id"]

    def held(self):
        return str(self.shop.db.one(
            "insert into message_held (vendor_id, id, conversation_id, account_id, author, "
            "author_id, client_id, kind, text, attachments, found) "
            "values (%s, gen_random_uuid(), %s, %s, "
            "'customer', %s, %s, 'text', 'Call me', '[]', '{phone}') returning id",
            self.vendor.id, self.ids["conversation_id"], self.customer.id, self.customer.id,
            fresh("held")))

    def canned_reply(self):
        return self.vendor.do("createCannedReply", body={"title": "Hello", "text": "Hello!"})["id"]

    def campaign(self, state):
        """A campaign of the vendor in this state; the others of former calls go."""
        self.shop.db.rows("delete from campaign where vendor_id = %s and id::text <> %s",
                          self.vendor.id, self.ids.get("campaign_id", ""))
        made = self.vendor.do("createVendorCampaign", body=a_campaign("vendor", self.vendor.id))
        self.shop.db.rows("update campaign set state = %s where id = %s", state, made["id"])
        return made["id"]

    def dead_letter(self):
        return dead_letter(self.shop.db, subject_id=self.ids["conversation_id"])

    def declined(self):
        """An attempt to pay that is over, so it is asked about no more."""
        order = self.customer.order(self.product, method="sandbox")
        made = self.customer.do("createPaymentAttempt", order_id=order["id"],
                                body={"token": "sandbox_declined"})
        return {"order_id": order["id"], "attempt_id": made["id"]}

    def bought(self, *steps, method="cash_on_delivery"):
        """A new order of the customer from the vendor, on which the vendor took these steps."""
        order = self.customer.order(self.product, method=method)
        for step in steps:
            response = getattr(self.vendor, step)(order)
            assert response.status_code == 200, response.text
        return {"order_id": order["id"], "sub_order_id": self.vendor.part(order)["id"],
                "line_id": self.vendor.part(order)["lines"][0]["id"]}


class World:
    def __init__(self, shop):
        self.shop = shop
        self.a = Side(shop, "A")
        self.b = Side(shop, "B")
        self.category_id = self.new_category()
        self.actors = {
            "anonymous": shop.anonymous(),
            "guest": shop.guest(),
            "customer:A": self.a.customer,
            "customer:B": self.b.customer,
            **{f"staff:{role}": self.a.vendor.staff(role) for role in contract.STAFF_ROLES},
            "staff-of-B:owner": self.b.vendor.owner,
            **{f"admin:{role}": shop.admin(role) for role in contract.ADMIN_ROLES},
        }

    def new_category(self):
        return self.shop.admin().do("createCategory", body={"name": fresh("Category")})["id"]

    def campaign(self, state):
        """A campaign of the marketplace in this state; those of former calls go."""
        self.shop.db.rows("delete from campaign c where vendor_id is null and not exists ("
                          "select from campaign_recipient r where r.campaign_id = c.id)")
        made = self.shop.admin().do("createCampaign", body=a_campaign("vendor", self.a.vendor.id))
        self.shop.db.rows("update campaign set state = %s where id = %s", state, made["id"])
        return made["id"]

    def new_vendor(self, state):
        vendor = self.shop.vendor(approved=state != "applied", shipping=())
        if state == "suspended":
            self.shop.admin().do("suspendVendor", vendor_id=vendor.id, body={"reason": "A test"})
        return vendor

    def arguments(self, operation, who, side):
        """Of a valid call: keyword arguments of Actor.call."""
        row = ROWS[operation.id]
        if row.before:
            row.before(self, who, side)
        ids = {**side.ids, "category_id": self.category_id}
        made = row.ids(self, who, side) if row.ids else {}
        ids.update(made)
        made_side = _Made(side, ids)
        arguments = {name: ids[name] for name in operation.names("path")}
        if row.body:
            arguments["body"] = row.body(self, who, made_side)
        arguments.update(row.query or {})
        if row.link:
            arguments["padding"] = row.link(self, ids)
        if row.data:
            arguments["data"] = row.data(self, who, made_side)
        return arguments


class _Made:
    """A side as seen by one call: its ids with those made for the call."""

    def __init__(self, side, ids):
        self.vendor, self.customer, self.ids = side.vendor, side.customer, ids
