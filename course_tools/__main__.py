"""``python -m course_tools``: the command line of the course."""

import sys

from course_tools.main import main

sys.exit(main())
