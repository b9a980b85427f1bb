"""The generator of texts: what is refused, and where; and what is made of good patterns."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import gen_texts  # noqa: E402
import texts_pattern  # noqa: E402
from texts_pattern import Argument  # noqa: E402

ARGUMENTS = [Argument("name", "text"), Argument("note", "text", [], True),
             Argument("many", "count"),
             Argument("worth", "money"), Argument("at", "time"),
             Argument("state", "choice", ["open", "closed"])]
KEYS = """
arguments: {name: text, many: count}
notices:
  parcel_lost: [name]
texts:
  mail.count: [many]
"""
GOOD = """language: {name: English, direction: ltr, plurals: [one, other]}
parcel_lost:
  title: Lost
  body: 'The parcel of {name} is lost.'
mail:
  count: '{many, plural, one {# parcel} other {# parcels}}'
"""


def read(pattern):
    return texts_pattern.read(pattern, ARGUMENTS, ["one", "other"])


def texts(tmp_path, keys=KEYS, **languages):
    (tmp_path / "keys.yaml").write_text(keys, encoding="utf-8")
    for name, text in languages.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return gen_texts.read_all(tmp_path, ["parcel_lost"])


def test_the_texts_of_the_program_are_complete():
    _, languages = gen_texts.read_all(ROOT / "texts", gen_texts.notice_kinds(ROOT / "api"))
    assert {"am", "ar", "en", "fr"} <= {language.name for language in languages}


def test_good_files_become_tables(tmp_path):
    keys, languages = texts(tmp_path, en=GOOD)
    assert list(keys) == ["mail.count", "parcel_lost.body", "parcel_lost.title"]
    assert languages[0].texts["parcel_lost.title"] == ["Lost"]


@pytest.mark.parametrize("wrong, line, why", [
    (GOOD.replace("  title: Lost\n", ""), 1, "lacks 'parcel_lost.title'"),
    (GOOD + "extra: x\n", 7, "there is no text 'extra'"),
    (GOOD.replace("{name}", "{nam}"), 4, "has no argument 'nam'"),
    (GOOD.replace("one {# parcel} ", ""), 6, "lacks 'one' in the plural"),
    (GOOD.replace("one {#", "few {# parcels} one {#"), 6, "has 'few' in the plural"),
    (GOOD.replace("title: Lost", "title: Lost }"), 3, "has a } without its {"),
    (GOOD.replace("title: Lost", "title: [Lost]"), 3, "is no text"),
    (GOOD.replace("direction: ltr", "direction: up"), 1, "neither ltr nor rtl"),
])
def test_a_mistake_is_told_with_its_line(tmp_path, wrong, line, why):
    with pytest.raises(gen_texts.TextError) as error:
        texts(tmp_path, en=wrong)
    assert f"en.yaml:{line}: " in str(error.value) and why in str(error.value)


@pytest.mark.parametrize("keys, why", [
    (KEYS.replace("parcel_lost", "parcel_found"), "no event has the notice"),
    (KEYS.replace("  parcel_lost: [name]\n", "  {}\n"), "lacks the notice 'parcel_lost'"),
    (KEYS.replace("many: count", "many: number"), "argument 'many' is neither"),
    (KEYS.replace("[many]", "[much]"), "there is no argument 'much'"),
    (KEYS.replace("[many]", "['many?']"), "only a text may be missing"),
])
def test_a_mistake_in_the_keys_is_told(tmp_path, keys, why):
    with pytest.raises(gen_texts.TextError, match=why):
        texts(tmp_path, keys=keys, en=GOOD)


def test_all_languages_are_complete_and_one_is_english(tmp_path):
    with pytest.raises(gen_texts.TextError, match=r"fr.yaml:1: lacks 'mail.count'"):
        texts(tmp_path, en=GOOD, fr=GOOD[:GOOD.index("mail:")])
    (tmp_path / "en.yaml").unlink()
    (tmp_path / "fr.yaml").unlink()
    with pytest.raises(gen_texts.TextError, match="lacks en.yaml"):
        texts(tmp_path, de=GOOD)


@pytest.mark.parametrize("pattern, why", [
    ("{name", "has 'the end' where '}' should be"),
    ("{note}", "which may be missing"),
    ("{state}", "which is a word for select"),
    ("{name, date}", "in the form 'date'"),
    ("{name, plural, other {x}}", "has plural of 'name'"),
    ("{state, select, open {x}}", "lacks 'other'"),
    ("{state, select, ajar {x} other {y}}", "has 'ajar'"),
    ("{note, select, other {{note}}}", "lacks 'none'"),
    ("{many, plural, one {x} one {y} other {z}}", "has 'one' of 'many' twice"),
    ("It''s {name", "has 'the end'"),
    ("a '{ b", "has a ' without its other"),
    ("\u202eabc", "U\\+202E"),
    ("a\u0301", "form C"),
    (" a", "begins or ends with a blank"),
    ("", "is empty"),
    ("{many, plural, one {" * 5 + "x" + "} other {x}}" * 5, "nests deeper"),
])
def test_a_pattern_is_refused_that_could_not_be_written(pattern, why):
    with pytest.raises(texts_pattern.PatternError, match=why):
        read(pattern)


def test_apostrophes_quote_braces_as_in_icu():
    assert read("It''s '{name}'") == ["It's {name}"]
    assert read("C'est l'heure") == ["C'est l'heure"]
