"""The public names, and what importing them costs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import inspector

HEAVY = ("torch", "transformers", "bertviz", "rich", "jinja2")


def test_the_public_names() -> None:
    assert sorted(inspector.__all__) == [
        "Comparison",
        "InputError",
        "Inspection",
        "InspectorError",
        "Live",
        "LongInspection",
        "MachineError",
        "ModelError",
        "__version__",
        "compare",
        "inspect",
        "inspect_long",
        "live",
        "load",
    ]
    assert set(dir(inspector)) == set(inspector.__all__)
    for name in inspector.__all__:
        assert getattr(inspector, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = inspector.nothing


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules, file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.split(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize(
    "code",
    [
        "import inspector",
        "from inspector.commands import main; main(['--help'])",
        "from inspector.commands import main; main(['show', '--help'])",
        "from inspector.commands import main; main(['show', 'cat', '--bertviz', '--out', '.'])",
        "from inspector.commands import main; main(['classroom', '--json'])",
        "from inspector.commands import main; main([''])",
        "from inspector.commands import main; main(['cat', '--model', './nowhere'])",
        "from inspector.commands import main; main(['figure', '--help'])",
    ],
)
def test_what_needs_no_torch_loads_none(code: str) -> None:
    assert not loaded_by(code) & {"torch", "transformers", "bertviz"}


def test_importing_the_package_loads_next_to_nothing() -> None:
    assert not loaded_by("import inspector") & {*HEAVY, "numpy", "click"}


def test_the_check_can_fail() -> None:
    assert "torch" in loaded_by("import inspector.referee.loading")


def test_a_pipe_that_speaks_ascii_only() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "inspector", "classroom"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert rb"R = Q\xb7Q" in done.stdout
