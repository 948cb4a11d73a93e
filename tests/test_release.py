"""The release has one number, whoever is asked."""

from __future__ import annotations

from importlib import metadata

from engine.version import VERSION


def test_the_installed_packages_are_of_the_release_in_the_source() -> None:
    assert metadata.version("dltui") == VERSION
