"""``inspect models``: the families that are rebuilt from their weights."""

from __future__ import annotations

import json

import click

from inspector.commands.options import debug_option


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@debug_option
def models(*, as_json: bool) -> None:
    """List the model families whose attention is rebuilt and proved.

    A name is transformers' model_type, as a checkpoint's config.json has it. Any other model runs
    too, where it gives attention weights, and is shown as not recomputed.
    """
    from inspector.attention.families.registry import FAMILIES

    if as_json:
        rows = [{"family": name, "specials": list(FAMILIES[name].specials)} for name in FAMILIES]
        click.echo(json.dumps({"rebuilt": rows}))
        return
    width = max(map(len, FAMILIES))
    click.echo("Rebuilt from the weights, each head with a verdict:\n")
    for name, family in FAMILIES.items():
        click.echo(f"  {name:{width}}  {', '.join(family.specials)}".rstrip())
    click.echo("\nAny other model that gives its attention weights is shown as not recomputed.")
