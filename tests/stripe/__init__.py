"""What `make stripe` checks: our requests against Stripe's own description of its API (stripe-mock), top-up and refund
against localstripe, and a whole platform that a simulated Stripe tells of a payment. Needs Go, and the net once.
"""
