"""What a figure can be asked for that is not there, each with its sentence."""

from __future__ import annotations

from collections.abc import Iterable

from inspector.errors import InputError
from inspector.plain import layer_name
from inspector.records import Inspected, SiteName


def index_of(
    inspected: Inspected, kind: str, layer: int | None, head: int | None, site: SiteName
) -> int:
    """Return where in the trace a head's layer stands.

    Raises
    ------
    InputError
        When no head was named, or there is no such one.
    """
    if layer is None or head is None:
        raise InputError(
            f"A figure of the kind {kind} is of one head, and none was named.",
            "Say which: --layer 0 --head 0; --kind grid draws every head.",
        )
    refuse_site(inspected, site)
    numbers = {inspected.trace.layers[at].layer: at for at in inspected.trace.indices(site)}
    index = numbers.get(layer)
    heads = 0 if index is None else len(inspected.trace.layers[index].attention)
    if index is None or not 0 <= head < heads:
        what = f"no {layer_name(site, layer)}" if index is None else f"no head {head}"
        most = inspected.trace.heads if index is None else heads
        raise InputError(
            f"{inspected.model.title} has {what}: its layers are {_span(numbers)} and "
            f"its heads {_span(range(most))}.",
            f"Take one of those, such as --layer {next(iter(numbers))} --head 0.",
        )
    return index


def _span(numbers: Iterable[int]) -> str:
    there = sorted(numbers)
    return f"{there[0]} to {there[-1]}" if len(there) > 1 else f"{there[0]} alone"


def refuse_site(inspected: Inspected, site: str) -> None:
    """Refuse an attention that the model has not.

    Raises
    ------
    InputError
        When it has none of that name.
    """
    sites = inspected.trace.sites
    if site not in sites:
        raise InputError(
            f"{inspected.model.title} has no attention {site!r}.",
            f"Use --site {' or --site '.join(sites)}." if sites != ("self",) else "Leave it out.",
        )


def refuse_chosen(
    layer: int | None, head: int | None, what: str, site: SiteName | None = None
) -> None:
    """Refuse a choice where everything is drawn.

    Raises
    ------
    InputError
        When a layer, a head or a site was named.
    """
    given = {"--layer": layer, "--head": head, "--site": site}
    named = [name for name, value in given.items() if value is not None]
    if named:
        raise InputError(
            f"{what} is of all heads, and {' and '.join(named)} would choose among them.",
            "Leave that out, or draw a head: --kind matrix.",
        )


def refuse_unknown(given: object, known: tuple[object, ...], what: str) -> None:
    """Refuse what is none of a few.

    Raises
    ------
    InputError
        When it is not.
    """
    if given not in known:
        raise InputError(f"There is no {what} {given!r}.", f"Use {', '.join(map(str, known))}.")
