"""SMART Health Links (HL7 STU 1), opened by a JOSE library that is not ours, as a health app would."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from joserfc import jwe
from joserfc.jwk import OctKey

from cast import NOW, PLACE, Cast
from rooms.release.helping import later
from scanward.archive.models import Instance
from scanward.audit.models import Entry
from scanward.bundles import health_link
from scanward.law.errors import Unlawful
from scanward.law.holds import Sensitivity
from scanward.release import health_links, holds, sharing
from scanward.release.models import Attempt, Disclosure, SealedFile, Share, ShareVisit

pytestmark = pytest.mark.django_db
Make = Callable[..., health_links.MadeHealthLink]
SITE = "https://records.example.org"


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class App:
    """A health app: it knows the link and the specification, and nothing of us."""

    def __init__(self, address: str) -> None:
        scheme, _, rest = address.partition("shlink:/")
        assert scheme == ""
        self.payload = json.loads(unpadded(rest))
        self.path = self.payload["url"].removeprefix(SITE)
        self.client = Client(enforce_csrf_checks=True)

    def ask(self, recipient: str = "Dr. Okoye", **more: Any) -> Any:
        return self.client.post(self.path, {"recipient": recipient, **more}, content_type="application/json")

    def read(self, token: str) -> tuple[dict[str, Any], Any]:
        found = jwe.decrypt_compact(token, OctKey.import_key(unpadded(self.payload["key"])))
        return found.headers(), json.loads(found.plaintext)

    def resources(self, **more: Any) -> dict[str, Any]:
        [listed] = self.ask(**more).json()["files"]
        _header, bundle = self.read(listed["embedded"])
        return {entry["resource"]["resourceType"]: entry["resource"] for entry in bundle["entry"]}


@pytest.fixture
def make(cast: Cast) -> Make:
    """Alice makes a health link of her chest CT."""

    def made(**changes: Any) -> health_links.MadeHealthLink:
        wish = {"recipient_name": "Dr. Okoye", "studies": [cast.chest], "expires_at": later(days=7), **changes}
        return health_links.create(sharing.Wish(**wish), by=cast.alice, site=SITE, now=NOW, place=PLACE)

    return made


def test_the_specifications_own_example_opens_with_the_reader_that_judges_us() -> None:
    """The key and the JWE of the example in the specification (Encrypting and Decrypting Files): the judge is right."""
    key = OctKey.import_key(unpadded("rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7Q"))
    found = jwe.decrypt_compact(EXAMPLE, key)
    assert found.headers() == {"alg": "dir", "enc": "A256GCM", "cty": "application/smart-health-card"}
    assert list(json.loads(found.plaintext)) == ["verifiableCredential"]


def test_our_link_is_written_as_the_specification_writes_its_own() -> None:
    """The payload of the specification's example, given to us field by field, reads back the same."""
    address = "https://ehr.example.org/qr/Y9xwkUdtmN9wwoJoN3ffJIhX2UGvCL1JnlPVNL3kDWM/m"
    key = unpadded("rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7Q")
    made = health_link.link(address, key, flag="LP", label="Back-to-school", expires_at=NOW)
    theirs = json.loads(unpadded(EXAMPLE_LINK.removeprefix("shlink:/")))
    ours = json.loads(unpadded(made.removeprefix("shlink:/")))
    assert {name: ours[name] for name in ("url", "key", "flag")} == {
        name: theirs[name] for name in ("url", "key", "flag")
    }
    assert ours["exp"] == int(NOW.timestamp())
    assert "=" not in made


def test_an_app_opens_it_and_finds_study_report_and_pdf(cast: Cast, make: Make) -> None:
    """Requirements G2, G5, H6, J1 to J5: Patient, ImagingStudy, DiagnosticReport, DocumentReference, the PDF."""
    app = App(make().address)
    assert app.payload["v"] == 1
    assert len(unpadded(app.payload["key"])) == 32
    assert len(app.payload["url"]) <= 128
    [listed] = app.ask().json()["files"]
    assert (listed["contentType"], listed["fhirVersion"]) == ("application/fhir+json", "4.0.1")
    header, bundle = app.read(listed["embedded"])
    assert header["cty"] == "application/fhir+json"
    found = {entry["resource"]["resourceType"]: entry["resource"] for entry in bundle["entry"]}
    assert set(found) == {"Patient", "ImagingStudy", "DiagnosticReport", "DocumentReference"}
    assert found["ImagingStudy"]["numberOfInstances"] == Instance.objects.filter(series__study=cast.chest).count()
    assert found["DiagnosticReport"]["conclusion"]
    pdf = found["DocumentReference"]["content"][0]["attachment"]
    assert base64.b64decode(pdf["data"]).startswith(b"%PDF")
    inside = {entry["fullUrl"] for entry in bundle["entry"]}
    referred = set(find_references(bundle))
    assert referred
    assert referred <= inside


def find_references(value: Any) -> list[str]:
    """Every reference in a resource."""
    if isinstance(value, list):
        return [each for item in value for each in find_references(item)]
    if not isinstance(value, dict):
        return []
    here = [value["reference"]] if isinstance(value.get("reference"), str) else []
    return here + [each for item in value.values() for each in find_references(item)]


def test_each_opening_is_in_the_register_and_the_ledger_and_is_told_to_the_owner(
    make: Make, django_capture_on_commit_callbacks: Any, mailoutbox: list[Any]
) -> None:
    """Requirements J5, L2, L5: a row, an entry and a message for each opening."""
    made = make(max_uses=3)
    app = App(made.address)
    with django_capture_on_commit_callbacks(execute=True):
        assert [app.ask("Riverside Clinic").status_code for _ in range(2)] == [200, 200]
    assert Disclosure.objects.filter(share=made.share).count() == 2
    assert [visit.visitor for visit in ShareVisit.objects.all()] == ["Riverside Clinic"] * 2
    assert Entry.objects.filter(kind="share_redeemed").count() == 2
    assert [letter.to for letter in mailoutbox] == [["alice@example.org"]] * 2


def test_the_key_is_nowhere_at_the_server(make: Make) -> None:
    """Faults C6, C7: neither the key nor the secret in any row of any table, nor in the ledger."""
    from django.db import connection

    made = make(passcode="open-sesame")
    app = App(made.address)
    app.ask(passcode="open-sesame")
    key, secret = app.payload["key"], app.payload["url"].rsplit("/", 1)[1]
    searched = (key, unpadded(key).hex(), secret, "open-sesame", made.address[10:60])
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                assert not any(each in str(row) for each in searched), table


def test_a_one_time_link_opens_once_and_a_get_burns_nothing(make: Make) -> None:
    """Requirement J1; fault C6: replay, and a mail scanner that only looks."""
    app = App(make().address)
    assert app.client.get(app.path).status_code == 400
    assert app.client.get(app.path, {"recipient": "scanner"}).status_code == 404
    assert app.client.head(app.path).status_code == 405
    assert [app.ask().status_code for _ in range(3)] == [200, 404, 404]
    assert "flag" not in app.payload


def test_wrong_passcodes_are_counted_for_life(make: Make) -> None:
    """Fault C6: 401 with the tries that are left, right ones in between give none back; then 404 for everybody."""
    app = App(make(passcode="open-sesame", max_uses=9).address)
    assert app.payload["flag"] == "LP"
    left = [app.ask(passcode="guess") for _ in range(3)]
    assert [(answer.status_code, answer.json()) for answer in left] == [
        (401, {"remainingAttempts": number}) for number in (4, 3, 2)
    ]
    assert app.ask(passcode="open-sesame").status_code == 200
    assert [app.ask().json() for _ in range(2)] == [{"remainingAttempts": 1}, {"remainingAttempts": 0}]
    assert app.ask(passcode="open-sesame").status_code != 200


def test_it_ends_with_its_time_and_with_its_owners_word(cast: Cast, make: Make) -> None:
    """Requirements J2, J6, D9; fault C6: 404, and the files are gone from the server."""
    made = make(max_uses=5)
    app = App(made.address)
    assert app.ask().status_code == 200
    sharing.revoke(made.share, by=cast.alice, now=NOW, place=PLACE)
    assert app.ask().status_code == 404
    assert not SealedFile.objects.exists()
    over = make(max_uses=5)
    Share.objects.filter(pk=over.share.pk).update(expires_at=NOW)
    assert App(over.address).ask().status_code == 404


def test_what_is_longer_than_the_app_takes_is_fetched_at_a_place_of_its_own(cast: Cast, make: Make) -> None:
    """`embeddedLengthMax`: never longer than asked; the place is good for minutes, and ends with the link."""
    made = make(max_uses=5)
    app = App(made.address)
    [listed] = app.ask(embeddedLengthMax=1000).json()["files"]
    assert "embedded" not in listed
    where = listed["location"].removeprefix("http://testserver")
    answer = app.client.get(where)
    assert answer["Content-Type"] == "application/jose"
    assert app.read(answer.content.decode())[1]["resourceType"] == "Bundle"
    assert app.client.get(where[:-2]).status_code == 404
    sharing.revoke(made.share, by=cast.alice, now=NOW, place=PLACE)
    assert app.client.get(where).status_code == 404


def test_a_place_ends_after_ten_minutes(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    app = App(make().address)
    [listed] = app.ask(embeddedLengthMax=0).json()["files"]
    monkeypatch.setattr(health_links, "LOCATION_LASTS", timedelta(seconds=-1))
    assert app.client.get(listed["location"].removeprefix("http://testserver")).status_code == 404


def test_a_direct_link_gives_its_file_to_a_get_that_says_who(make: Make) -> None:
    """Flag U: one file without a manifest; never together with a passcode."""
    app = App(make(direct=True).address)
    assert app.payload["flag"] == "U"
    assert app.client.get(app.path).status_code == 400
    assert app.ask().status_code == 404
    answer = app.client.get(app.path, {"recipient": "Riverside Clinic"})
    assert app.read(answer.content.decode())[1]["resourceType"] == "Bundle"
    assert app.client.get(app.path, {"recipient": "Riverside Clinic"}).status_code == 404
    with pytest.raises(Unlawful):
        make(direct=True, passcode="open-sesame")


def test_a_long_term_link_leads_to_the_images_in_the_browser(make: Make) -> None:
    """Requirements G5, G18: the place to look at them is inside the encrypted file, behind the #."""
    app = App(make(max_uses=3).address)
    assert app.payload["flag"] == "L"
    found = app.resources()
    where = found["Endpoint"]["address"]
    assert where.startswith(f"{SITE}/shared/#")
    door = app.client.get("/shared/").context["csrf_token"]
    form = {"code": where.partition("#")[2], "visitor": "Dr. Okoye", "csrfmiddlewaretoken": str(door)}
    assert app.client.post("/shared/", form).status_code == 302


def test_a_report_that_a_law_holds_back_is_not_inside(cast: Cast, make: Make) -> None:
    """Requirement A16; trap T8: the images are described, the report stays."""
    from django.test import override_settings

    with override_settings(FACILITY_STATE="TX"):
        holds.label(
            cast.chest.reports.get(), Sensitivity.MALIGNANCY, by=sharing.ActorRef.system("t"), now=NOW, place=PLACE
        )
        found = App(make().address).resources()
    assert set(found) == {"Patient", "ImagingStudy"}


def test_it_shows_only_what_was_chosen(make: Make) -> None:
    """Requirement J4."""
    assert "DiagnosticReport" not in App(make(report=False).address).resources()
    assert "ImagingStudy" not in App(make(images=False).address).resources()


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"recipient": ""}', '{"recipient": 7}', '{"recipient": "x", "passcode": 1}', "[" * 4000]
)
def test_a_request_that_is_none_is_told_what_is_missing(make: Make, body: str) -> None:
    app = App(make().address)
    answer = app.client.post(app.path, body, content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert app.ask().status_code == 200


def test_an_app_in_a_browser_may_call_from_anywhere_without_cookies(make: Make) -> None:
    app = App(make().address)
    asked = app.client.options(app.path, headers={"Origin": "https://viewer.example.com"})
    assert (asked.status_code, asked["Access-Control-Allow-Origin"]) == (204, "*")
    answer = app.ask()
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer
    assert not answer.cookies


def test_guessing_addresses_is_slowed_down(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault C6: twenty failures in a quarter of an hour, then 429, for any address."""
    make()
    minute = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: minute)  # the true clock may pass from one quarter into the next
    client = Client()
    codes = [
        client.post(f"/shl/{number:043}", {"recipient": "x"}, content_type="application/json").status_code
        for number in range(22)
    ]
    assert codes == [404] * 20 + [429] * 2
    assert Attempt.objects.get().failures == 20


def test_a_plain_link_is_no_health_link(cast: Cast) -> None:
    wish = sharing.Wish(recipient_name="Dr. Okoye", studies=[cast.chest], expires_at=later(days=1))
    made = sharing.create(wish, by=cast.alice, now=NOW, place=PLACE)
    answer = Client().post(f"/shl/{made.secret}", {"recipient": "x"}, content_type="application/json")
    assert answer.status_code == 404
    made.share.refresh_from_db()
    assert made.share.uses == 0


def test_the_patient_makes_one_on_the_page_with_a_picture_for_the_camera(cast: Cast) -> None:
    """Requirements G5, G6, I4: link and QR code are shown once."""
    alice = Client()
    alice.force_login(cast.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    form = {
        "name": "Dr. Okoye", "images": "1", "report": "1", "uses": "1", "kind": "health",
        "last_day": later(days=9).date().isoformat(),
    }  # fmt: skip
    page = alice.post(f"/scans/{cast.chest.pk}/share", form).content.decode()
    assert "shlink:/" in page
    assert "data:image/svg+xml" in page
    assert Share.objects.get().health_link


EXAMPLE_LINK = "shlink:/eyJ1cmwiOiJodHRwczovL2Voci5leGFtcGxlLm9yZy9xci9ZOXh3a1VkdG1OOXd3b0pvTjNmZkpJaFgyVUd2Q0wxSm5sUFZOTDNrRFdNL20iLCJmbGFnIjoiTFAiLCJrZXkiOiJyeFRnWWxPYUtKUEZ0Y0VkMHFjY2VOOHdFVTRwOTRTcUF3SVdRZTZ1WDdRIiwibGFiZWwiOiJCYWNrLXRvLXNjaG9vbCBpbW11bml6YXRpb25zIGZvciBPbGl2ZXIgQnJvd24ifQ"  # noqa: E501
EXAMPLE = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwiY3R5IjoiYXBwbGljYXRpb24vc21hcnQtaGVhbHRoLWNhcmQifQ..B9Bd5AW751az-gEx.iah6mxLb5TQe2ZfCwEUs4R1t8WoP0mnFc-TUzN1NIyzUeDwJNOcxv4CY8wV6ys4Dicnr3IhqTvVU1RbR-4eq1GCd4g96faV8_0MbHwXzP246Tz9BDLhQ2zlAjYqvvCi_JuWdyWqGhKeWGX1XibNHFzzVT0FmYensfKF4o0uSeZWQDKVEEhzMSKuALMpUkfwHcmCRfLT-ctANSxq-Zj0IIeT66XbztOomStjlfi-F-FaqBGZfHOARCVvT143CTYELLJCUdD4qUVkrNuLmRZrNuqVpY0g5BjABswkIoDmyoRJAEohuZCamZNA--p-uRqJjRefED1eMrKSppabV2ugaqoFlieujTOE-a3VKib9aC-lFsmLalkwh9ctr_FZqS9H46rqGjGcOxtAXalo1jkMPGupVsE1W-xIH14wbPCYcgfldH9SH7X60462kxD8OFdHpvnnfAvjQnaE4QDqasT5ySpBRtck4GVxs2IRBt62-kOlzoI8lHapLdwIms-Gdt7z38E47ZE3afE4IIbobPGz7wGvjbi3z234ARvGQ4jREgPQb1NRYAEtZlrZNzR6N7ofXD8jF502tw-QWI_Ox0jFP5tynIiMp-hG25ecQ0s4MzPHFC0ZABPamgg3MS-UILl76gMDCHS5Te_JAXZoC1HnkETw5M217SaG5ISAU0F5qETMREfTjZR9E45MDhnw7uY1vo2lffRB3ei1QqGuLh0gUnVU7TUfFYwcOqV15sb0t1lMj0mmyG5v-_dE9H6dYtRKJARltmdfSmc1HisBewx75Xh5ChJQ1hiCEDaZ1wqFjsFJ6SrKgJ7C1N7vx6QKx8YXwFH7ePG2qG39leT5JKZnqAvi9fqc6x-YwfhSjbRKGZoj2o55Fd2fbwtK6CXpiW6AekT7PUcl_7ynTq-DaQ_Yc29WwtmgapcCRNpfcMsoqCD4giu1V3Sj5DQLglwuk1gAMcuV5fo8JpABu2_is83WZ_GJ1WWMUxyZGq6u-EGuZrP96Yewb7-zfnt2lao_LJg1ef5cqDTW7-0MS27wkmLiIi0e-PYvS-UfWVHg1oNbR-MHXMVEQ6gqNg08IgEyPDSFCUbf75HuMILN80bQNtSlFj6FR7uNKHr8sigvKI80k.5flOKKmeqYm0TamwROr8Nw"  # noqa: E501
