"""Plurals, numbers, amounts and times that we write, judged by Intl of node, which has its own ICU.

    test_message_judges.py      MESSAGE_TOOL names the program that writes them
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

TOOL = os.environ["MESSAGE_TOOL"]
JUDGE = pathlib.Path(__file__).with_name("message_judge.mjs")
COUNTRIES = ["en-GB", "fr-CA", "am-ET", "ar-EG", "ar-MA"]

if not shutil.which("node"):
    pytest.skip("node is not installed", allow_module_level=True)


# Where Unicode's data or node differ from ours, the reason, and what both are reduced to.
DIFFERENCES = [
    # V8 writes a blank before AM and PM, where Unicode has a narrow one that does not break.
    ("\u202f", " "),
    # January and February have another spelling in Amharic in newer data.
    ("\u1303\u1295\u12e9\u12c8\u122a", "\u1303\u1295\u12cb\u122a"),
    ("\u134c\u1265\u1229\u12c8\u122a", "\u134c\u1265\u1229\u12cb\u122a"),
]
# Arabic without a country has European digits in newer data, and with them other marks of
# direction around a sign; with a country both agree.
ARABIC = {ord(digit): str(n) for n, digit in enumerate(
    "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669")}
ARABIC |= {0x066b: ".", 0x066c: ",", 0x061c: None, 0x200e: None, 0x200f: None}


def reduced(case, text):
    for ours, theirs in DIFFERENCES:
        text = text.replace(ours, theirs)
    return text.translate(ARABIC) if case["locale"] == "ar" else text


@pytest.fixture(scope="module")
def judged():
    """Each case with what Intl says (`theirs`)."""
    cases = json.loads(subprocess.run([TOOL, *COUNTRIES], check=True, capture_output=True).stdout)
    said = subprocess.run(["node", JUDGE], check=True, capture_output=True,
                          input=json.dumps(cases).encode())
    theirs = json.loads(said.stdout)
    assert len(cases) == len(theirs)
    return [case | {"theirs": text} for case, text in zip(cases, theirs)]


@pytest.mark.parametrize("what", ["plural", "count", "money", "time"])
def test_it_is_as_intl_has_it(judged, what):
    of_it = [case for case in judged if case["what"] == what]
    assert {"en", "am", "ar", "fr", *COUNTRIES} <= {case["locale"] for case in of_it}
    assert [case for case in of_it
            if reduced(case, case["ours"]) != reduced(case, case["theirs"])] == []


if __name__ == "__main__":
    result = pytest.main(["-q", "-p", "no:cacheprovider", __file__])
    sys.exit(77 if result == pytest.ExitCode.NO_TESTS_COLLECTED else result)  # 77: skipped
