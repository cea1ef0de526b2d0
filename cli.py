"""Run the command line from a checkout: ``python cli.py "a sentence"``."""

from inspector.commands import main

if __name__ == "__main__":
    main()
