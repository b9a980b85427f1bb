"""The table of notices: what is refused in an entry, and what is made of good ones."""

import pathlib
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import api_notices  # noqa: E402
import gen_api  # noqa: E402
from api_model import Contract  # noqa: E402

SCHEMAS = """
openapi: 3.1.0
info: {title: T, version: '1'}
paths: {}
components:
  schemas:
    Event: {type: object, properties: {kind: {type: string}, payload: {type: object}}}
    StaffRole: {type: string, enum: [owner, manager, support]}
    NoticeKind: {type: string}
    NoticeClass: {type: string, enum: [orders, chat]}
    Size: {type: string, enum: [small, large]}
    ParcelLostEvent:
      x-event: parcel_lost
      x-staff: [manager]
      type: object
      required: [parcel_id, size, note, parts, opened, worth]
      properties:
        parcel_id: {type: string, format: uuid}
        size: {$ref: '#/components/schemas/Size'}
        note: {type: [string, 'null']}
        parts: {type: array, items: {type: string}}
        opened: {type: boolean}
        worth: {type: integer}
        street: {type: string}
"""
GOOD = {"notice": "parcel_lost", "to": "customer", "class": "orders", "channels": ["push"],
        "link": "/parcels/{parcel_id}", "lifetime": "3 days"}


def contract(tmp_path, *entries):
    document = yaml.safe_load(SCHEMAS)
    document["components"]["schemas"]["ParcelLostEvent"]["x-notice"] = list(entries)
    (tmp_path / "all.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return Contract(tmp_path)


def test_an_entry_becomes_a_row_and_a_condition(tmp_path):
    made = contract(tmp_path, {
        **GOOD, "to": ["manager"], "when": {"size": ["small", "large"], "street": None},
        "unless": {"opened": True}, "group": "{parcel_id}", "data": ["size", "note"],
        "link": "/vendors/{vendor_id}/parcels/{parcel_id}", "wait": None})
    assert not made.errors
    text = api_notices.sql(made.notices)
    assert "('parcel_lost', 'parcel_lost', 'orders', staff_role_bit('owner') | " \
           "staff_role_bit('manager'), array['push'], interval '3 days', interval '0 s')" in text
    assert "'/vendors/' || owner || '/parcels/' || (payload ->> 'parcel_id')" in text
    assert "where kind = 'parcel_lost' and coalesce(payload ->> 'size' in ('small', 'large'), " \
           "false) and payload ->> 'street' is null " \
           "and not coalesce(payload ->> 'opened' in ('true'), false)" in text
    assert made.document["components"]["schemas"]["NoticeKind"]["enum"] == ["parcel_lost"]


@pytest.mark.parametrize("change, error", [
    ({"colour": 1}, "has an unknown member 'colour'"),
    ({"link": None}, "'link' is not a text"),
    ({"when": "always"}, "'when' is not an object"),
    ({"data": "size"}, "'data' is not a list"),
    ({"notice": "Lost!"}, "notice 'Lost!' must be a word_of_its_own"),
    ({"class": "money"}, "class 'money' is not one of orders, chat"),
    ({"channels": []}, "channels must name at least one"),
    ({"channels": ["push", "push"]}, "none twice"),
    ({"channels": ["fax"]}, "channel 'fax' is not one of push, in_app, email"),
    ({"to": "everybody"}, "to 'everybody' is neither 'customer' nor a list of roles"),
    ({"to": ["cook"]}, "to: staff has no role 'cook'"),
    ({"to": ["support"]}, "to: the event is withheld from 'support' (x-staff)"),
    ({"link": "parcels"}, "link 'parcels' does not begin with /"),
    ({"link": "/{box_id}"}, "link: the payload has no member 'box_id'"),
    ({"link": "/{vendor_id}"}, "link: the payload has no member 'vendor_id'"),
    ({"link": "/{parts}"}, "link: 'parts' is no text and no number"),
    ({"link": "/{note}"}, "link: 'note' may be missing"),
    ({"link": "/{street}"}, "link: 'street' may be missing"),
    ({"link": "/{parcel_id"}, "a brace without its other"),
    ({"group": "{box_id}"}, "group: the payload has no member 'box_id'"),
    ({"when": {"weight": 1}}, "when: the payload has no member 'weight'"),
    ({"when": {"size": "huge"}}, "when: 'size' cannot be 'huge'"),
    ({"when": {"size": None}}, "when: 'size' is always there, and never null"),
    ({"when": {"opened": "yes"}}, "when: 'opened' cannot be 'yes'"),
    ({"when": {"worth": True}}, "when: 'worth' cannot be True"),
    ({"unless": {"note": "x"}}, "unless: 'note' is compared with null only"),
    ({"data": ["box_id"]}, "data: the payload has no member 'box_id'"),
    ({"data": ["parts"]}, "data: 'parts' is neither a value nor an amount"),
    ({"lifetime": "long"}, "lifetime 'long' is no period"),
    ({"wait": "3"}, "wait '3' is no period"),
    ({"wait": "3 s"}, "wait is for messages: data must have conversation_id and seq"),
])
def test_what_is_wrong_in_an_entry_is_named(tmp_path, change, error):
    found = contract(tmp_path, {**GOOD, **change}).errors
    assert len(found) == 1 and error in found[0] and "ParcelLostEvent x-notice/0" in found[0], found


@pytest.mark.parametrize("key", ["notice", "to", "class", "channels", "link", "lifetime"])
def test_what_an_entry_lacks_is_named(tmp_path, key):
    entry = {k: v for k, v in GOOD.items() if k != key}
    assert contract(tmp_path, entry).errors == [f"ParcelLostEvent x-notice/0: lacks '{key}'"]


def test_a_member_that_may_be_missing_is_inserted_where_that_is_excluded(tmp_path):
    assert not contract(tmp_path, {**GOOD, "link": "/{street}", "unless": {"street": None}}).errors


def test_a_notice_has_a_name_of_its_own(tmp_path):
    (error,) = contract(tmp_path, GOOD, GOOD).errors
    assert "notice 'parcel_lost' is there twice" in error


CAUSED = {"notice": "parcel_offer", "to": "customer", "class": "orders", "channels": ["in_app"],
          "lifetime": "1 day"}


def caused(tmp_path, **change):
    document = yaml.safe_load(SCHEMAS)
    schemas = document["components"]["schemas"]
    schemas["ParcelLostEvent"]["x-notice"] = [GOOD]
    schemas["Offer"] = {"type": "object", "x-cause": "parade", "x-notice": [{**CAUSED, **change}]}
    (tmp_path / "all.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return Contract(tmp_path)


def test_a_notice_without_an_event_is_a_kind_that_no_event_matches(tmp_path):
    made = caused(tmp_path)
    assert not made.errors
    text = api_notices.sql(made.notices)
    assert "('parcel_offer', null, 'orders', null::int, array['in_app'], interval '1 day'" in text
    assert text.count("'parcel_offer'") == 1
    assert "| `parcel_offer` | none | a parade is sent | customer | orders | in_app | " \
           "of the parade |" in api_notices.table(made.notices)
    assert made.document["components"]["schemas"]["NoticeKind"]["enum"] == [
        "parcel_lost", "parcel_offer"]


@pytest.mark.parametrize("change,error", [
    ({"link": "/parcels"}, "Offer x-notice/0: has an unknown member 'link'"),
    ({"to": ["manager"]}, "Offer x-notice/0: without an event it can tell the customer only"),
    ({"class": "parades"}, "Offer x-notice/0 (parcel_offer): class 'parades' is not one of"),
    ({"lifetime": "long"}, "Offer x-notice/0 (parcel_offer): lifetime 'long' is no period"),
])
def test_what_is_wrong_in_a_notice_without_an_event_is_named(tmp_path, change, error):
    (found,) = caused(tmp_path, **change).errors
    assert found.startswith(error)


def test_only_events_and_causes_are_told(tmp_path):
    document = yaml.safe_load(SCHEMAS)
    document["components"]["schemas"]["Size"]["x-notice"] = [GOOD]
    (tmp_path / "all.yaml").write_text(yaml.safe_dump(document))
    assert Contract(tmp_path).errors == ["Size: x-notice is for schemas with x-event or x-cause"]


def test_the_page_has_the_table_and_keeps_the_rest(tmp_path):
    made = contract(tmp_path, GOOD)
    page = gen_api.notices_page(made, "A\n<!-- notices -->\nold\n<!-- end of notices -->\nB\n")
    assert page.startswith("A\n<!-- notices -->\n| notice |") and page.endswith("-->\nB\n")
    assert "| `parcel_lost` | `parcel_lost` |  | customer | orders | push | " \
           "`/parcels/{parcel_id}` |\n<!-- end" in page
