"""An invented dental and counseling practice, written as the CSV drops its systems would export."""

from daysheet.synthetic.changes import one_changed_claim
from daysheet.synthetic.practice import Summary, generate

__all__ = ["Summary", "generate", "one_changed_claim"]
