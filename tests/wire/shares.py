"""How runs of pytest side by side share the suite: each file belongs to one of them.

    shares.py TIMES...    writes weights.json from build/test-logs/times-asan-wire.*

A share depends on the tests and on weights.json alone, so that tests on one server always meet in
the same order. Weights are seconds in the build with sanitizers. The table has functions that were
measured to take far longer than the two constants say; all others, new ones too, count by these.
"""
import collections
import json
import pathlib
import sys

TABLE = pathlib.Path(__file__).with_name("weights.json")
USUAL_S = 0.17
OWN_SERVER_S = 9.0  # of a test with a server of its own: a start, a stop, and a check of its data
NAMED_S = 3.0  # what differs less need not be in the table


def function_of(nodeid):
    """file.py::function, without the folder and the case."""
    path, _, name = nodeid.partition("::")
    return f"{pathlib.PurePath(path).name}::{name.partition('[')[0]}"


def usual(has_own_server):
    return OWN_SERVER_S if has_own_server else USUAL_S


def weighed(tests, weights):
    """{file: seconds} of pairs of a nodeid and whether the test has a server of its own."""
    files = collections.Counter()
    for nodeid, has_own_server in tests:
        seconds = weights.get(function_of(nodeid), usual(has_own_server))
        files[nodeid.partition("::")[0]] += seconds
    return files


def deal(files, count):
    """{file: its share, from 0 on}, and the seconds of each share: the heaviest file first, each to
    the share with the least so far."""
    seconds, owner = [0.0] * count, {}
    for path in sorted(files, key=lambda path: (-files[path], path)):
        owner[path] = seconds.index(min(seconds))
        seconds[owner[path]] += files[path]
    return owner, seconds


def read_weights():
    return json.loads(TABLE.read_text())


def measured(times):
    """The table of [nodeid, seconds, whether it has a server of its own]."""
    found, expected = collections.defaultdict(list), {}
    for nodeid, seconds, has_own_server in times:
        found[function_of(nodeid)].append(seconds)
        expected[function_of(nodeid)] = usual(has_own_server)
    means = {name: sum(all_of) / len(all_of) for name, all_of in found.items()}
    return {name: round(mean, 1) for name, mean in sorted(means.items())
            if abs(mean - expected[name]) >= NAMED_S}


def main(files):
    times = [time for file in files for time in json.loads(pathlib.Path(file).read_text())]
    for has_own_server in (False, True):
        some = [seconds for _, seconds, own in times if own == has_own_server]
        print(f"{len(some)} tests {'with' if has_own_server else 'without'} a server of their own: "
              f"{sum(some) / max(len(some), 1):.2f} s, counted as {usual(has_own_server)}")
    TABLE.write_text(json.dumps(measured(times), indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        sys.exit(len(sys.argv) < 2)
    main(sys.argv[1:])
