"""`dltui doctor`: problems of the machine, the engine and the terminal, with remedies."""

from __future__ import annotations

import sys

from engine.errors import EngineError
from engine.machine_protocol import Finding, Severity
from engine.protocol import to_json
from tui.cli.engine_call import call_engine_or_raise, print_json, print_stdout
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
        print_json(to_json(findings))
    else:
        for finding in findings:
            print_stdout(f"{SIGNS[finding.severity]}  {finding.topic}: {finding.text}")
            if finding.remedy:
                print_stdout(f"           {finding.remedy}")
    if any(finding.severity is Severity.DANGER for finding in findings):
        sys.exit(1)


def _engine_findings() -> list[Finding]:
    try:
        return call_engine_or_raise(lambda client: client.doctor())
    except EngineError as error:
        return [Finding("engine", Severity.DANGER, error.message, error.remedy)]
