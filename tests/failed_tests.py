"""The tests that failed in `make test` and `make long`, which keep them apart because they run at once.

`python -m tests.failed_tests MOST` leaves them to `pytest --last-failed` and prints them. Its status is 1
where there is none or there are more than MOST.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

CACHE = Path(".pytest_cache")
LAST_FAILED = Path("v") / "cache" / "lastfailed"


def failed_tests(cache: Path) -> list[str]:
    """The ids of the tests that failed last, of both runs."""
    files = (cache / kind / LAST_FAILED for kind in ("test", "long"))
    return [test for file in files if file.is_file() for test in json.loads(file.read_text())]


def main(most: int) -> int:
    found = failed_tests(CACHE)
    kept = CACHE / LAST_FAILED
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(dict.fromkeys(found, True)))
    print(*found, sep="\n")
    are_tests = all("::" in one for one in found)
    if 0 < len(found) <= most and are_tests:
        return 0
    print(f"not tried again: expected 1 to {most} failed tests, got {len(found)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
