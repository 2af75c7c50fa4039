"""``python -m course_utils``: the command line of the course."""

import sys

from course_utils.cli import main

sys.exit(main())
