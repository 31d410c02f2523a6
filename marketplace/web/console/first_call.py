"""A call that someone new can make at once: of an algorithm that is called much, with a sample that is short."""

from django.conf import settings

from marketplace.algorithms.selectors import list_latest_versions, published_algorithms
from marketplace.invocations.selectors import order_by_calls
from marketplace.web.store.call_examples import KEY, is_long, make_call_examples

CANDIDATES = 20


def make_first_call(key: str = KEY) -> str | None:
    """A curl command with the key; None when nothing public has a short sample."""
    candidates = list(order_by_calls(published_algorithms(viewer=None))[:CANDIDATES])
    versions = list_latest_versions(algorithms=candidates)
    for algorithm in candidates:
        sample = versions[algorithm.id].sample_input
        if sample and not is_long(sample):
            examples = make_call_examples(address=settings.AGORA_ADDRESS, full_name=algorithm.full_name, sample=sample)
            return examples[0].code.replace(KEY, key)
    return None
