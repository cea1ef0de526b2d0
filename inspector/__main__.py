"""``python -m inspector`` is the console script."""

import sys

from inspector.commands import main

sys.exit(main())
