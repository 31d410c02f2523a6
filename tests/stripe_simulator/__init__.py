"""A simulator of Stripe, for tests: what Agora asks of it over HTTP, with its state, its errors and its webhooks.

It is not Stripe. It was written from the library's types and Stripe's documentation, keeps everything in memory, and
knows only the requests that Agora makes. `make stripe` holds the same requests against Stripe's own description of
its API (stripe-mock), and what localstripe knows against localstripe.
"""
