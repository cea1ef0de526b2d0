"""Models and inspections that many tests look at; each is made once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:
    # Side by side, tests and the programs that they run get a thread each. Before torch is there.
    os.environ["OMP_NUM_THREADS"] = "1"

import pytest
from hypothesis import settings
from small_models import fold_into_distilbert, random_bert, random_distilbert

import inspector
from inspector.referee.loading import LoadedModel
from inspector.session import Inspection

SENTENCE = "The cat sat on the mat because it was tired"

# No test asserts a time: on a busy machine an example may take as long as it takes.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

# A shell's background jobs are told to ignore Ctrl-C, and would pass that on to the programs that
# the tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Leave the user's own cache alone, in the programs that the tests run too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def bundled() -> LoadedModel:
    return inspector.load()


@pytest.fixture(scope="session")
def cat(bundled: LoadedModel) -> Inspection:
    return inspector.inspect(SENTENCE, model=bundled)


@pytest.fixture(scope="session")
def model_folders(
    bundled: LoadedModel, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Saved models: trained and folded, and small random ones with every parameter perturbed."""
    place = tmp_path_factory.mktemp("models")
    return {
        "trained distilbert": fold_into_distilbert(
            bundled.model, bundled.tokenizer, place / "distilbert"
        ),
        "random bert": random_bert(place / "random-bert"),
        "random distilbert": random_distilbert(place / "random-distilbert"),
    }
