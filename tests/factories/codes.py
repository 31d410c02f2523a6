"""Second factors: an authenticator app, as far as the platform can tell."""

import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

from marketplace.accounts.models import User

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def give_second_factor(user: User) -> None:
    """They set up an app with SECRET, and have recovery codes."""
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)


def make_code(secret: str = SECRET, *, steps: int = 0) -> str:
    """What the app shows now, or some half minutes later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))
