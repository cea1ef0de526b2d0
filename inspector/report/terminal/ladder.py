"""The ladder and the shares in the terminal: how near each rung comes, and who closes the gap."""

from __future__ import annotations

import itertools

from rich.console import Console
from rich.table import Table

from inspector.records import Inspected, RowSample, RungResult, Share

#: Characters of the longest bar.
_BAR = 24
#: What the parts of a stacked bar are filled with: to be told apart without colour.
_FILLS = "█▓░▒▞╱"
_BETWEEN = (
    "In cross-attention X·Xᵀ is X·Yᵀ, with Y the encoder's states, and there is no rung strangers. "
    "The report and --json have each site by itself."
)
#: What stands for the divergence of raw scores.
_UNDEFINED = "none: raw scores"


def print_ladder(console: Console, inspected: Inspected) -> None:
    """Print how far every rung lies from the model's attention, nothing where nobody knows."""
    ladder = inspected.ladder
    if not any(rung.applies for rung in ladder):
        return
    table = Table(
        title="From the classroom to the model: divergence from its attention weights",
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        header_style="dim",
    )
    table.add_column("rung")
    table.add_column("formula", no_wrap=True)
    table.add_column("divergence in bits", no_wrap=True)
    table.add_column("bits", justify="right")
    table.add_column("rank", justify="right")
    table.add_column("top-1", justify="right")
    distances = [bits for rung in ladder if rung.all_tokens and (bits := _bits(rung)) is not None]
    longest = max(distances, default=1.0) or 1.0
    for rung in sorted(ladder, key=lambda rung: rung.reference):
        if rung.all_tokens is None:
            continue
        if rung.name == "uniform":
            table.add_row("baselines", style="dim italic")
        bits = _bits(rung)
        means = rung.all_tokens.means()
        table.add_row(
            rung.name,
            rung.formula,
            _UNDEFINED if bits is None else _bar(bits / longest),
            *(_number(value) for value in means.values()),
            style="dim" if rung.reference else None,
        )
    console.print(table)
    console.print(_finding(ladder), style="italic")
    if inspected.ladder_rows is not None:
        console.print(_sampled(inspected.ladder_rows, ladder), style="dim", highlight=False)
    missing = [rung.name for rung in ladder if not rung.applies]
    if missing:
        console.print(
            f"Rungs that this model does not have: {', '.join(missing)}.",
            style="dim",
        )
    if "cross" in inspected.trace.sites:
        console.print(_BETWEEN, style="dim")
    console.print()


def _sampled(sample: RowSample, ladder: tuple[RungResult, ...]) -> str:
    """Say on how many queries ladder and shares were measured, and how exact that is."""
    sizes = [f"{at.measured} of {at.of} queries" for at in sample.sites]
    if len(sizes) > 1:
        sizes = [f"{at.site} {size}" for at, size in zip(sample.sites, sizes, strict=True)]
    error = max((rung.jsd_bits_error or 0.0 for rung in ladder), default=0.0)
    return (
        f"Measured on a sample: {', '.join(sizes)} (seed {sample.seed}); "
        f"no divergence is further than {error:.3f} bits from that of all queries (95 %)."
    )


def _finding(ladder: tuple[RungResult, ...]) -> str:
    """Say what the numbers of this text say about one matrix for all heads, and no more."""
    bits = {rung.name: _bits(rung) for rung in ladder}
    single = {
        rung.name: found
        for rung in ladder
        if rung.matrices is not None and not rung.reference and (found := _bits(rung)) is not None
    }
    uniform = bits["uniform"]
    if not single or uniform is None:
        return ""
    nearest = min(single, key=lambda name: single[name])
    compared = "closer than" if single[nearest] < uniform else "no closer than"
    return (
        f"Without separate heads, {nearest} comes closest: {single[nearest]:.3f} bits, "
        f"{compared} attending to every token equally ({uniform:.3f})."
    )


def _bits(rung: RungResult) -> float | None:
    return rung.all_tokens.means()["jsd_bits"] if rung.all_tokens else None


def _bar(share: float) -> str:
    """Draw a share of the full width in eighths of a character."""
    eighths = round(share * _BAR * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + " ▏▎▍▌▋▊▉"[rest]).rstrip()


def print_shares(console: Console, shares: tuple[Share, ...]) -> None:
    """Print one bar of all gains; what made things worse is listed apart and has no length."""
    if not shares:
        return
    gap = sum(share.bits for share in shares)
    gains, losses, fills = [], [], []
    for share, fill in zip(shares, itertools.cycle(_FILLS)):
        # A number that is shown as zero has no sign.
        if round(share.bits, 3) < 0:
            losses.append(f"{share.ingredient} −{-share.bits:.3f}")
        else:
            gains.append(f"{fill} {share.ingredient} {abs(share.bits):.3f}")
            fills.append((fill, max(share.bits, 0.0)))
    shown = [_stacked(fills)] if any(gain for _, gain in fills) else []
    if gains:
        shown.append(" · ".join(gains))
    if losses:
        shown.append("worse with " + " · ".join(losses))
    title = f"What each idea contributes to closing the gap of {gap:.3f} bits (Shapley values)"
    console.print(title, style="bold", highlight=False)
    console.print("  ".join(shown), highlight=False, markup=False)
    console.print()


def _stacked(parts: list[tuple[str, float]]) -> str:
    """Draw a bar of full width whose parts are as long as the numbers beside their fills."""
    total = sum(length for _, length in parts)
    drawn, reached = "", 0.0
    for fill, length in parts:
        reached += length
        drawn += fill * (round(reached / total * _BAR) - len(drawn))
    return drawn


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
