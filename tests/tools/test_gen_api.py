"""The contract's generator: what it makes, and what it refuses."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import api_c  # noqa: E402
import api_served  # noqa: E402
from api_fields import snake  # noqa: E402
from api_model import Contract  # noqa: E402

GOOD = """
openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /v1/things/{vendor_id}:
    patch:
      operationId: changeThing
      x-actor: ['staff:manager', admin]
      parameters:
        - {name: vendor_id, in: path, required: true, schema: {type: string, format: uuid}}
        - {name: sort, in: query, schema: {type: string, enum: [newest, price_up], default: newest}}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              minProperties: 1
              required: [price]
              properties:
                price: {$ref: '#/components/schemas/Money'}
                note: {type: [string, 'null'], maxLength: 10}
                count: {type: integer, minimum: 0, maximum: 9}
                big: {type: integer, minimum: 0, default: 5}
                tags: {type: array, maxItems: 3, items: {type: string, maxLength: 5}}
                home: {$ref: '#/components/schemas/Address'}
                labels: {type: object, additionalProperties: {type: string, maxLength: 5}}
                free: {type: object}
      responses: {default: {description: no}}
components:
  schemas:
    StaffRole: {type: string, enum: [owner, manager]}
    AdminRole: {type: [string, 'null'], enum: [superadmin, helper, null]}
    Money:
      type: object
      properties: {amount: {type: integer}, currency: {type: string}}
    Address:
      type: object
      additionalProperties: false
      required: [city]
      properties: {city: {type: string, maxLength: 9}}
"""


# Two operations that differ in whose the thing is, and in what each demands of the note.
TWINS = """
openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /v1/things/{thing_id}:
    post: &send
      operationId: sendThing
      summary: Send it
      x-actor: [customer]
      parameters: &thing
        - {name: thing_id, in: path, required: true, schema: {type: string, format: uuid}}
        - {name: sort, in: query, schema: {type: string, enum: [newest, price_up]}}
      requestBody:
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              properties: {note: {type: string, maxLength: 9}, count: {type: integer}}
      responses: {default: {description: no}}
  /v1/vendors/{vendor_id}/things/{thing_id}:
    parameters:
      - {name: vendor_id, in: path, required: true, schema: {type: string, format: uuid}}
    post:
      <<: *send
      operationId: sendVendorThing
      x-handler: send_thing
      x-actor: [staff]
      parameters: *thing
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              required: [note]
              properties: {note: {type: string, maxLength: 5}, count: {type: integer}}
"""


def contract(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    return Contract(tmp_path)


def test_names_become_snake_case():
    assert [snake(n) for n in ("placeOrder", "APIKey", "Accept-Language", "line1")] == [
        "place_order", "api_key", "accept_language", "line1"]


def test_every_kind_of_member_has_its_c_type(tmp_path):
    made = contract(tmp_path, GOOD)
    assert made.errors == []
    header = api_c.header(made)
    for line in ("struct uuid vendor_id;", "enum change_thing_sort_choice sort;",
                 "struct money price;", "bool note_given;", "const char *note;",
                 "const int32_t *count;", "int64_t big;", "size_t tags_count;",
                 "const char *const *tags;", "const struct address_in *home;",
                 "const struct field_pair *labels;", "const char *free;",
                 "CHANGE_THING_SORT_PRICE_UP,",
                 "void change_thing(struct request *rq, const struct change_thing_in *in);"):
        assert line in header, line


def test_owners_and_superadmins_are_always_included(tmp_path):
    op = contract(tmp_path, GOOD).operations[0]
    assert op.staff_roles == ["owner", "manager"]
    assert op.admin_roles == ["superadmin", "helper"]


def test_roles_are_bits_in_the_order_of_the_contract(tmp_path):
    header = api_c.header(contract(tmp_path, GOOD))
    assert "\tSTAFF_MANAGER = 1 << 1,\n" in header
    assert "enum admin_role { /* bits */\n\tADMIN_SUPERADMIN = 1 << 0,\n\tADMIN_HELPER" in header


@pytest.mark.parametrize("text", [GOOD, TWINS], ids=["one", "twins"])
def test_the_c_compiles(tmp_path, text):
    made = contract(tmp_path, text)
    (tmp_path / "api.gen.h").write_text(api_c.header(made))
    (tmp_path / "api.gen.c").write_text(api_c.source(made))
    subprocess.run(["cc", "-std=gnu17", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror",
                    "-I", tmp_path, "-I", ROOT / "src", "-fsyntax-only", tmp_path / "api.gen.c"],
                   check=True)


def test_twins_have_one_handler_and_each_its_own_rules(tmp_path):
    made = contract(tmp_path, TWINS)
    assert made.errors == []
    header, source = api_c.header(made), api_c.source(made)
    assert header.count("void send_thing(") == 1 and "send_vendor_thing" not in header
    assert "\tconst struct uuid *vendor_id;" in header     # the customer has none: NULL
    assert "\tstruct uuid thing_id;" in header
    assert source.count(".call = call_send_thing,") == 2
    notes = [next(field for field in op.input.fields if field.name == "note")
             for op in made.operations]
    assert [(note.required, note.max) for note in notes] == [(False, 9), (True, 5)]


@pytest.mark.parametrize("old, new, complaint", [
    ("note: {type: string, maxLength: 5}, count", "note: {type: string, maxLength: 5}, more",
     "sendVendorThing: lacks count"),
    ("maxLength: 5}, count: {type: integer}", "maxLength: 5}, count: {type: boolean}",
     "count is not as sendThing has it"),
    ("parameters: *thing", "parameters: [{name: thing_id, in: path, required: true, schema: "
     "{type: string, format: uuid}}]", "sendVendorThing: lacks sort"),
    ("x-handler: send_thing", "x-handler: send_other", "no other operation has it"),
    ("x-handler: send_thing", "x-handler: Send-Thing", "no name of a C function"),
    ("x-actor: [staff]", "x-actor: [staff]\n      x-stream: true", "only one is x-stream"),
])
def test_twins_that_differ_in_more_than_whose_it_is_are_refused(tmp_path, old, new, complaint):
    assert old in TWINS
    errors = contract(tmp_path, TWINS.replace(old, new, 1)).errors
    assert any(complaint in error for error in errors), errors


def test_who_calls_is_not_told_of_handlers(tmp_path):
    assert "x-handler" not in str(api_served.document(contract(tmp_path, TWINS)))


@pytest.mark.parametrize("old, new, complaint", [
    ("      x-actor: ['staff:manager', admin]\n", "", "no x-actor"),
    ("'staff:manager'", "'staff:king'", "no role 'king'"),
    ("name: vendor_id, in: path", "name: other, in: path", "not in the path"),
    ("              additionalProperties: false\n", "", "additionalProperties"),
    ("default: {description: no}", "'200': {description: yes}", "'default'"),
    ("type: string, maxLength: 5}}\n                home", "type: string}}\n                home",
     "maxLength"),
    ("name: sort", "name: price", "is both in"),
    ("schemas/Address'", "schemas/Nowhere'", "leads nowhere"),
    ("maxLength: 10", "maxLength: 10, pattern: '^a+$'", "pattern"),
])
def test_a_wrong_contract_is_refused_with_its_place(tmp_path, old, new, complaint):
    assert old in GOOD
    errors = contract(tmp_path, GOOD.replace(old, new, 1)).errors
    assert any(complaint in error for error in errors), errors


def test_one_name_for_two_operations_is_refused(tmp_path):
    (tmp_path / "b.yaml").write_text(GOOD.replace("/v1/things", "/v1/others"), encoding="utf-8")
    assert any("more than once" in error for error in contract(tmp_path, GOOD).errors)


def test_one_name_for_two_shapes_is_refused(tmp_path):
    text = GOOD.replace("home: {$ref", "change_thing_home: {$ref").replace(
        "free: {type: object}", "home: {type: object, additionalProperties: false, properties: "
        "{zip: {type: string, maxLength: 5}}}").replace("Address", "ChangeThingHome")
    assert any("two shapes" in error for error in contract(tmp_path, text).errors)


def test_only_unwritten_handlers_get_a_stand_in(tmp_path):
    made = contract(tmp_path, GOOD)
    assert "void change_thing(" in api_c.missing(made, set())
    assert "void change_thing(" not in api_c.missing(made, {"change_thing"})
