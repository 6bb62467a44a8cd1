"""`python -m scanward.cli`."""

from scanward.cli import main

main()
