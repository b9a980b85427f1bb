"""The SDK of clients/sdk-dart against a real server. Its tests are in clients/sdk-dart/test; where
no Dart can be had, they are skipped."""
import pytest

from harness.clients import refresh, run, samples
from harness.contract import OPERATIONS, ROOT
from harness.dart import dart


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


SOURCE = ROOT / "clients/sdk-dart"
FOLDER = ROOT / "build/sdk-dart"


@pytest.fixture(scope="module")
def program():
    found, why_not = dart()
    if found is None:
        pytest.skip(why_not)
    refresh(SOURCE, FOLDER)
    run(ROOT / "tools/gen_clients.py", "dart", FOLDER / "lib/src/api.gen.dart", cwd=ROOT)
    return found


def test_the_sdk_does_what_its_tests_say(program, sdk_world):
    run(program, "--enable-asserts", "test/sdk_test.dart", sdk_world, cwd=FOLDER)


def test_every_sample_of_the_reference_has_the_types_of_the_sdk(program, shop):
    found = samples(shop.server, "Dart")
    names = {name for operation in OPERATIONS.values() for name in operation.names("path")}
    known = ", ".join(f"String {camel(name)}" for name in sorted(names - {"file"}))
    lines = ["import 'dart:typed_data';", "import '../lib/sebez.dart';",
             "late final Sebez sebez;", "late final Uint8List file;", f"late final {known};"]
    for name, sample in found.items():
        lines += [f"Future<void> call_{name}() async {{", sample, "}"]
    source = "\n".join([*lines, "void main() {}"]).replace(", String ", ", ")
    (FOLDER / "test/samples.dart").write_text(source)
    run(program, "--snapshot-kind=kernel", f"--snapshot={FOLDER}/samples.dill",
        "test/samples.dart", cwd=FOLDER)
