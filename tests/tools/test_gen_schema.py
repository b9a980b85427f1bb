"""What the schema takes from the contract."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

from gen_schema import contract_words  # noqa: E402

CONTRACT = {"components": {"schemas": {
    "StaffRole": {"enum": ["owner", "manager", "support", "finance"]},
    "Mood": {"type": ["string", "null"], "enum": ["glad", "sad", None]},
    "MovedEvent": {"x-event": "moved", "x-staff": ["support"]},
    "SoldEvent": {"x-event": "sold"}}}}


@pytest.mark.parametrize("text, made", [
    ("check (mood in (:Mood))", "check (mood in ('glad', 'sad'))"),
    ("role in (:MovedEvent.staff)", "role in ('owner', 'support')"),
    ("array[:SoldEvent.staff]", "array['owner', 'manager', 'support', 'finance']"),
    ("select a::Mood, b[1:Mood], 'x:Mood'::text", "select a::Mood, b[1:Mood], 'x:Mood'::text")])
def test_the_values_of_an_enum_are_the_contracts(text, made):
    assert contract_words(CONTRACT)(text) == made


@pytest.mark.parametrize("text", ["x in (:Moood)", "x in (:Mood.staff)", "x in (:MovedEvent)"])
def test_what_the_contract_does_not_have_is_refused(text):
    with pytest.raises(SystemExit, match="no such enum or event"):
        contract_words(CONTRACT)(text)
