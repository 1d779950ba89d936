"""An invented counseling practice, written as weeks of the reports its practice system exports."""

from daysheet.synthetic.counseling.desk_file import write_desk_file
from daysheet.synthetic.counseling.practice import write_counseling

__all__ = ["write_counseling", "write_desk_file"]
