"""The recipes of docs/scale.md: what a shell makes of them, with stand-ins for what only a cluster has."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from chainrule.cli._parser import parser

TEXT = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
SSH, SLURM = SHELL
(KUBERNETES,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)

SHOW = '#!/bin/sh\necho "$RANK/$WORLD_SIZE $MASTER_ADDR:$MASTER_PORT $OMP_NUM_THREADS chainrule $*"\n'


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """What a script prints where chainrule only shows how it was called; /shared is a folder of the test."""
    if os.name != "posix":
        pytest.skip("there is no sh")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    def run(script, *, code=0, **environment):
        stand_ins = {"chainrule": SHOW, "scontrol": '#!/bin/sh\necho "scontrol $*"\n'}
        stand_ins["srun"] = f'#!/bin/sh\necho "$1 $2"; shift 2; "$@"; exit {code}\n'
        for name, text in stand_ins.items():
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        script = script.replace("/shared", f"{tmp_path}/shared")
        environment = {**os.environ, **environment}
        done = subprocess.run(["sh", "-uc", script], env=environment, capture_output=True, text=True)
        assert done.stderr == ""
        return done.returncode, done.stdout.replace(str(tmp_path), "").splitlines()

    return run


def assert_is_understood(line):
    words = shlex.split(line.partition("chainrule ")[2])
    asked = parser(words).parse_args(words)
    if words[0] == "launch":
        assert parser(asked.command).parse_args(asked.command).out
    else:
        assert asked.out
        assert asked.resume


def test_ssh():
    assert_is_understood(SSH)


def test_no_machines(refused):
    said = refused("launch", "-n", 2, "--hostfile", "hosts", "train", "mnist")
    assert said.startswith("chainrule: there is no host file hosts\n  fix   one with a line")


@pytest.mark.parametrize(("code", "more"), [(0, []), (1, []), (143, ["scontrol requeue 7"])])
def test_slurm(ran, tmp_path, code, more):
    variables = {"SLURM_CPUS_PER_TASK": "4", "SLURM_JOB_ID": "7"}
    environment = dict.fromkeys(("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"), "-")
    ended, (options, line, *rest) = ran(SLURM, code=code, **variables, **environment)
    assert (ended, options, rest) == (code, "--mpi=pmix --cpus-per-task=4", more)
    assert line.startswith("-/- -:- 4 chainrule train mnist --resume")
    assert_is_understood(line)
    assert (tmp_path / "shared/runs/sixteen").is_dir(), "where --resume begins"


def test_kubernetes(ran, tmp_path):
    yaml = pytest.importorskip("yaml")
    service, job = yaml.safe_load_all(KUBERNETES)
    spec = job["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["command"] == ["sh", "-c"]
    code, (line,) = ran(*container["args"], JOB_COMPLETION_INDEX="3", OMP_NUM_THREADS="-")
    first = f"{job['metadata']['name']}-0.{spec['subdomain']}"
    assert line.startswith(f"3/{job['spec']['completions']} {first}:29500 - chainrule train")
    assert (code, job["spec"]["parallelism"]) == (0, job["spec"]["completions"])
    assert_is_understood(line)
    assert (tmp_path / "shared/run").is_dir(), "where --resume begins"
    assert service["metadata"]["name"] == spec["subdomain"]
    assert service["spec"]["selector"] == {"job-name": job["metadata"]["name"]}
    assert container["volumeMounts"][0]["name"] == spec["volumes"][0]["name"]
