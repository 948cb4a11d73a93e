"""The `dltui` command. Without a verb it opens the app; every verb works without a screen."""

from __future__ import annotations

import sys


def main() -> None:
    """Nothing but the app's own modules is imported on the way to the first screen."""
    if len(sys.argv) == 1 and sys.stdin.isatty() and sys.stdout.isatty():
        from engine import places
        from tui.app import open_app

        sys.exit(open_app(places.home()))
    from tui.verbs import commands

    commands.main()


if __name__ == "__main__":
    main()
