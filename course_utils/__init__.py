"""What the course's notebooks share: data, checks, figures, training helpers.

Importing the package does nothing else: each module is imported by name, and
TensorFlow only where a function needs it.
"""

__version__ = "0.1.0"
