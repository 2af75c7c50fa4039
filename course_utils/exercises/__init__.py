"""The checks behind the notebooks' exercises, one module per lecture."""
