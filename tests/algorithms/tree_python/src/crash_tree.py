"""A small tree of calls that tells its caller what it received from below."""

import os
import urllib.error
import urllib.request

CHILDREN = 2
ADDRESS = os.environ["ALGORITHMIA_API"] + "/v1/algo/agora/text_statistics"


def apply(input):
    """The ids and prices in micro-credits of the calls below that were answered."""
    return {"below": [call for call in (_call(input) for _ in range(CHILDREN)) if call is not None]}


def _call(text):
    request = urllib.request.Request(ADDRESS, text.encode(), {"Content-Type": "text/plain"})
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            answer.read()
            return [answer.headers["x-agora-call-id"], int(answer.headers["x-agora-cost"])]
    except OSError:  # refused, or broken off by a kill: nobody received it
        return None
