"""What deploy/ hands to other programs is what they accept, and as safe as it says."""
import http.server
import json
import pathlib
import re
import shutil
import ssl
import subprocess
import threading

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
MONITORING = ROOT / "deploy/monitoring"
needs_promtool = pytest.mark.skipif(not shutil.which("promtool"),
                                    reason="prometheus is not installed")


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("unit", ["debian/sebez", "certificates/sebez-certificate",
                                  "monitoring/sebez-probe"])
def test_a_unit_gives_its_service_no_more_than_it_needs(unit):
    done = run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20",
               ROOT / f"deploy/{unit}.service")
    assert done.returncode == 0, done.stdout
    assert "ignoring" not in done.stderr, "what systemd does not know allows and forbids nothing"


def test_settings_are_read_as_systemd_reads_them(tmp_path):
    values = {"A": "postgres://u:a&b@h/d?x=1&y=2", "B": "$HOME `id` $(id)", "C": "a;b#c",
              "D": "it's", "E": " two words ", "F": "a\\b*", "G": "",
              "H": "/etc/sebez/credentials/x"}
    lines = ["# SEBEZ_Z=1", "; SEBEZ_Z=1", "", "no setting", "SEBEZ_A=" + values["A"],
             f"  SEBEZ_B='{values['B']}'  ", f"SEBEZ_C={values['C']}",
             f"SEBEZ_D=\"{values['D']}\"", f"SEBEZ_E='{values['E']}'", f"SEBEZ_F={values['F']}",
             "SEBEZ_G=", "SEBEZ_H=/run/credentials/sebez.service/sebez_x"]
    (tmp_path / "sebez.env").write_text("\n".join(lines))
    text = (ROOT / "deploy/debian/sebez-settings").read_text()
    for here, there in (("id -u", "echo 0"), ("/usr/bin/sebez", "/usr/bin/env"),
                        ("/etc/sebez/sebez.env", str(tmp_path / "sebez.env"))):
        assert here in text
        text = text.replace(here, there)
    done = run("sh", "-c", text, "sebez-settings", "-0", env={"PATH": "/usr/bin:/bin"})
    assert (done.returncode, done.stderr) == (0, "")
    told = dict(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)
    assert told.pop("SEBEZ_DATA") == "/var/lib/sebez"
    assert {name[6:]: value for name, value in told.items() if name.startswith("SEBEZ_")} == values


@needs_promtool
@pytest.mark.parametrize("words", [["check", "config", "prometheus.yaml"],
                                   ["check", "config", "compose.yaml"],
                                   ["check", "rules", "sebez.rules.yaml"],
                                   ["test", "rules", "sebez.rules.test.yaml"]], ids=" ".join)
def test_prometheus_accepts_the_rules_and_they_find_what_they_should(words):
    done = run("promtool", *words, cwd=MONITORING)
    assert done.returncode == 0, done.stdout + done.stderr


def rules():
    groups = yaml.safe_load((MONITORING / "sebez.rules.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_each_alert_leads_to_its_section_of_the_runbook():
    text = (ROOT / "docs/OPERATIONS.md").read_text()
    sections = dict(re.findall(r"(?ms)^### (Sebez\w+)\n(.*?)(?=^##)", text))
    alerts = {rule["alert"]: rule for rule in rules() if "alert" in rule}
    assert alerts.keys() == sections.keys()
    for name, rule in alerts.items():
        assert rule["annotations"]["runbook"] == f"docs/OPERATIONS.md#{name.lower()}"
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert "**Means**" in sections[name] and "**Do**" in sections[name], name


def test_operations_that_rules_and_dashboards_name_are_in_the_contract():
    known = set(re.findall(r"operationId: (\w+)", "".join(
        path.read_text() for path in (ROOT / "api").glob("*.yaml"))))
    texts = [rule["expr"] for rule in rules()]
    for path in (MONITORING / "dashboards").glob("*.json"):
        texts.append(path.read_text().replace('\\"', '"'))
    named = {name for text in texts
             for found in re.findall(r'operation(?:=~|!~|=|!=)"([^"]+)"', text)
             for name in found.split("|")}
    assert named <= known and len(named) > 5


def test_dashboards_have_what_grafana_needs_to_import_them():
    boards = [json.loads(path.read_text()) for path in (MONITORING / "dashboards").glob("*.json")]
    assert len({board["uid"] for board in boards}) == len(boards) == 2
    for board in boards:
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids) > 5 and board["title"]


@pytest.fixture
def members():
    """Starts what answers like a member of a cluster of this version; returns its address."""
    servers = []

    def start(version, tls=None, **config):
        class Member(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answers = {"/patroni": {"patroni": {"version": version}}, "/config": config}
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(answers[self.path]).encode())

            def log_message(self, *args):
                pass

        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Member))
        if tls:
            servers[-1].socket = tls.wrap_socket(servers[-1].socket, server_side=True)
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


SYNCHRONOUS = {"synchronous_mode": True, "synchronous_mode_strict": True}


@pytest.mark.parametrize("versions, config, told", [
    (["3.0.2", "3.0.2"], SYNCHRONOUS, "loses acknowledged orders"),
    (["2.1.4"], SYNCHRONOUS, "loses acknowledged orders"),
    (["4.0.7", "3.3.2"], SYNCHRONOUS, "the versions differ"),
    (["4.0.7"], {"synchronous_mode": True}, "not both on"),
])
def test_a_cluster_that_would_lose_orders_is_refused(members, versions, config, told):
    done = run(ROOT / "deploy/ha/check-patroni", *(members(one, **config) for one in versions))
    assert done.returncode == 1 and told in done.stdout


def make_secrets(folder):
    done = run(ROOT / "deploy/ha/make-secrets", folder, "db1=127.0.0.1", "db2=db2.internal")
    assert done.returncode == 0, done.stderr
    return folder


def test_a_cluster_that_is_as_deploy_has_it_is_accepted_by_who_has_a_certificate(
        members, tmp_path):
    secrets = make_secrets(tmp_path / "secrets")
    asked = yaml.safe_load((ROOT / "deploy/ha/patroni.yaml").read_text())["bootstrap"]["dcs"]
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=secrets / "ca.pem")
    tls.load_cert_chain(secrets / "db1/machine.pem", secrets / "db1/machine.key")
    tls.verify_mode = ssl.CERT_REQUIRED
    places = [members("3.0.3", tls, **asked) for _ in range(3)]
    check = ROOT / "deploy/ha/check-patroni"
    done = run(check, "--secrets", secrets / "operator", *places)
    assert done.returncode == 0, done.stdout
    other = make_secrets(tmp_path / "other")
    for words in ([], ["--secrets", other / "operator"]):
        done = run(check, *words, places[0])
        assert done.returncode == 1 and "does not answer" in done.stdout


def test_secrets_of_a_cluster_are_made_once_and_only_their_owner_reads_them(tmp_path):
    secrets = make_secrets(tmp_path / "secrets")
    before = {path: path.read_bytes() for path in secrets.rglob("*") if path.is_file()}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (secrets, *secrets.rglob("*")))
    shutil.rmtree(secrets / "db2")
    make_secrets(secrets)
    after = {path: path.read_bytes() for path in secrets.rglob("*") if path.is_file()}
    assert before.keys() == after.keys()
    assert {path.relative_to(secrets).as_posix() for path in before
            if before[path] != after[path]} == {"db2/machine.key", "db2/machine.pem", "ca.srl"}
    for name, place in (("db1", "127.0.0.1"), ("db2", "db2.internal")):
        kind = "-verify_ip" if name == "db1" else "-verify_hostname"
        done = run("openssl", "verify", "-CAfile", secrets / "ca.pem", kind, place,
                   secrets / name / "machine.pem")
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_cluster_answers_nobody_without_a_certificate_and_has_no_password_in_its_files():
    text = (ROOT / "deploy/ha/patroni.yaml").read_text()
    patroni = yaml.safe_load(text)
    assert patroni["restapi"]["verify_client"] == "required"
    assert patroni["etcd3"]["protocol"] == "https"
    users = patroni["postgresql"]["authentication"].values()
    assert all("password" not in user and user["sslmode"] == "verify-full" for user in users)
    assert all(line.split()[0] in ("local", "hostssl") for line in patroni["postgresql"]["pg_hba"])
    etcd = (ROOT / "deploy/ha/etcd.env").read_text()
    assert "http://" not in etcd
    for what in ("CLIENT", "PEER_CLIENT"):
        assert f"ETCD_{what}_CERT_AUTH=true" in etcd


@pytest.mark.skipif(not shutil.which("haproxy"), reason="HAProxy is not installed")
def test_haproxy_accepts_the_configuration_of_the_cluster(tmp_path):
    text = (ROOT / "deploy/ha/haproxy.cfg").read_text()
    for number in (1, 2, 3):
        text = text.replace(f"DB{number}", f"127.0.0.{number}")
    text = text.replace("SECRETS", str(make_secrets(tmp_path / "secrets") / "operator"))
    (tmp_path / "haproxy.cfg").write_text(text)
    done = run("haproxy", "-c", "-f", tmp_path / "haproxy.cfg")
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
