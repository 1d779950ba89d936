"""An invented dental practice, written as the CSV drop its practice system would export."""

from daysheet.synthetic.changes import one_changed_claim
from daysheet.synthetic.practice import Summary, generate

__all__ = ["Summary", "generate", "one_changed_claim"]
