"""Checks: conditions compiled into as few scans as possible; what fails is kept by key."""

from daysheet.checks.compiling import Checks, compile_checks
from daysheet.checks.running import CheckResult, run_checks

__all__ = ["CheckResult", "Checks", "compile_checks", "run_checks"]
