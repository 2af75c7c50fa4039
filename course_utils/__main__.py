"""``python -m course_utils``: the command line of the course."""

import sys

from course_utils.cli.main import main

sys.exit(main())
