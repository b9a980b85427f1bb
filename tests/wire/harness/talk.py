"""A conversation between a customer and a vendor, for tests of chat."""
import itertools

_numbers = itertools.count(1)


class Talk:
    """A conversation with both of its sides."""

    def __init__(self, shop, vendor=None, customer=None, **about):
        self.shop = shop
        self.vendor = vendor or shop.vendor()
        self.customer = customer or shop.customer()
        self.id = self.customer.do("openConversation", body={
            "vendor_id": self.vendor.id, **about})["id"]

    def ask(self, text="Is it blue?", client_id=None, **body):
        """The customer writes: the response."""
        body = {"client_id": client_id or f"c-{next(_numbers)}", "text": text, **body}
        return self.customer.call("sendMessage", conversation_id=self.id, body=body)

    def answer(self, text="It is.", who=None, client_id=None, **body):
        body = {"client_id": client_id or f"v-{next(_numbers)}", "text": text, **body}
        return (who or self.vendor.owner).call(
            "sendVendorMessage", vendor_id=self.vendor.id, conversation_id=self.id, body=body)

    def of_customer(self, operation="getConversation", **arguments):
        return self.customer.do(operation, conversation_id=self.id, **arguments)

    def of_vendor(self, operation="getVendorConversation", **arguments):
        return self.vendor.do(operation, conversation_id=self.id, **arguments)

    def texts(self):
        return [m["text"] for m in self.customer.all(
            "listMessages", conversation_id=self.id, order="oldest")]

    def seqs(self):
        return [m["seq"] for m in self.customer.all(
            "listMessages", conversation_id=self.id, order="oldest", limit=100)]

    def forget(self):
        """As the jobs process does when it was silent for as long as conversations are kept."""
        self.shop.db.rows("update conversation set last_message_at = now() - interval '40 years' "
                          "where id = %s", self.id)
        connection = self.shop.db.connect("sebez_jobs")
        with connection, connection.cursor() as cursor:
            cursor.execute("select set_config('sebez.actor', 'system', true), "
                           "conversation_forget(%s)", (self.id,))
            cursor.execute("select from feed_flush('')")
        connection.close()

    def age(self, message, minutes):
        self.shop.db.rows("update message set created_at = created_at - make_interval(mins => %s) "
                          "where id = %s", minutes, message["id"])
