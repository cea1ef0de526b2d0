"""Links between words in the terminal: the notable ones, and one that somebody asked about."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from inspector.plain import head_name, visible
from inspector.records import Inspected, Link

_COMBINED = (
    "Subwords are combined: attention received is summed, attention given is averaged. "
    "--pieces keeps them apart."
)
#: How many links are shown of each site where there are several.
_LINKS_OF_A_SITE = 3
#: So many heads are shown; all of them are on the page and in the JSON.
_SHOWN = 8


def print_links(console: Console, inspected: Inspected) -> None:
    """Print the strongest links; nothing where there are none."""
    if not inspected.links:
        return
    console.print(
        f"Strongest attention between {'tokens' if inspected.pieces else 'words'}", style="bold"
    )
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("from → to", no_wrap=True)
    table.add_column("weight", justify="right")
    table.add_column("× the head's average", justify="right", no_wrap=True)
    table.add_column("head", style="dim", no_wrap=True)
    for link in _shown_links(inspected):
        table.add_row(
            Line(f"{shortened(link.source)} → {shortened(link.target)}"),
            f"{link.weight:.2f}",
            f"{link.lift:.1f}",
            head_name(link.site, link.layer, link.head),
        )
    console.print(table)
    if not inspected.pieces and any(text.parted for text in inspected.trace.sides):
        console.print(_COMBINED, style="dim")
    console.print()


def _shown_links(inspected: Inspected) -> list[Link]:
    """Return the links; of several sites the strongest few of each, site after site."""
    sites = inspected.trace.sites
    if len(sites) == 1:
        return list(inspected.links)
    by_site = [[link for link in inspected.links if link.site == site] for site in sites]
    return [link for links in by_site for link in links[:_LINKS_OF_A_SITE]]


def print_link(console: Console, inspected: Inspected) -> None:
    """Print the strongest heads for the asked link; nothing where nobody asked."""
    asked = inspected.link_asked
    if asked is None:
        return
    pair = f"{shortened(asked.source)} → {shortened(asked.target)}"
    console.print(Line(f"Which heads link {pair}", "bold"), highlight=False)
    measured = any(head.effect is not None for head in asked.heads)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("head", no_wrap=True)
    table.add_column("weight", justify="right")
    table.add_column("× the head's average", justify="right", no_wrap=True)
    if measured:
        table.add_column("effect when silenced", justify="right")
    for head in asked.heads[:_SHOWN]:
        table.add_row(
            head_name(head.site, head.layer, head.head),
            f"{head.weight:.2f}",
            "–" if head.lift is None else f"{head.lift:.1f}",
            *(["–" if head.effect is None else f"{head.effect:.4f}"] if measured else []),
        )
    console.print(table)
    if len(asked.heads) > _SHOWN:
        console.print(f"The strongest of {len(asked.heads)} heads.", style="dim")
    console.print()


def shortened(word: str, limit: int = 16) -> str:
    """Cut a very long word so that a table keeps its shape."""
    shown = visible(word)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
