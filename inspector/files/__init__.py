"""Files and folders: what may be written where, and files that appear whole or not at all.

``kinds`` tells our files from other people's, ``places`` decides before the work begins whether a
file may be written, ``writing`` writes it, ``folders`` keeps a folder of outputs and the record of
what in it is ours, ``reading`` reads what somebody gives, up to a limit.
"""

from inspector.files.folders import RECORD, OutputFolder, output_folder
from inspector.files.kinds import FIGURE_MAKER, FIGURES, PAGE, TENSORS, Kind
from inspector.files.places import Output, refusals, refuse_place, refuse_places
from inspector.files.reading import (
    MIB,
    NOWHERE,
    read_limited,
    read_standard_input,
    standard_input,
)
from inspector.files.writing import write_whole

__all__ = [
    "FIGURES",
    "FIGURE_MAKER",
    "MIB",
    "NOWHERE",
    "PAGE",
    "RECORD",
    "TENSORS",
    "Kind",
    "Output",
    "OutputFolder",
    "output_folder",
    "read_limited",
    "read_standard_input",
    "refusals",
    "refuse_place",
    "refuse_places",
    "standard_input",
    "write_whole",
]
