"""The mails about an account: from the hospital, in plain words, and never with anything about health."""

import re

import pytest
from allauth.account.adapter import get_adapter
from django.utils import timezone
from django.utils.translation import override

from scanward.people.models import Account

CODES = ("account/email/login_code", "account/email/password_reset_code", "account/email/email_confirmation")
NOTICES = (
    "account/email/password_changed",
    "account/email/password_reset",
    "account/email/password_set",
    "account/email/email_changed",
    "account/email/email_confirm",
    "account/email/email_deleted",
    "mfa/email/recovery_codes_generated",
    "mfa/email/totp_activated",
    "mfa/email/totp_deactivated",
    "mfa/email/webauthn_added",
    "mfa/email/webauthn_removed",
)
OTHERS = ("account/email/unknown_account", "account/email/account_already_exists", "account/email/password_reset_key")
ALICE = Account(email="alice@example.org", full_name="Alice Arden")
FACTS = {
    "password_reset_url": "https://portal.example.org/account/password/reset/",
    "code": "ABCD-EFGH",
    "ip": "192.0.2.7",
    "user_agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/142.0",
    "timestamp": timezone.now(),
    "from_email": "old@example.org",
    "to_email": "new@example.org",
    "deleted_email": "old@example.org",
}


@pytest.fixture
def mail(settings):
    settings.FACILITY_NAME, settings.FACILITY_PHONE = "St. Mary's", "555-0100"

    def written(template, language="en"):
        with override(language):
            return get_adapter().render_mail(template, "alice@example.org", {**FACTS, "user": ALICE})

    return written


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("template", CODES + NOTICES + OTHERS)
def test_each_mail_is_the_hospitals_and_tells_no_name(mail, template, language):
    sent = mail(template, language)
    assert "St. Mary's" in sent.body and "555-0100" in sent.body
    assert "127.0.0.1" not in sent.subject + sent.body and "localhost" not in sent.body
    assert not re.search("Alice|&#|scan |estudio|MRN", sent.subject + sent.body)


@pytest.mark.parametrize("template", CODES + NOTICES + OTHERS)
def test_spanish_mails_are_spanish_from_the_subject_on(mail, template):
    english, spanish = mail(template), mail(template, "es")
    assert spanish.subject != english.subject
    same = {line for line in english.body.splitlines() if " " in line} & set(spanish.body.splitlines())
    assert same <= {"St. Mary's"}


@pytest.mark.parametrize("template", CODES)
def test_a_code_stands_alone_on_its_line(mail, template):
    assert "\nABCD-EFGH\n" in mail(template).body


def test_a_notice_says_from_which_device_and_what_to_do(mail):
    body = mail("mfa/email/webauthn_removed").body
    assert "Firefox on Windows" in body and "192.0.2.7" in body
    assert 'choose "I forgot my password"' in body


@pytest.mark.django_db
def test_a_mail_comes_in_the_language_of_the_page_that_asked_for_it(client, mailoutbox):
    with override("en"):  # a request leaves its language behind
        client.post("/account/password/reset/", {"email": "nobody@example.org"}, HTTP_ACCEPT_LANGUAGE="es")
    assert [letter.subject for letter in mailoutbox] == ["Lakeside Hospital: No hay ninguna cuenta con esta dirección"]
