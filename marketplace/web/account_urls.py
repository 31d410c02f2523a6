"""The pages of allauth that Agora has, under the names that allauth gives them; codes and phones are not there."""

from allauth.account import views
from allauth.mfa.base import views as two_factor_views
from allauth.mfa.recovery_codes import views as code_views
from allauth.socialaccount.providers.saml import views as saml_views
from django.urls import path, re_path

from marketplace.web.account_end import end_account
from marketplace.web.sign_on import pages as sign_on
from marketplace.web.two_factor import Activate, Deactivate, MakeCodes

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("signup/", views.signup, name="account_signup"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("email/", views.email, name="account_email"),
    path("confirm-email/", views.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", views.confirm_email, name="account_confirm_email"),
    path("delete/", end_account, name="account_end"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("sign-on/", sign_on.start, name="sign-on"),
    path("oidc/<str:provider_id>/login/callback/", sign_on.openid_callback, name="openid_connect_callback"),
    path("saml/<str:organization_slug>/acs/", sign_on.saml_answer, name="saml_acs"),
    path("saml/<str:organization_slug>/acs/finish/", sign_on.saml_finish, name="saml_finish_acs"),
    path("saml/<str:organization_slug>/metadata/", saml_views.metadata, name="saml_metadata"),
    path("saml/<str:organization_slug>/sls/", sign_on.no_single_logout, name="saml_sls"),
    path("security/", two_factor_views.index, name="mfa_index"),
    path("security/code/", two_factor_views.authenticate, name="mfa_authenticate"),
    path("security/again/", two_factor_views.reauthenticate, name="mfa_reauthenticate"),
    path("security/app/", Activate.as_view(), name="mfa_activate_totp"),
    path("security/app/remove/", Deactivate.as_view(), name="mfa_deactivate_totp"),
    path("security/recovery-codes/", code_views.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("security/recovery-codes/new/", MakeCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("security/recovery-codes.txt", code_views.download_recovery_codes, name="mfa_download_recovery_codes"),
]
