"""A record beside the dataclass that it stands for."""

import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import ClassVar

import numpy as np
import pytest

from inspector.record import record


class Place:
    layer: int
    heads: tuple[int, ...] = ()
    asked: dict[str, int] = field(default_factory=dict)


def made(how, **options):
    """The same class made by ``how``, under the same name."""
    return how(frozen=True, slots=True, **options)(type(Place.__name__, (), dict(vars(Place))))


OURS, THEIRS = made(record), made(dataclass)


@pytest.mark.parametrize("given", [(1,), (1, (2, 3)), (1, (), {"x": 4})])
def test_it_shows_compares_and_hashes_as_a_dataclass_does(given):
    ours, theirs = OURS(*given), THEIRS(*given)
    assert repr(ours) == repr(theirs) and "layer=1" in repr(ours)
    for others in [(1,), (1, (2, 3)), (2, (2, 3)), (1, (), {"x": 4})]:
        assert (ours == OURS(*others)) is (theirs == THEIRS(*others)) is (given == others)
    assert ours != theirs and ours.__eq__(given) is NotImplemented
    if isinstance(given[-1], dict):
        for of in (ours, theirs):
            with pytest.raises(TypeError, match="unhashable"):
                hash(of)
    hashable = replace(ours, asked=()), replace(theirs, asked=())
    assert hash(hashable[0]) == hash(hashable[1]) != hash(replace(hashable[0], layer=7))


def test_it_cannot_be_changed_and_holds_nothing_else():
    place = OURS(1)
    for name in ("layer", "other"):
        with pytest.raises((FrozenInstanceError, TypeError)):
            setattr(place, name, 2)
    assert not hasattr(place, "__dict__")
    assert [one.name for one in fields(place)] == ["layer", "heads", "asked"]


@record(frozen=True, slots=True, kw_only=True)
class Named:
    numbers: np.ndarray | None = None
    name: str

    def __repr__(self) -> str:
        return f"<{self.name}>"


def test_a_class_s_own_way_of_showing_itself_stays():
    assert repr(Named(name="it")) == "<it>"
    assert Named(name="it") == Named(name="it") != Named(name="that")


def test_a_field_that_would_be_left_out_is_refused():
    with pytest.raises(TypeError, match="not shown or not compared"):

        @record(frozen=True, slots=True)
        class Half:
            seen: int
            hidden: int = field(compare=False)


def test_what_belongs_to_the_class_is_no_field():
    @record(frozen=True, slots=True)
    class Counted:
        number: int
        most: ClassVar[int] = 9

    assert repr(Counted(3)).endswith("Counted(number=3)") and Counted(3) == Counted(3)


def test_it_travels_between_processes():
    sent = pickle.loads(pickle.dumps(Named(name="it", numbers=np.arange(3))))  # noqa: S301
    np.testing.assert_array_equal(sent.numbers, [0, 1, 2])


def test_one_array_is_itself():
    """As in a tuple, what is the same object is not asked whether it is equal."""
    numbers = np.arange(3)
    assert Named(name="it", numbers=numbers) == Named(name="it", numbers=numbers)
