"""Which events webhooks may have: x-webhook of the contract."""

import pathlib
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from api_model import Contract  # noqa: E402

SCHEMAS = """
openapi: 3.1.0
info: {title: T, version: '1'}
paths: {}
components:
  schemas:
    Event: {type: object, properties: {kind: {type: string}, payload: {type: object}}}
    StaffRole: {type: string, enum: [owner, manager, support]}
    VendorWebhookEvent: {type: string}
    PlatformWebhookEvent: {type: string}
    ParcelLostEvent:
      {x-event: parcel_lost, x-webhook: [vendor, platform], type: object, properties: {}}
    OrderLostEvent: {x-event: order_lost, x-webhook: [platform], type: object, properties: {}}
    SecretEvent: {x-event: secret, type: object, properties: {}}
"""


def contract(tmp_path, **changes):
    document = yaml.safe_load(SCHEMAS)
    for name, changed in changes.items():
        document["components"]["schemas"][name] = changed
    (tmp_path / "all.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return Contract(tmp_path)


def test_each_owner_may_have_the_events_that_name_it(tmp_path):
    made = contract(tmp_path)
    assert not made.errors
    schemas = made.document["components"]["schemas"]
    assert schemas["VendorWebhookEvent"]["enum"] == ["parcel_lost"]
    assert schemas["PlatformWebhookEvent"]["enum"] == ["parcel_lost", "order_lost"]


@pytest.mark.parametrize("schema,why", [
    ({"x-webhook": ["vendor"], "type": "object"}, "is for schemas with x-event"),
    ({"x-event": "lost", "x-webhook": ["customer"], "type": "object"}, "'customer' is not"),
    ({"x-event": "lost", "x-webhook": ["vendor"], "x-staff": ["support"], "type": "object"},
     "withheld from managers"),
])
def test_what_no_webhook_may_have_is_an_error(tmp_path, schema, why):
    assert any(why in error for error in contract(tmp_path, ParcelLostEvent=schema).errors)
