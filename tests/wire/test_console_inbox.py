"""The console's inbox in a browser: what customers write, and what a vendor's staff make of it."""
from harness.browser import LAPTOP, PHONE, browser, in_a_browser
from harness.console import ENTER, Console
from harness.shop import PASSWORD
from harness.talk import Talk
from harness.uploads import make_file_ready
from harness.wait import until

PUT_FILE = """
    const files = new DataTransfer();
    files.items.add(new File(["%PDF-1.7"], "glaze.pdf", { type: "application/pdf" }));
    const field = document.querySelector("input[type=file]");
    field.files = files.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));"""
ANSWER = "return document.querySelector('.composer textarea').value"
SENT = "select id from upload where owner_id = %s and state = 'processing'"
HOSTILE = '<img src=x onerror="document.title=1"> \u202e ' + "x" * 300


@in_a_browser
def test_a_customer_is_answered_as_it_happens_without_reading_anything_first(shop):
    vendor = shop.vendor()
    mug = vendor.product(title="Stoneware Mug")
    with browser(*LAPTOP) as page:
        console = Console(page, shop.server.url)
        console.open(f"/shop/{vendor.slug}/inbox")
        console.signs_in(vendor.owner.account["email"], PASSWORD)
        console.sees("No conversations yet")
        console.sees("Live")

        talk = Talk(shop, vendor, product_id=mug.id)
        talk.ask("Is it blue?")
        console.sees("Is it blue?")
        console.keys("j", ENTER)
        console.sees("This product")
        until(lambda: talk.of_customer()["read"]["vendor"] == 1)
        # For seconds, in which a slow machine may not look.
        until(lambda: talk.of_customer("setTyping") or console.shows("Ada Byron is writing"))
        assert console.findings() == []

        console.fills("Write to Ada Byron", "It is.")
        console.keys("r", ENTER)
        console.sees("Sent")
        talk.of_customer("markRead", body={"seq": 2})
        console.sees("Read")

        console.presses("Internal note")
        console.fills("A note for your colleagues; Ada Byron never sees it", "She likes red.")
        console.presses("Internal note")
        assert page.run(ANSWER) == ""
        console.presses("Internal note")
        console.fills("A note for your colleagues; Ada Byron never sees it", "She likes blue.")
        console.presses("Add note")
        console.sees("Note of")
        assert page.run("return document.querySelectorAll('.said-note').length") == 1
        console.presses("Internal note")

        console.presses("Saved replies")
        console.presses("New reply")
        console.fills("What it is called", "Thanks")
        console.fills("Text", "Thank you for asking.")
        console.presses("Save")
        assert console.findings() == []
        console.presses("Thanks")
        console.presses("Send")
        console.presses("Add a product or an order")
        console.presses("Stoneware Mug")
        until(lambda: len(talk.texts()) == 4)
        assert talk.texts() == ["Is it blue?", "It is.", "Thank you for asking.", ""]
        assert talk.of_customer("listMessages")["items"][0]["card"]["title"] == "Stoneware Mug"

        page.run("document.activeElement.blur()")
        console.keys("m")
        until(lambda: (talk.of_vendor()["assignee"] or {}).get("id") == vendor.owner.account["id"])
        talk.ask(HOSTILE)
        console.sees("<img src=x")
        assert page.run("return document.title") == "Sebez console"
        assert page.run("return document.documentElement.scrollWidth <= innerWidth")
        console.keys("e")
        console.sees("This conversation is closed")
        console.fills("Find in messages", "blue")
        console.sees("Is it blue?")
        assert console.findings() == []
        assert console.complaints() == []


@in_a_browser
def test_a_file_is_sent_from_a_telephone_and_a_lost_message_is_sent_again(shop):
    talk = Talk(shop)
    owner = talk.vendor.owner
    talk.ask("Can I see the glaze?")
    with browser(*PHONE) as page:
        console = Console(page, shop.server.url)
        console.open(f"/shop/{talk.vendor.slug}/inbox?open={talk.id}")
        console.signs_in(owner.account["email"], PASSWORD)
        console.sees("Can I see the glaze?")
        page.run(PUT_FILE)
        until(lambda: shop.db.rows(SENT, owner.id))
        make_file_ready(shop.server, shop.db.rows(SENT, owner.id)[0], "pdf")
        console.presses("Send")
        until(lambda: talk.of_customer("listMessages")["items"][0]["attachments"])
        console.sees("glaze.pdf")
        assert page.run("return document.documentElement.scrollWidth <= innerWidth")
        assert console.findings() == []

        page.run("""window.kept = fetch; window.fetch = (url, init) => init?.method === "POST"
            ? Promise.reject(new TypeError("lost")) : kept(url, init);""")
        console.fills("Write to Ada Byron", "Here it is.")
        console.presses("Send")
        console.sees("Not sent")
        console.fills("Write to Ada Byron", "And the kiln.")
        console.open(f"/shop/{talk.vendor.slug}/inbox?open={talk.id}")
        console.sees("Not sent")
        assert page.run(ANSWER) == "And the kiln."
        console.presses("Send again")
        until(lambda: talk.texts() == ["Can I see the glaze?", "", "Here it is."])
        console.sees_no("Not sent")
        console.presses("Menu")
        console.presses("Sign out")
        console.sees("Password")
        assert "kiln" not in page.run("return JSON.stringify(sessionStorage)")
        assert console.complaints() == []
