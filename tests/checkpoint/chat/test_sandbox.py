"""Chat templates that mean harm, or are broken: each ends in a sentence, and none reaches out."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.checkpoint.chat import rendering
from inspector.checkpoint.chat.rendering import render
from inspector.checkpoint.chat.template import Template
from inspector.errors import InputError, MachineError, ModelError
from inspector.records import conversation

LONG, MEMORY, TIME = "goes on for too long", "needs more memory", "takes too long"
FORBIDDEN, UNDEFINED, FAILS = "no template may touch", "does not have", "fails on this chat"
NESTED = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
HOSTILE = {
    "loops in loops": (NESTED, TIME),
    "a number without end": ("{{ 9 ** (9 ** 9) }}", TIME),
    "a range without end": ("{% for a in range(10 ** 12) %}{% endfor %}", LONG),
    "a string without end": ("{{ 'x' * 10 ** 11 }}", MEMORY),
    "a string that doubles": (
        "{% set s = namespace(x='x') %}{% for a in range(60) %}{% set s.x = s.x * 2 %}{% endfor %}",
        MEMORY,
    ),
    "a field of any width": ("{{ '%999999999999s' | format(1) }}", MEMORY),
    "more than is read": (
        "{% set a = 'x' * 10 ** 6 %}{% for b in range(99) %}{{ a }}{% endfor %}", LONG,
    ),
    "itself again": ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", LONG),
    "brackets": ("{{" + "(" * 9_000 + "1" + ")" * 9_000 + "}}", LONG),
    "classes": ("{{ ''.__class__.__mro__[1].__subclasses__() }}", FORBIDDEN),
    "by another name": ("{{ (messages | attr('__class__')).mro() }}", FORBIDDEN),
    "a function's insides": ("{{ raise_exception.__globals__['sys'] }}", FORBIDDEN),
    "a method's insides": ("{{ strftime_now.__self__.year }}", FORBIDDEN),
    "a format string": ("{{ '{0.__class__.__mro__}'.format(messages) }}", FORBIDDEN),
    "a name of insides": ("{% set n = namespace() %}{% set n.__class__ = 1 %}", FORBIDDEN),
    "what was said, changed": ("{{ messages.append(1) }}", FORBIDDEN),
    "a file": ("{% include '/etc/passwd' %}", FAILS),
    "another template": ("{% extends 'x' %}", FAILS),
    "a name that nobody gave": ("{{ messages[7].content.x }}", UNDEFINED),
    "a division": ("{{ 1 / 0 }}", FAILS),
    "no Jinja": ("one\n\n{% if %}", "no Jinja from line 3 on"),
    "an unknown word": ("{% tool %}", "no Jinja from line 1 on"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_it_ends_in_a_sentence(name: str) -> None:
    source, said = HOSTILE[name]
    with pytest.raises(ModelError, match=said) as caught:
        render(Template(source), conversation("Hi", None), "a model")
    assert caught.value.message.startswith("The chat template of a model ")
    assert caught.value.message.endswith(".")
    assert "--chat" in caught.value.hint


def test_it_may_refuse_in_its_own_words() -> None:
    source = "{{ raise_exception('Only\n users\x1b[2J ' ~ 'x' * 500) }}"
    for system, hint in ((None, "--chat"), ("Be kind.", "--system")):
        with pytest.raises(InputError, match="refuses this chat: “Only users") as caught:
            render(Template(source), conversation("Hi", system), "a model")
        assert hint in caught.value.hint
        assert "\x1b" not in caught.value.message
        assert len(caught.value.message) < 250


#: Escapes that a hole in Jinja's sandbox would open, run where no sandbox is.
ESCAPES = {
    "opens a file": "open('/etc/hostname').read()",
    "writes a file": "open('left', 'w')",
    "starts a program": (
        "__import__('os').waitpid(__import__('os').posix_spawn("
        "'/bin/touch', ['touch', 'left'], {}), 0)[1] and 1 / 0"
    ),
    "opens a connection": "__import__('_socket').socket()",
}


@pytest.mark.parametrize("name", ESCAPES)
def test_the_process_itself_can_do_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if Jinja let a template run Python: what it may is decided by the system."""
    program = Path(rendering.sandbox.__file__).read_text()
    hole = program.replace(
        '"raise_exception": refuse', f'"raise_exception": lambda _: {ESCAPES[name]}'
    )
    assert hole != program
    (tmp_path / "hole.py").write_text(hole)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rendering.sandbox, "__file__", str(tmp_path / "hole.py"))
    with pytest.raises(ModelError, match=FAILS):
        render(Template("{{ raise_exception('x') }}"), conversation("Hi", None), "a model")
    assert [one.name for one in Path().iterdir()] == ["hole.py"]


def test_it_is_killed_where_it_uses_no_processor_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Path(rendering.sandbox.__file__).read_text()
    hole = program.replace(
        '"raise_exception": refuse', '"raise_exception": __import__("time").sleep'
    )
    (tmp_path / "hole.py").write_text(hole)
    monkeypatch.setattr(rendering.sandbox, "__file__", str(tmp_path / "hole.py"))
    monkeypatch.setattr(rendering, "_PATIENCE", 1.0)
    with pytest.raises(ModelError, match=TIME):
        render(Template("{{ raise_exception(10 ** 6) }}"), conversation("Hi", None), "a model")


def test_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering.sys, "executable", "/nowhere/python")
    with pytest.raises(MachineError, match="No process can be started"):
        render(Template("x"), conversation("Hi", None), "a model")


def test_nothing_here_is_imported_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a module beside the user nor one on the path of Python takes Jinja's place."""
    for name in ("jinja2", "json", "datetime"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert render(Template("{{ 1 }}"), conversation("Hi", None), "a model").text == "1"
