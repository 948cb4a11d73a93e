"""The version in the source is that of the installed package."""

from __future__ import annotations

from importlib import metadata

from engine.version import VERSION


def test_the_installed_version_is_that_of_the_source() -> None:
    assert metadata.version("dltui") == VERSION
