"""``inspect models``: which families are rebuilt, a check of each, and what was converted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from inspector.commands.options import debug_option
from inspector.errors import InputError

if TYPE_CHECKING:
    from inspector.checkpoint.cache import Converted
    from inspector.families.spec import Family
    from inspector.records import Verification

_MISMATCH = 1
_ALL = "all"
_MB = 1e6
#: What a model of each tier is, from the strongest proof to none.
_TIERS = {
    "weights": "Rebuilt from the weights, each head with a verdict",
    "captured": "Rebuilt from the captured q, k, v: any other model whose attention goes through "
    "transformers'\nattention interface. A weaker proof, and its verdict is consistent, never "
    "verified.",
    "none": "Not recomputed: every other model that gives its attention weights.",
}


@click.command()
@click.argument("words", nargs=-1)
@click.option(
    "--check",
    metavar="FAMILY",
    help="Rebuild a small random model of a family and print the verdict; “all” checks every one.",
)
@click.option(
    "--forget",
    is_flag=True,
    help="Remove what was made of GGUF files and adapters, and say what it was.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@debug_option
def models(*, words: tuple[str, ...], check: str | None, forget: bool, as_json: bool) -> int:
    """List the model families whose attention is rebuilt and proved, and what was converted.

    With words only those families in whose line all of them stand: inspect models rotary encoder.

    Names are transformers' model_type, as in a checkpoint's config.json. Other models that return
    attention weights run too, with a weaker proof or none.
    """
    from inspector.checkpoint import cache
    from inspector.families.registry import FAMILIES, refuse_unknown

    if words and (check is not None or forget):
        raise InputError(
            "Words choose what is listed, and --check and --forget list nothing.",
            "Leave them out.",
        )
    if check is not None:
        if check != _ALL:
            refuse_unknown(check)
        if forget:
            raise InputError("--check and --forget do not go together.", "Leave one of them out.")
        return _check(list(FAMILIES) if check == _ALL else [check], as_json=as_json)
    if forget:
        gone = cache.forget()
        if as_json:
            click.echo(json.dumps({"forgotten": _converted(gone)}))
        else:
            _say_converted("Removed from", gone)
        return 0
    _list(words, as_json=as_json)
    return 0


def _list(words: tuple[str, ...], *, as_json: bool) -> None:
    """Print the families in whose lines all words stand, and without words all else there is."""
    from inspector.checkpoint import cache
    from inspector.families import described
    from inspector.families.registry import FAMILIES

    chosen = {name: row for name, row in FAMILIES.items() if _has(row, words)}
    if not chosen:
        raise InputError(
            f"No family's line has {' and '.join(map(repr, words))}.",
            "inspect models lists them all.",
        )
    there = cache.listed()
    if as_json:
        rows = [
            {
                "family": name,
                "kind": described.kind(family),
                "specials": list(described.specials(family)),
                "covers": described.covers(family),
            }
            for name, family in chosen.items()
        ]
        said = {"rebuilt": rows, "tiers": list(_TIERS), "converted": _converted(there)}
        click.echo(json.dumps(said))
        return
    click.echo(f"{_TIERS['weights']}:\n")
    widths = [max(map(len, column)) for column in zip(*map(_cells, chosen.values()), strict=True)]
    for family in chosen.values():
        name, kind, specials = _cells(family)
        click.echo(f"  {name:{widths[0]}}  {kind:{widths[1]}}  {specials}".rstrip())
        if len(chosen) == 1:
            for key, values in described.covers(family).items():
                click.echo(f"    covered where {key} is {values}")
    if words:
        click.echo(f"\n{len(chosen)} of {len(FAMILIES)} families.")
        return
    click.echo(f"\n{_TIERS['captured']}\n\n{_TIERS['none']}\n")
    _say_converted("Made of GGUF files and adapters, in", there)


def _cells(family: Family) -> tuple[str, str, str]:
    """Return a family's line: its name, its kind, and what sets it apart."""
    from inspector.families import described

    return family.model_type, described.kind(family), ", ".join(described.specials(family))


def _has(family: Family, words: Sequence[str]) -> bool:
    """Say whether all words stand in a family's line."""
    line = " ".join(_cells(family)).lower()
    return all(word.lower() in line for word in words)


def _converted(those: Sequence[Converted]) -> list[dict[str, object]]:
    return [
        {
            "name": one.name,
            "weights": None if one.origin is None else one.origin.said,
            "folder": str(one.folder),
            "bytes": one.size,
        }
        for one in those
    ]


def _say_converted(what: str, those: Sequence[Converted]) -> None:
    """Print the models of the cache with their sizes on the disk, or that there are none."""
    from inspector.files.cache import cache_folder
    from inspector.plain import visible

    if not those:
        click.echo("No GGUF file was converted and no adapter merged yet.")
        return
    click.echo(f"{what} {visible(str(cache_folder('gguf').parent))}:\n")
    for one in those:
        said = "plain weights" if one.origin is None else one.origin.said
        click.echo(f"  {one.size / _MB:7,.0f} MB  {visible(one.name)}: {said}")
    click.echo("\ninspect models --forget removes them." if what != "Removed from" else "")


def _check(families: list[str], *, as_json: bool) -> int:
    """Check families one by one and print each as it is done; 1 where one disagrees."""
    from inspector.proof import check_family
    from inspector.report.export.summary import summarise_verification

    width = max(map(len, families))
    checked = []
    for family in families:
        verification = check_family(family)
        checked.append({"family": family, **summarise_verification(verification)})
        if not as_json:
            click.echo(_line(f"{family:{width}}", verification))
    if as_json:
        click.echo(json.dumps({"checked": checked}, allow_nan=False))
    return _MISMATCH if any(row["verdict"] == "mismatch" for row in checked) else 0


def _line(name: str, verification: Verification) -> str:
    """Say the verdict and, for each site, how many heads were checked and the largest errors."""
    from inspector.report.terminal.inspection import MARKS

    verdict = verification.verdict
    said = f"{MARKS[verdict]} {name}  {verdict.replace('_', ' ')}"
    if not verification.layers:
        return f"{said}: {verification.reason}"
    for site in dict.fromkeys(check.site for check in verification.layers):
        checks = [check for check in verification.layers if check.site == site]
        heads = [verdict for check in checks for verdict in check.head_verdicts]
        weight = max(float(check.attention_max_abs_error.max()) for check in checks)
        output = max(check.output_max_abs_error for check in checks)
        agree = len(heads) - heads.count("mismatch")
        said += (
            f"  {site}: {agree} of {len(heads)} heads agree, "
            f"within {weight:.1e} in a weight and {output:.1e} in an output"
        )
    if (whole := verification.end_to_end) is not None:
        states = whole.states_max_abs_error or 0.0
        said += (
            f"  end to end: {whole.verdict}, within {whole.attention_max_abs_error:.1e} in a "
            f"weight and {states:.1e} in a state"
        )
    return said
