"""The kinds of events: what is made of their schemas, and which calls are refused."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import events_c  # noqa: E402
import gen_events  # noqa: E402
from api_model import Contract  # noqa: E402

SCHEMAS = """
openapi: 3.1.0
info: {title: T, version: '1'}
paths: {}
components:
  schemas:
    Event: {type: object, properties: {kind: {type: string}, payload: {type: object}}}
    PassingEvent: {type: object, properties: {kind: {type: string}, payload: {type: object}}}
    Money:
      type: object
      required: [amount, currency]
      properties: {amount: {type: integer, format: int64}, currency: {type: string}}
    Size: {type: string, enum: [small, large]}
    Part:
      type: object
      required: [id, worth]
      properties:
        id: {type: string, format: uuid}
        worth: {$ref: '#/components/schemas/Money'}
    ParcelLostEvent:
      x-event: parcel_lost
      type: object
      required: [parcel_id, size, at, note, parts, found_at]
      properties:
        parcel_id: {type: string, format: uuid}
        size: {$ref: '#/components/schemas/Size'}
        at: {type: string, format: date-time}
        note: {type: [string, 'null']}
        parts: {type: array, items: {$ref: '#/components/schemas/Part'}}
        found_at: {type: 'null'}
        staff_id: {type: [string, 'null'], format: uuid}
        count: {type: integer, minimum: 1, maximum: 9}
    PartChangedEvent:
      x-event: part_changed
      $ref: '#/components/schemas/Part'
    SearchingEvent:
      x-passing: searching
      type: object
      required: [parcel_id]
      properties: {parcel_id: {type: string, format: uuid}}
"""
GOOD = ("select feed_add_events(event_parcel_lost(a, parcel_id => f(x, 'p, ('), size => 'small',"
        " at => now(), note => null, parts => '[]'));")


@pytest.fixture
def contract(tmp_path):
    (tmp_path / "all.yaml").write_text(SCHEMAS)
    return Contract(tmp_path)


def looked(contract, text):
    found = gen_events.Calls(contract.payloads)
    found.look("x.sql", text)
    return found


def struct(header, name):
    body = header.partition(f"struct {name} {{\n")[2].partition("};")[0]
    return [line.strip() for line in body.splitlines()]


def test_a_payload_is_a_struct_of_typed_members(contract):
    assert struct(events_c.header(contract.payloads), "event_parcel_lost") == [
        "struct uuid parcel_id;", "enum size_choice size;", "int64_t at;", "const char *note;",
        "size_t parts_count;", "const struct part_out *parts;", "bool staff_id_given;",
        "const struct uuid *staff_id;", "const int32_t *count;"]


def test_a_call_writes_a_kind_and_no_other(contract):
    header, source = events_c.header(contract.payloads), events_c.source(contract.payloads)
    assert "void feed_write_part_changed(struct db *db, struct uuid owner, " \
           "const struct part_out *payload);" in header
    assert "void feed_pass_searching(struct arena *arena, struct uuid owner, " \
           "const struct passing_searching *payload);" in header
    assert "feed_write(db, owner, EVENT_PARCEL_LOST, buf.data);" in source


def test_the_writer_refuses_members_that_are_missing(contract):
    source = events_c.source(contract.payloads)
    assert "assert(!uuid_is_nil(v->parcel_id));" in source
    assert "assert(v->size < SIZE_COUNT);" in source
    assert "assert(v->parts != NULL || v->parts_count == 0);" in source


def test_a_kind_that_sql_notes_becomes_a_function(contract):
    found = looked(contract, GOOD)
    assert not found.errors
    (made,) = found.functions()
    assert made.startswith(
        'create function event_parcel_lost(owner uuid, "parcel_id" uuid, "size" text, '
        '"at" timestamptz, "note" text, "parts" json, "staff_id" uuid default null, '
        '"staff_id_given" boolean default false, "count" int default null) returns text')
    assert "'at', json_time(\"at\"), 'note', \"note\"" in made and "'found_at', null" in made
    assert made.count("json_build_object") == 4  # with staff_id and count, with one, with neither


def test_a_shape_that_a_read_shows_too_is_the_payload(contract):
    found = looked(contract, "event_part_changed(a, b, payload => shape_part(id => p.id, "
                             "worth => shape_money(amount => 1, currency => 'USD')))")
    assert not found.errors
    assert [made.partition("(")[0] for made in found.functions()] == [
        "create function shape_money", "create function shape_part",
        "create function event_part_changed"]


@pytest.mark.parametrize("was, now, error", [
    ("size => 'small',", "", "event_parcel_lost() lacks size"),
    ("note => null", "note => null, colour => 1", "event_parcel_lost() has no colour"),
    ("parcel_id => ", "", "event_parcel_lost() lacks parcel_id"),
    ("a, ", "a, b, c, ", "event_parcel_lost(): all but one or two owners are named"),
    ("(a, ", "(", "event_parcel_lost(): all but one or two owners are named"),
    ("parcel_lost", "parcel_stolen", "the contract knows no event_parcel_stolen()"),
])
def test_a_call_that_is_no_payload_is_refused(contract, was, now, error):
    assert error in "\n".join(looked(contract, GOOD.replace(was, now)).errors)


def test_what_a_comment_says_is_no_call(contract):
    assert not looked(contract, "-- event_parcel_stolen(owners)\n").used


def test_an_event_has_few_optional_members(tmp_path):
    text = SCHEMAS.replace("count: {type", "more: {type: string}\n        count: {type")
    (tmp_path / "all.yaml").write_text(text)
    assert any("optional" in error for error in Contract(tmp_path).errors)
