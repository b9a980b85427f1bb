"""/metrics keeps to the letter of the Prometheus text format."""
import json
import re
import shutil
import subprocess

import pytest
import requests
import yaml

from harness.contract import ROOT

HEAD = re.compile(r"# (HELP|TYPE) ([a-z_]+) (.+)")
SAMPLE = re.compile(r'([a-z_]+)\{((?:[a-z]+="[^"\\]+",?)+)\} ([0-9.]+)')
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


def families(text):
    """Name -> (type, [(sample's name, labels, value)]); what breaks the format fails here."""
    found, helped = {}, None
    for line in text.splitlines():
        head = HEAD.fullmatch(line)
        if head and head[1] == "HELP":
            assert head[2] not in found, f"{head[2]} is in two groups"
            helped = head[2]
        elif head:
            assert head[2] == helped, f"{head[2]} has no HELP"
            found[helped] = (head[3], [])
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            kind, samples = found[helped]
            assert sample[1] in [helped + suffix for suffix in SUFFIXES[kind]], line
            samples.append((sample[1], sample[2], float(sample[3])))
    return found


def metrics(server):
    answer = requests.get(server.url + "/metrics", timeout=20)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer.text.endswith("\n")
    return families(answer.text)


def test_each_family_is_one_group_with_its_type(server):
    requests.get(server.url + "/healthz", timeout=20)
    found = metrics(server)
    assert len(found) > 15
    for name, (kind, samples) in found.items():
        assert (kind == "counter") == name.endswith("_total"), name
        assert len({sample[:2] for sample in samples}) == len(samples), name


def test_buckets_add_up(server):
    requests.get(server.url + "/healthz", timeout=20)
    _, samples = metrics(server)["sebez_request_duration_seconds"]
    last = {}
    for name, labels, value in samples:
        operation = re.search(r'operation="([^"]+)"', labels)[1]
        if name.endswith("_bucket"):
            assert value >= last.get(operation, 0)
            last[operation] = value
        elif name.endswith("_count"):
            assert value == last[operation]
    assert last["getHealth"] > 0


def test_what_was_asked_of_no_operation_is_counted_too(server):
    def counted(status):
        _, samples = metrics(server)["sebez_requests_total"]
        return sum(value for _, labels, value in samples
                   if labels == f'operation="none",status="{status}"')

    before = counted(404), counted(405)
    requests.get(server.url + "/no/such/path", timeout=20)
    requests.delete(server.url + "/healthz", timeout=20)
    assert (counted(404), counted(405)) == (before[0] + 1, before[1] + 1)


def asked_for():
    """(where, PromQL) of everything that rules and dashboards ask for."""
    folder = ROOT / "deploy/monitoring"
    for group in yaml.safe_load((folder / "sebez.rules.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            yield rule.get("alert") or rule["record"], rule["expr"]
    for path in (folder / "dashboards").glob("*.json"):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield panel["title"], target["expr"]


def test_rules_and_dashboards_ask_for_metrics_and_labels_that_there_are(server):
    requests.get(server.url + "/v1/products", timeout=20)
    labels = {}  # None: a family of which this server has no sample
    for family, (_, samples) in metrics(server).items():
        labels.setdefault(family)
        for name, text, _ in samples:
            labels[name] = labels.get(name) or {"instance"}
            labels[name].update(re.findall(r'([a-z_]+)="', text))
    # Of servers that make backups, of other exporters, of deploy/certificates, and of the rules
    backups = (ROOT / "src/node/metrics_backup.c").read_text()
    labels |= dict.fromkeys(re.findall(r'"(sebez_backup_\w+)"', backups))
    labels |= {"up": {"job", "instance"}, "node_filesystem_avail_bytes": {"fstype", "mountpoint"},
               "node_filesystem_size_bytes": {"fstype", "mountpoint"},
               "sebez_certificate_not_after_seconds": {"name"},
               "sebez_certificate_failed": {"name"},
               "sebez_certificate_checked_seconds": {"name"},
               "sebez:slo_bad": {"slo"}, "sebez:slo_all": {"slo"}, "sebez:slo_budget": {"slo"},
               "sebez:slo_burn": {"slo", "window"}}
    count = 0
    for where, text in asked_for():
        for name, matchers in re.findall(r"\b((?:sebez|node)[_:][a-z_:]+|up)\b(?:{([^}]*)})?",
                                         text):
            assert name in labels, f"{where}: there is no {name}"
            for label in re.findall(r'([a-z_]+)(?:!=|=~|!~|=)"', matchers):
                assert label in (labels[name] or [label]), f"{where}: {name} has no {label}"
            count += 1
    assert count > 60


@pytest.mark.skipif(not shutil.which("promtool"), reason="prometheus is not installed")
def test_promtool_finds_nothing_in_the_metrics(server):
    text = requests.get(server.url + "/metrics", timeout=20).text
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                          text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
