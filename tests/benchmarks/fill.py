"""Fills a platform's catalogue and directory in bulk: `python -m tests.benchmarks.fill ALGORITHMS VERSIONS OWNERS`.

The platform is named by the environment, as for its own processes.
"""

import random
import sys

import django

SEED = 20_261_124


def main(algorithms: int, versions_each: int, owners: int) -> None:
    """Writes rows as services would have written them, and tells the gateways."""
    django.setup()
    from marketplace.invocations.services import refresh_directory
    from tests.benchmarks.catalogue_rows import insert_catalogue

    random.seed(SEED)
    insert_catalogue(algorithms, versions_each, owners, rare_word="pangolin")
    print(refresh_directory())


main(*map(int, sys.argv[1:]))
