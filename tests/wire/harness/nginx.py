"""nginx of a test's own: its process, folder and configuration."""
import os
import shutil
import subprocess

CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
    uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
    {http}
}}
"""


def program(name):
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    assert found, f"{name} is not installed: tools/install-deps.sh test"
    return found


def version():
    said = subprocess.run([program("nginx"), "-v"], capture_output=True, text=True, check=True)
    return said.stderr.strip().rpartition("/")[2].split()[0]


def start(folder, http):
    """`http` is what its block of this name has besides."""
    (folder / "conf").write_text(CONFIGURATION.format(folder=folder, http=http))
    return subprocess.Popen(
        [program("nginx"), "-p", folder, "-e", folder / "log", "-c", folder / "conf"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
