"""`dltui doctor`: what is wrong with this machine, in plain words, with the remedy."""

from __future__ import annotations

import sys
from dataclasses import asdict

from engine.errors import EngineError
from engine.protocol import Finding, Severity
from tui.cli.engine_call import ask_or_raise, say, say_json
from tui.cli.ls import AsJson
from tui.terminal.capabilities import examine

SIGNS = {
    Severity.OK: "ok     ",
    Severity.NOTE: "note   ",
    Severity.WARNING: "WARNING",
    Severity.DANGER: "DANGER ",
}


def doctor(json: AsJson = False) -> None:
    """Check the machine, the engine and the terminal.

    The exit status is 1 when runs are in danger.
    """
    findings = [*_engine_findings(), *examine()]
    findings.sort(key=lambda finding: list(SIGNS).index(finding.severity), reverse=True)
    if json:
        say_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            say(f"{SIGNS[finding.severity]}  {finding.topic}: {finding.text}")
            if finding.remedy:
                say(f"           {finding.remedy}")
    if any(finding.severity is Severity.DANGER for finding in findings):
        sys.exit(1)


def _engine_findings() -> list[Finding]:
    try:
        return ask_or_raise(lambda client: client.doctor())
    except EngineError as error:
        return [Finding("engine", Severity.DANGER, error.message, error.remedy)]
