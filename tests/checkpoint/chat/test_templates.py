"""Chats as tokens, beside the ``apply_chat_template`` of transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chat_models import TEMPLATES, chat_model
from gguf_models import made, write
from transformers import AutoTokenizer

import inspector
from inspector.checkpoint.chat.encoding import encode_chat
from inspector.checkpoint.chat.template import read_template
from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import locate
from inspector.errors import InputError, ModelError
from inspector.records import Text, conversation

SAID = (
    ("What is the capital of France?", None),
    ("  a line\n\nand another \n", "Be kind."),
    ("user", "user"),
    ("/help me", "  Be kind. "),
    ("</s><|im_end|> é", "<s>"),
)


def theirs(folder: Path, text: str, system: str | None, **options: Any) -> Any:
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    messages = [{"role": one.role, "content": one.content} for one in conversation(text, system)]
    return tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_dict=False, **options
    )


def ours(folder: Path, text: str, system: str | None) -> Text:
    checkpoint = open_checkpoint(locate(str(folder)))
    return encode_chat(checkpoint, conversation(text, system), truncate=False)


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("kind", ["SentencePiece BPE", "byte-level BPE"])
def test_the_ids_are_those_of_transformers(tmp_path: Path, name: str, kind: str) -> None:
    folder = chat_model(tmp_path / "model", TEMPLATES[name], kind)
    for text, system in SAID:
        found = ours(folder, text, system)
        assert found.text == theirs(folder, text, system, tokenize=False)
        assert found.ids.tolist() == theirs(folder, text, system, tokenize=True)
        assert found.chat is not None
        assert len(found.chat.roles) == len(found)


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_real_tokenizer_reads_the_same(tmp_path: Path, name: str) -> None:
    folder = chat_model(tmp_path / "model", TEMPLATES[name])
    loaded = inspector.load(folder, device="cpu")
    for text, system in SAID[1:3]:
        found = inspector.inspect(text, chat=True, system=system, model=loaded)
        assert found.trace.text.ids.tolist() == theirs(folder, text, system, tokenize=True)
        assert found.verification.verdict == "verified"
        # What our own file says is the same: nothing is said of it.
        assert not any("tokenizer.json alone" in notice for notice in found.notices)
        alone = ours(folder, text, system)
        assert found.trace.text.chat == alone.chat


def parts(found: Text) -> list[tuple[str, str]]:
    return [(part.role, part.letters) for part in found.parts]


def test_whose_each_token_is(tmp_path: Path) -> None:
    folder = chat_model(tmp_path / "model", kind="byte-level BPE")
    # What is said stands in the template too.
    assert parts(ours(folder, "user", "system")) == [
        ("template", "<|im_start|>system\n"), ("system", "system"),
        ("template", "<|im_end|>\n<|im_start|>user\n"), ("user", "user"),
        ("template", "<|im_end|>\n<|im_start|>assistant\n"),
    ]  # fmt: skip
    # White space at the ends is what was said as well, where the template keeps it.
    assert parts(ours(folder, " hi\n", None))[1] == ("user", " hi\n")


def test_white_space_that_the_template_takes_off_is_nobodys(tmp_path: Path) -> None:
    own = chat_model(tmp_path / "model", TEMPLATES["a system of its own"], "byte-level BPE")
    # What is said stands in the template too, behind it.
    assert parts(ours(own, " assistant\n", None)) == [
        ("template", "<|im_start|>system\nBe kind.<|im_end|><|im_start|>user\n"),
        ("user", "assistant"),
        ("template", "<|im_end|><|im_start|>assistant\n"),
    ]


def test_what_is_said_twice_is_found_twice(tmp_path: Path) -> None:
    folder = chat_model(tmp_path / "model", TEMPLATES["said twice"], "byte-level BPE")
    assert parts(ours(folder, "it", None)) == [
        ("user", "it"), ("template", "|"), ("user", "IT"), ("template", "|end"),
    ]  # fmt: skip


def test_a_template_that_reads_what_is_said_is_searched(tmp_path: Path) -> None:
    folder = chat_model(tmp_path / "model", TEMPLATES["what is said is read"], "byte-level BPE")
    assert parts(ours(folder, "/go", None)) == [
        ("template", "command 3: "), ("user", "/go"), ("template", "<|im_end|>"),
    ]  # fmt: skip


def test_several_templates_and_a_file_that_counts_first(tmp_path: Path) -> None:
    folder = chat_model(tmp_path / "model")
    (folder / "chat_template.jinja").unlink()
    config = folder / "tokenizer_config.json"
    said = json.loads(config.read_text())
    named = [{"name": "tool_use", "template": "no"}, {"name": "default", "template": "yes"}]
    config.write_text(json.dumps(said | {"chat_template": named}))
    assert ours(folder, "x", None).text == theirs(folder, "x", None, tokenize=False) == "yes"
    (folder / "chat_template.jinja").write_text("the file")
    assert ours(folder, "x", None).text == theirs(folder, "x", None, tokenize=False) == "the file"
    (folder / "chat_template.jinja").unlink()
    config.write_text(json.dumps(said | {"chat_template": named[:1]}))
    with pytest.raises(ModelError, match="are called tool_use, and none is the default"):
        ours(folder, "x", None)
    with pytest.raises(ModelError, match="are called tool_use"):
        inspector.inspect("x", chat=True, model=inspector.load(folder, device="cpu"))


def test_special_tokens_by_name_stand_in_either_file(tmp_path: Path) -> None:
    folder = chat_model(tmp_path / "model", "{{ bos_token }}x")
    config = folder / "tokenizer_config.json"
    said = json.loads(config.read_text())
    for bos in ("<s>", {"content": "<s>", "special": True}):
        config.write_text(json.dumps(said | {"bos_token": bos}))
        assert read_template(folder, "it").names["bos_token"] == "<s>"
    config.write_text(json.dumps({name: of for name, of in said.items() if name != "bos_token"}))
    (folder / "special_tokens_map.json").write_text('{"bos_token": {"content": "<s>"}}')
    assert read_template(folder, "it").names["bos_token"] == "<s>"
    assert ours(folder, "x", None).text == "<s>x"


def test_no_template(tmp_path: Path) -> None:
    folder = chat_model(tmp_path / "model", None)
    for model in (str(folder), inspector.load(folder, device="cpu")):
        with pytest.raises(ModelError, match="model has no chat template") as caught:
            inspector.inspect("x", chat=True, model=model, prove=not isinstance(model, str))
        assert "smollm2" in caught.value.hint


@pytest.mark.parametrize("said", [7, {"default": 7}])
def test_a_template_that_is_no_text(tmp_path: Path, said: Any) -> None:
    folder = chat_model(tmp_path / "model", None)
    config = folder / "tokenizer_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"chat_template": said}))
    with pytest.raises(ModelError, match="is no text"):
        ours(folder, "x", None)


def test_a_template_too_long_for_one(tmp_path: Path) -> None:
    folder = chat_model(tmp_path / "model", None)
    config = folder / "tokenizer_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"chat_template": "x" * 300_000}))
    with pytest.raises(ModelError, match="300,000 characters"):
        ours(folder, "x", None)
    (folder / "chat_template.jinja").write_text("x" * 300_000)
    with pytest.raises(ModelError, match="300,000 bytes"):
        ours(folder, "x", None)
    (folder / "chat_template.jinja").write_bytes(b"\xff")
    with pytest.raises(ModelError, match="no text in UTF-8"):
        ours(folder, "x", None)


def test_a_gguf_file_has_one_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    template = "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"
    path = write(made("llama"), tmp_path / "a.gguf", chat_template=template)
    found = ours(path, "def f", None)
    folder = Path(locate(str(path)).path)
    assert found.text == "<s>def f</s>"
    assert found.ids.tolist() == theirs(folder, "def f", None, tokenize=True)


def test_a_chat_that_does_not_fit(tmp_path: Path) -> None:
    folder = chat_model(tmp_path / "model")
    checkpoint = open_checkpoint(locate(str(folder)))
    long = conversation("a " * 600, None)
    with pytest.raises(InputError, match=r"The chat has [\d,]+ tokens and 512 fit"):
        encode_chat(checkpoint, long, truncate=False)
    cut = encode_chat(checkpoint, long, truncate=True)
    cutting = {"truncation": True, "max_length": 512}
    assert cut.ids.tolist() == theirs(folder, "a " * 600, None, tokenize=True, **cutting)
    assert len(cut.tokens) == 512
    assert cut.chat is not None
    assert len(cut.chat.roles) == 512
    loaded = inspector.load(folder, device="cpu")
    found = inspector.inspect("a " * 600, chat=True, model=loaded, truncate=True)
    assert found.trace.text.ids.tolist() == cut.ids.tolist()
