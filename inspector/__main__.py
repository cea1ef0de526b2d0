"""``python -m inspector``."""

from inspector.commands import main

if __name__ == "__main__":
    main()
