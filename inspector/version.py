"""The version, where every page and record can read it without asking the installation."""

__version__ = "0.1.0"
