"""Documents that people accept, in versions, and the log of who did: docs/ACCOUNTS.md."""
import psycopg2
import pytest
from conftest import serving
from harness.client import refused, together
from harness.codes import coded, digits_of
from harness.documents import a_document, document_body
from harness.shop import PASSWORD, Shop, fresh


@pytest.fixture(scope="module")
def demanding():
    """A marketplace whose terms can be demanded without keeping other tests from buying."""
    with serving(SEBEZ_PROCESSES="1") as server:
        yield Shop(server)


def log(person):
    return [(e["document"]["kind"], e["document"]["number"], e["given"], e["place"])
            for e in person.do("listMyConsents")["items"]]


def number(shop, document):
    return shop.db.one("select number from document where id = %s", document)


def test_a_version_has_the_next_number_and_is_read_in_the_reader_s_language(shop):
    admin = shop.admin()
    first = a_document(shop)
    texts = [{"language": "en", "title": "Mails", "body": "<p>Now<script>x</script></p>"},
             {"language": "de-CH", "title": "Post", "body": "<p>Jetzt</p>"}]
    made = admin.do("publishDocument", body={"kind": "marketing", "texts": texts})
    assert made["number"] == number(shop, first) + 1 and made["languages"] == ["en", "de-CH"]
    [seen] = [d for d in shop.anonymous().do("listDocuments")["items"] if d["kind"] == "marketing"]
    assert seen == made == admin.do("listDocumentVersions", limit=1)["items"][0]

    def read(**more):
        return shop.anonymous().call("getDocument", document_id=made["id"], **more).json()
    assert (read()["title"], read()["body"]) == ("Mails", "<p>Now</p>")
    assert read(headers={"Accept-Language": "fr, de-CH;q=0.5"})["language"] == "de-CH"
    assert read(language="de-CH", headers={"Accept-Language": "en"})["body"] == "<p>Jetzt</p>"
    assert read(language="de")["language"] == "de-CH"
    twice = document_body(texts=[*texts, {**texts[0], "language": "EN"}])
    refused(admin.call("publishDocument", body=twice), 400, field="/texts/2/language")
    refused(admin.call("publishDocument", body={"kind": "marketing", "texts": []}), 400,
            field="/texts")
    for wrong in ("german", "d", "de-", "de_CH"):
        body = document_body(texts=[{**texts[0], "language": wrong}])
        refused(admin.call("publishDocument", body=body), 400)
    refused(shop.admin("support").call("publishDocument", body=document_body()), 403)


def test_what_is_accepted_and_withdrawn_is_in_a_log_that_only_grows(shop):
    person, old = shop.customer(), a_document(shop)
    person.do("giveConsent", body={"document_id": old})
    person.do("giveConsent", body={"document_id": old})
    new = a_document(shop)
    refused(person.call("giveConsent", body={"document_id": old}), 409, "conflict")
    refused(person.call("withdrawConsent", document_id=new), 404)
    person.do("giveConsent", body={"document_id": new})
    refused(person.call("withdrawConsent", document_id=old), 404)
    assert person.call("withdrawConsent", document_id=new).status_code == 204
    refused(person.call("withdrawConsent", document_id=new), 404)
    n = number(shop, new)
    expected = [("marketing", n, False, "account"), ("marketing", n, True, "account"),
                ("marketing", n - 1, True, "account")]
    assert log(person) == expected
    seen = shop.admin("support").do("listUserConsents", user_id=person.id)["items"]
    assert [(e["document"]["number"], e["given"]) for e in seen] == [e[1:3] for e in expected]
    for change in ("delete from consent where account_id = %s",
                   "update consent set given = true where account_id = %s"):
        with pytest.raises(psycopg2.Error, match="are kept"):
            shop.db.rows(change, person.id)
    refused(person.call("giveConsent", body={"document_id": person.id}), 400, field="/document_id")


def test_who_accepts_and_withdraws_at_the_same_time_does_so_one_after_the_other(shop):
    person, document = shop.customer(), a_document(shop)
    person.do("giveConsent", body={"document_id": document})
    answers = together(6, lambda: person.call("withdrawConsent", document_id=document))
    assert sorted(a.status_code for a in answers) == [204] + [404] * 5
    together(6, lambda: person.do("giveConsent", body={"document_id": document}))
    assert [entry[2] for entry in log(person)] == [True, False, True]
    assert shop.check() == []


def test_who_withdraws_marketing_gets_no_promotions(shop):
    person, document = shop.customer(), a_document(shop)
    now = person.do("getNotificationPreferences")
    assert person.call("putNotificationPreferences", body={
        **now, "promotions": {channel: True for channel in now["promotions"]}}).status_code == 200
    person.do("giveConsent", body={"document_id": document})
    person.do("withdrawConsent", document_id=document)
    assert not any(person.do("getNotificationPreferences")["promotions"].values())
    assert shop.check() == []


def test_who_registers_says_which_versions_they_accept(shop):
    old, email = a_document(shop), fresh("reader") + "@example.com"
    new = a_document(shop)
    body = {"email": email, "password": PASSWORD, "name": "Reader"}
    refused(shop.anonymous().call("registerAccount", body={**body, "accepted_documents": [old]}),
            409, "conflict")
    refused(shop.anonymous().call("registerAccount", body={
        **body, "accepted_documents": ["0190b0b0-0000-7000-8000-00000000dead"]}), 400,
        field="/accepted_documents")
    asked = shop.anonymous().do("registerAccount", body={**body, "accepted_documents": [new]})
    a_document(shop)  # what was accepted is what was shown
    shop.anonymous().do("confirmRegistration", body={
        "registration_id": asked["registration_id"],
        "code": digits_of(shop.server, asked["registration_id"])})
    assert log(shop.anonymous().login(email, PASSWORD)) == [
        ("marketing", number(shop, new), True, "registration")]


def test_who_registers_by_telephone_accepts_too(shop):
    old = a_document(shop)
    new, visitor = a_document(shop), shop.anonymous()
    code = coded(shop.server, visitor)
    refused(visitor.call("signInByPhone", body={
        **code, "name": "Reader", "accepted_documents": [old]}), 409, "conflict")
    made = visitor.call("signInByPhone", body={
        **code, "name": "Reader", "accepted_documents": [new]})
    assert made.status_code == 201, made.text
    person = shop.anonymous()
    person._signed_in(made.json())
    assert log(person) == [("marketing", number(shop, new), True, "registration")]


def test_a_demanded_version_is_accepted_before_the_next_order_and_nothing_else_waits(demanding):
    shop = demanding
    person, vendor = shop.customer(), shop.vendor()
    product = vendor.product()
    early = a_document(shop, kind="terms", demanded_from="2100-01-01T00:00:00Z")
    person.order(product)
    terms = a_document(shop, kind="terms", demanded_from="2026-01-01T00:00:00Z")
    privacy = a_document(shop, kind="privacy", demanded_from="2026-01-01T00:00:00Z")
    cart = person.cart(product)
    problem = refused(cart.place(), 409, "documents_first")
    assert problem["documents"] == [{"id": privacy, "kind": "privacy", "number": 1},
                                    {"id": terms, "kind": "terms", "number": 2}]
    assert person.do("getMe") and person.do("listOrders")["items"]
    for wrong in ([early, privacy], [privacy]):
        refused(cart.place(accepted_documents=wrong), 409)
    refused(cart.place(accepted_documents=[terms, privacy], total={**cart.total, "amount": 1}),
            409, "quote_changed")
    assert log(person) == []  # nothing that was refused is accepted
    assert cart.place(accepted_documents=[terms, privacy]).status_code == 201
    assert log(person) == [("terms", 2, True, "checkout"), ("privacy", 1, True, "checkout")]
    person.order(product)
    newer = a_document(shop, kind="terms")
    person.order(product)  # it is not demanded
    listed = {d["kind"]: (d["demanded_from"], d["required_from"])
              for d in shop.anonymous().do("listDocuments")["items"]}
    assert listed["terms"] == (None, "2026-01-01T00:00:00.000000Z")  # but one before it is
    other = shop.customer()
    other.do("giveConsent", body={"document_id": newer})
    other.do("giveConsent", body={"document_id": privacy})
    other.order(product)  # a later version is as good
    other.do("withdrawConsent", document_id=privacy)
    refused(other.cart(product).place(), 409, "documents_first")
    assert shop.check() == []


def test_who_applies_as_a_vendor_accepts_the_vendors_terms(demanding):
    shop = demanding
    document = a_document(shop, kind="vendor_terms", demanded_from="2026-01-01T00:00:00Z")
    person = shop.customer()
    body = {"name": fresh("Applicant")}
    problem = refused(person.call("applyVendor", body=body), 409, "documents_first")
    assert [d["id"] for d in problem["documents"]] == [document]
    person.do("applyVendor", body={**body, "accepted_documents": [document]})
    assert log(person) == [("vendor_terms", 1, True, "application")]
