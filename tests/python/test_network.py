"""Nothing connects to a network: a build, a publish and the figures run where trying is death."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import yaml

import no_network
from conftest import CUT_OFF, ROOT

needs_filter = pytest.mark.skipif(not CUT_OFF, reason=no_network.why_not() or "")

KILLED = {
    "connects": "socket.create_connection(('127.0.0.1', 9))",
    "connects by IPv6": "socket.socket(socket.AF_INET6).connect(('::1', 9))",
    "sends a datagram": "socket.socket(type=2).sendto(b'x', ('127.0.0.1', 9))",
    "sends a message": "socket.socket(type=2).sendmsg([b'x'], [], 0, ('127.0.0.1', 9))",
    "listens": "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()",
    "fetches and swallows the failure": (
        "\ntry: urllib.request.urlopen('http://127.0.0.1:9')\nexcept Exception: pass"
    ),
    "lets a child connect": (
        "sys.exit(subprocess.run([sys.executable, '-c', 'import socket;"
        ' socket.create_connection(("127.0.0.1", 9))\']).returncode == -31 and 31)'
    ),
}


def run_cut_off(code: str) -> int:
    imports = "import socket, subprocess, sys, urllib.request; "
    return subprocess.run(
        [*CUT_OFF, sys.executable, "-c", imports + code], capture_output=True, check=False
    ).returncode


@needs_filter
@pytest.mark.parametrize("what", KILLED)
def test_the_trap_bites(what):
    assert abs(run_cut_off(KILLED[what])) == 31  # SIGSYS


@needs_filter
def test_the_trap_lets_local_work_be():
    assert (
        run_cut_off("a, b = socket.socketpair(); a.send(b'x'); b.recv(1); open('/dev/null')") == 0
    )


@needs_filter
def test_build_publish_and_figures_need_no_network(hostile):
    """The fixture ran all three under the trap; each of them ended well."""
    assert hostile.build.returncode == 0
    assert hostile.build.published.is_file()
    assert (hostile.build.published.parent / "figures" / "manifest.json").is_file()


def test_no_telemetry():
    flags = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["flags"]
    assert flags["send_anonymous_usage_stats"] is False
    for target in yaml.safe_load((ROOT / "profiles.yml").read_text())["wardhouse"][
        "outputs"
    ].values():
        if target["type"] == "duckdb":
            assert target["settings"]["autoinstall_known_extensions"] is False
            assert target["settings"]["autoload_known_extensions"] is False


def test_scripts_open_no_connection():
    """No script of ours imports what speaks to a network."""
    for path in (ROOT / "scripts").rglob("*.py"):
        for name in ("socket", "urllib.request", "requests", "http.client", "ftplib", "smtplib"):
            text = path.read_text()
            assert f"import {name}" not in text and f"from {name}" not in text, path
    assert not os.environ.get("DO_NOT_TRACK")  # the proof above is not by a setting of this shell
