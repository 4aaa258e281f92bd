"""`python -m twin` is `twin`."""

from twin.cli.main import main

main()
