"""Runs that share the wire suite: each test in one run, the same in every run, none much longer."""
import importlib.util
import json
import pathlib
import random
import subprocess
import sys

import pytest

WIRE = pathlib.Path(__file__).resolve().parents[1] / "wire"


@pytest.fixture(name="shares", scope="module")
def shares_module():
    spec = importlib.util.spec_from_file_location("shares", WIRE / "shares.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_shares_are_even_and_do_not_depend_on_the_order_of_tests(shares):
    """A suite like ours: a file with half of all time, some heavy ones, and many light ones."""
    tests = [(f"test_all.py::test[{n}]", False) for n in range(2800)]
    tests += [(f"test_own_{n % 12}.py::test[{n}]", True) for n in range(50)]
    tests += [(f"test_{n % 40}.py::test[{n}]", False) for n in range(1200)]
    files = shares.weighed(tests, {"test_39.py::test": 2.0})
    owner, seconds = shares.deal(files, 2)
    assert set(owner) == set(files) and set(owner.values()) == {0, 1}
    assert max(seconds) <= 1.05 * min(seconds)
    random.shuffle(tests)
    again, _ = shares.deal(shares.weighed(tests, {"test_39.py::test": 2.0}), 2)
    assert again == owner


def test_a_new_file_counts_by_its_tests(shares):
    files = shares.weighed([("test_a.py::test[1]", False), ("test_a.py::test[2]", True),
                            ("t/test_b.py::test", True)], {"test_b.py::test": 7.5})
    assert files == {"test_a.py": shares.USUAL_S + shares.OWN_SERVER_S, "t/test_b.py": 7.5}


def test_the_table_is_made_of_what_runs_measured(tmp_path):
    (tmp_path / "shares.py").write_bytes((WIRE / "shares.py").read_bytes())
    (tmp_path / "one").write_text(json.dumps([["test_a.py::test_x[1]", 20.0, False],
                                              ["test_a.py::test_y", 0.1, False],
                                              ["test_a.py::test_z", 9.5, True]]))
    (tmp_path / "two").write_text(json.dumps([["test_a.py::test_x[2]", 40.0, False]]))
    subprocess.run([sys.executable, tmp_path / "shares.py", tmp_path / "one", tmp_path / "two"],
                   check=True, capture_output=True)
    assert json.loads((tmp_path / "weights.json").read_text()) == {"test_a.py::test_x": 30.0}


def test_the_table_names_tests_that_are_there(shares):
    missing = [name for name in shares.read_weights()
               if f"def {name.partition('::')[2]}(" not in
               (WIRE / name.partition("::")[0]).read_text()]
    assert missing == [], "tests/wire/shares.py makes the table anew"
