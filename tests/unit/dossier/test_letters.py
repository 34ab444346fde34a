"""Mails: one file each for reading and reusing, plain words, and no way to smuggle anything in."""

from __future__ import annotations

from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from dossier_world import NUMBER, PASSPHRASE, answer, one_value, policy
from hypothesis import given
from hypothesis import strategies as st
from letters_world import TO, plain

from avgflow.dossier import package
from avgflow.letters import Shortfall, answer_mail, nothing_found_mail, stopped_mail, waiting_mail
from avgflow.mail import WrongAddress
from avgflow.templating import Templates, WrongTemplate


def html(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def test_the_answer_brings_both_files_and_no_passphrase(tmp_path: Path) -> None:
    content = answer(one_value("text", "kanarie"))
    built = package.build(content, PASSPHRASE, tmp_path)
    mail = answer_mail(content, built, TO)
    assert mail["Subject"] == f"Uw inzageverzoek {NUMBER}"
    assert mail["To"] == TO
    assert mail["Message-ID"] is None
    attached = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert attached == {path.name: path.read_bytes() for path in (built.pdf, built.archive)}
    text = plain(mail)
    for words in (
        "Beste Johanna de Vries,",
        "Wij bellen u",
        "7-Zip",
        "Verkenner van Windows kan het niet",
        "verbeteren",
    ):
        assert words in text
    assert "Autoriteit Persoonsgegevens" in text
    assert "zes weken" in text
    whole = mail.as_bytes()
    assert PASSPHRASE.encode() not in whole
    assert b"kanarie" not in whole


def test_a_package_too_large_for_mail_is_announced() -> None:
    mail = answer_mail(answer(one_value("text", "x")), None, TO)
    assert list(mail.iter_attachments()) == []
    assert "kunnen niet" not in plain(mail)
    assert "niet met een mail mee kunnen" in plain(mail)


def test_nothing_found_says_where_was_searched_and_what_to_do() -> None:
    text = plain(nothing_found_mail(answer(), TO))
    for words in ("geen gegevens van u gevonden", "Klantrelatiesysteem", "klantnummer", "Autoriteit Persoonsgegevens"):
        assert words in text
    assert "wachtwoord" not in text


@pytest.mark.parametrize("make", [nothing_found_mail, lambda content, to: answer_mail(content, None, to)])
def test_english_on_request(make: object) -> None:
    mail = make(answer(language="en"), TO)  # type: ignore[operator]
    assert mail["Subject"] == f"Your access request {NUMBER}"
    assert mail["Content-Language"] == "en"
    assert "Dear Johanna de Vries," in plain(mail)
    assert "u ons" not in plain(mail)


def test_somebody_without_a_name_is_greeted_too() -> None:
    assert plain(nothing_found_mail(answer(name=None), TO)).startswith("Beste heer of mevrouw,")


def test_the_officer_reads_what_is_missing_where() -> None:
    mail = stopped_mail(NUMBER, policy(), [Shortfall("crm", "public.note", "verzameld is minder", "3 / 4")])
    assert mail["To"] == policy().officer_mailbox
    assert "crm.public.note: verzameld is minder (3 / 4)" in plain(mail)
    assert "niets naar de betrokkene gestuurd" in plain(mail)


def test_the_officer_reads_who_is_waited_for_and_what_answers_it() -> None:
    mail = waiting_mail(
        NUMBER, policy(), "uw goedkeuring", [f"avgflow request approve {NUMBER}"], due=date(2026, 12, 3)
    )
    for words in ("wacht op uw goedkeuring", f"avgflow request approve {NUMBER}", "3 december 2026"):
        assert words in plain(mail)


@given(st.text(max_size=300))
def test_no_name_makes_a_header_or_a_paragraph(name: str) -> None:
    mail = nothing_found_mail(answer(name=name), TO)
    again = message_from_bytes(mail.as_bytes(), policy=SMTP)
    assert again.keys() == nothing_found_mail(answer(), TO).keys()
    assert again["To"] == TO
    assert html(mail).count("<p ") == html(nothing_found_mail(answer(), TO)).count("<p ")


def test_a_name_that_tries_hard() -> None:
    mail = nothing_found_mail(answer(name="Jan\r\nBcc: boef@example.com\r\n\r\n# <script>x</script>{{ 7*7 }}"), TO)
    assert mail["Bcc"] is None
    assert "{{ 7*7 }}" in plain(mail)
    assert "<script>" not in html(mail)


@pytest.mark.parametrize(
    "to",
    ["", "x", "a@b", "jan@example.nl\nBcc: x@y.nl", "a@b.nl, c@d.nl", "Jan <a@b.nl>", "jan\u00e9@example.nl", "@b.nl"],
)
def test_an_address_that_is_none_is_refused_and_not_repeated(to: str) -> None:
    with pytest.raises(WrongAddress) as raised:
        nothing_found_mail(answer(), to)
    assert not to or to not in str(raised.value)


def test_a_domain_in_another_script_is_reached() -> None:
    assert nothing_found_mail(answer(), "jan@b\u00fccher.example")["To"] == "jan@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "attack",
    [
        "{{ answer.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ answer.policy.model_dump.__globals__ }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ unknown }}",
        "{{ greeting.format.__self__ }}",
        "{% include '../policy/milgro.yaml' %}",
        "{{ 1/0 if",
    ],
)
def test_a_template_reaches_nothing_but_what_it_is_given(tmp_path: Path, attack: str) -> None:
    """fides CVE-2024-45053: template injection through editable mail templates."""
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "nothing_found.nl.txt").write_text(attack)
    with pytest.raises(WrongTemplate) as raised:
        nothing_found_mail(answer(name="Kanarie"), TO, Templates(tmp_path))
    assert "Kanarie" not in str(raised.value)


def test_the_mail_survives_being_kept_as_bytes() -> None:
    """The outbox keeps a mail as bytes; every line is seven bits and short enough for any server."""
    raw = nothing_found_mail(answer(name="Zoë"), TO).as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) <= 998
    assert "Zoë" in plain(message_from_bytes(raw, policy=SMTP))  # type: ignore[arg-type]
