"""Packages too large for a mail: put into an S3 storage (moto's server), linked to, fetched, and deleted."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import httpx
import pikepdf
import pytest
import pyzipper
from handling_world import OFFICER, Office, personal_in
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner

from avgflow import cli
from avgflow.demo.truth import SubjectTruth
from avgflow.errors import WrongSetting
from avgflow.handling import answering, answering_portability, closing, linking, validating
from avgflow.handling.environment import Environment
from avgflow.handling.waiting import Waiting
from avgflow.housekeeping import files
from avgflow.intake import day_in_amsterdam
from avgflow.objects import StorageUnreachable
from avgflow.register import chain, events, passphrases
from avgflow.register.database import transaction
from avgflow.settings import Settings
from avgflow_airflow import object_storage
from avgflow_airflow.object_storage import S3Storage, UnknownStorage

_PROCESSES = multiprocessing.get_context("spawn")
BUCKET = "packages-of-a-test"
ADDRESS = f"s3://packages_s3@{BUCKET}/avgflow"
KEYS = {"aws_access_key_id": "test-access", "aws_secret_access_key": "test-secret", "region_name": "eu-west-1"}


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class Bucket:
    """What lies in the storage, seen with Amazon's own client."""

    def __init__(self, url: str) -> None:
        self.client: Any = boto3.client("s3", endpoint_url=url, **KEYS)

    @property
    def names(self) -> list[str]:
        return [one["Key"] for one in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


@pytest.fixture
def bucket(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    extra = {"endpoint_url": moto, "region_name": KEYS["region_name"]}
    login = {"login": KEYS["aws_access_key_id"], "password": KEYS["aws_secret_access_key"]}
    monkeypatch.setenv("AIRFLOW_CONN_PACKAGES_S3", json.dumps({"conn_type": "generic", **login, "extra": extra}))
    _forget()
    made = Bucket(moto)
    made.client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": KEYS["region_name"]})
    yield made
    for name in made.names:
        made.client.delete_object(Bucket=BUCKET, Key=name)
    made.client.delete_bucket(Bucket=BUCKET)
    _forget()


def _forget() -> None:
    """Airflow keeps a file system per connection as long as a process lives, which a task's is not."""
    from airflow.sdk.io import store

    store._STORE_CACHE.clear()


@pytest.fixture
def large(office: Office, bucket: Bucket) -> Iterator[Environment]:
    """An installation for which every package is too large, with a storage."""
    settings = office.env.settings.model_copy(update={"attachment_limit_mb": 0.001, "package_storage": ADDRESS})
    env = replace(office.env, settings=settings, objects=object_storage.of(settings))
    yield env
    env.dispose()


@pytest.fixture
def person(subjects: tuple[SubjectTruth, ...]) -> SubjectTruth:
    return next(one for one in subjects if not one.traits)


def validated(office: Office, person: SubjectTruth, **given: Any) -> str:
    number = office.register_subject(person, **given)
    office.identify({number: person})
    office.collect(number)
    assert all(done.verdict.passed for done in validating.run(office.env, [number]).values())
    return number


def sent(office: Office, env: Environment, number: str) -> EmailMessage:
    prepared = answering.run(env, number)
    assert prepared.message_id is not None
    office.deliver(prepared.message_id)
    assert closing.run(env, number).missing == ()
    [mail] = office.mailbox.mails(number)
    return mail


def links(mail: EmailMessage) -> dict[str, str]:
    """The addresses in the plain part by the file they give, as whoever reads the mail sees them."""
    plain = mail.get_body(("plain",))
    assert plain is not None
    found = [line.strip() for line in plain.get_content().splitlines() if line.startswith("http")]
    return {Path(urlsplit(url).path).suffix: url for url in found}


def phrase(office: Office, number: str) -> str:
    with transaction(office.env.register) as register:
        return passphrases.show_passphrase(register, office.env.keyring, number, OFFICER)


def told(office: Office, number: str) -> list[str]:
    with transaction(office.env.register) as register:
        assert chain.verify(register, office.env.keyring).ok
        return [str(event.name) for event in events.history(register, number) if str(event.name).startswith("link.")]


def test_a_large_package_is_fetched_by_links_and_opens_with_the_passphrase(
    office: Office, large: Environment, person: SubjectTruth, bucket: Bucket
) -> None:
    number = validated(office, person)
    mail = sent(office, large, number)
    assert list(mail.iter_attachments()) == []
    urls = links(mail)
    assert set(urls) == {".pdf", ".zip"}
    secret = phrase(office, number)
    got = {suffix: httpx.get(url) for suffix, url in urls.items()}
    assert {suffix: answer.status_code for suffix, answer in got.items()} == {".pdf": 200, ".zip": 200}
    assert f'filename="inzage-{number}.pdf"' in got[".pdf"].headers["content-disposition"]
    with pikepdf.open(io.BytesIO(got[".pdf"].content), password=secret) as pdf:
        assert len(pdf.pages) >= 1
    archive = pyzipper.AESZipFile(io.BytesIO(got[".zip"].content))
    archive.setpassword(secret.encode())
    assert "manifest.json" in archive.namelist()
    assert archive.read("manifest.json")
    assert told(office, number) == ["link.made"]


def test_the_mail_names_the_last_day_and_the_link_ends_after_it(
    office: Office, large: Environment, person: SubjectTruth, bucket: Bucket
) -> None:
    mail = sent(office, large, validated(office, person))
    text = " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    last = day_in_amsterdam() + timedelta(days=6)
    month = ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober")
    month += ("november", "december")
    assert f"De links werken tot en met {last.day} {month[last.month - 1]} {last.year}" in text
    for url in links(mail).values():
        query = parse_qs(urlsplit(url).query)
        assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
        assert query["X-Amz-Expires"] == [str(7 * 24 * 60 * 60)]
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert html.count('<a href="http') == 2


def test_the_text_is_there_in_english(office: Office, large: Environment, person: SubjectTruth) -> None:
    mail = sent(office, large, validated(office, person, language="en"))
    text = " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    assert "The links work until the end of" in text


def test_nothing_in_the_storage_says_whose_it_is(
    office: Office, large: Environment, person: SubjectTruth, bucket: Bucket
) -> None:
    number = validated(office, person)
    sent(office, large, number)
    for name in bucket.names:
        assert personal_in(name, person) == []
        assert number not in name
        assert "2026" not in name.partition("/")[0]
        head = bucket.client.head_object(Bucket=BUCKET, Key=name)
        assert head["Metadata"] == {}
        body = bucket.client.get_object(Bucket=BUCKET, Key=name)["Body"].read()
        assert personal_in(body.decode("latin-1"), person) == []
        assert number.encode() not in body or name.endswith(".zip"), "names of files in a zip are of the request only"


def test_below_the_limit_it_is_attached_and_nothing_is_put_anywhere(
    office: Office, large: Environment, person: SubjectTruth, bucket: Bucket
) -> None:
    small = replace(large, settings=large.settings.model_copy(update={"attachment_limit_mb": 10.0}))
    number = validated(office, person)
    assert len(list(sent(office, small, number).iter_attachments())) == 2
    assert (bucket.names, told(office, number)) == ([], [])


def test_a_portable_file_goes_by_a_link_to_the_person_and_to_another_company(
    office: Office, large: Environment, person: SubjectTruth, bucket: Bucket
) -> None:
    for destination in (None, "avg@ander-bedrijf.example"):
        given = {"destination": destination} if destination else {}
        number = validated(office, person, right="portability", **given)
        last = None
        while (prepared := answering_portability.run(large, number)).message_id not in (None, last):
            last = prepared.message_id
            office.deliver(str(last))
        assert closing.run(large, number).missing == ()
        with_links = [mail for mail in office.mailbox.mails(number) if links(mail)]
        [mail] = with_links
        assert httpx.get(links(mail)[".zip"]).status_code == 200
        assert list(mail.iter_attachments()) == []


def _killed_at(settings: Settings, stores: Mapping[str, str], number: str, at: str) -> None:
    """Answer in a process of its own, which is killed when it is about to do this with the storage."""

    def die(*_: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(S3Storage, at, die)
    env = Environment(settings, lambda connection: stores[connection.removeprefix("store_")])
    answering.run(replace(env, objects=object_storage.of(settings)), number)


@pytest.mark.parametrize("at", [pytest.param("put", marks=pytest.mark.faults), "link"])
def test_killed_between_the_upload_and_the_mail_there_is_one_object_per_file_and_one_mail(
    at: str, office: Office, large: Environment, person: SubjectTruth, bucket: Bucket
) -> None:
    number = validated(office, person)
    for _ in range(2):
        worker = _PROCESSES.Process(target=_killed_at, args=(large.settings, office.stores, number, at))
        worker.start()
        worker.join(120)
        assert worker.exitcode == -signal.SIGKILL
        assert len(bucket.names) == (1 if at == "link" else 0)
        assert office.queued(number) == []
    urls = links(sent(office, large, number))
    assert len(bucket.names) == 2
    assert len(office.queued(number)) == 1
    assert told(office, number) == ["link.made"]
    assert [httpx.get(url).status_code for url in urls.values()] == [200, 200]
    assert answering.run(large, number).message_id is not None
    assert len(office.mailbox.mails(number)) == 1


def test_after_the_last_day_the_housekeeping_deletes_it_on_record(
    office: Office, large: Environment, person: SubjectTruth, bucket: Bucket
) -> None:
    number = validated(office, person)
    urls = links(sent(office, large, number))
    today = day_in_amsterdam()
    for day, left in ((today + timedelta(days=7), 2), (today + timedelta(days=8), 0), (today + timedelta(days=9), 0)):
        done = files.run(large, day)
        assert (done.failed, len(bucket.names)) == ((), left)
    assert {httpx.get(url).status_code for url in urls.values()} <= {403, 404}, "as S3 answers whoever may not list"
    assert told(office, number) == ["link.made", "link.ended"]


def test_a_link_that_is_taken_back_works_no_more(
    office: Office, large: Environment, person: SubjectTruth, bucket: Bucket
) -> None:
    number = validated(office, person)
    urls = links(sent(office, large, number))
    linking.revoke(office.env, number, OFFICER)
    assert [one.count for one in files.preview(large).gone if one.what == "objects"] == [1]
    files.run(large)
    assert {httpx.get(url).status_code for url in urls.values()} <= {403, 404}, "as S3 answers whoever may not list"
    assert told(office, number) == ["link.made", "link.revoked", "link.ended"]
    with pytest.raises(linking.NoLink):
        linking.revoke(office.env, number, OFFICER)


def test_the_command_line_takes_a_link_back_and_says_where_airflow_is_not_there_to_delete_it(
    office: Office, large: Environment, person: SubjectTruth, bucket: Bucket
) -> None:
    number = validated(office, person)
    sent(office, large, number)
    settings = office.env.settings
    variables = {
        "AVGFLOW_HOME": str(settings.home), "AVGFLOW_REGISTER_DSN": settings.secret("register_dsn"),
        "AVGFLOW_REGISTER_KEYS": settings.secret("register_keys"), "AVGFLOW_HASH_KEY": settings.secret("hash_key"),
        "AVGFLOW_AIRFLOW_URL": "http://127.0.0.1:1", "AVGFLOW_AIRFLOW_USER": OFFICER, "AVGFLOW_AIRFLOW_PASSWORD": "x",
    }  # fmt: skip
    run = CliRunner()
    [shown] = json.loads(run.invoke(cli.app, ["link", "list", "--json"], env=variables).stdout)
    assert (shown["number"], shown["revoked"]) == (number, False)
    done = run.invoke(cli.app, ["link", "revoke", number], env=variables)
    assert done.exit_code == 1
    assert "deleted only when the DAG housekeeping runs" in " ".join(done.output.split())
    assert told(office, number) == ["link.made", "link.revoked"]
    files.run(large)
    assert bucket.names == []


def test_a_storage_that_does_not_answer_is_worth_another_try_and_nothing_is_lost(
    office: Office, large: Environment, person: SubjectTruth, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = validated(office, person)
    broken = replace(large, objects=S3Storage(f"s3://packages_s3@{BUCKET}-that-is-not-there/avgflow"))
    with pytest.raises(StorageUnreachable, match="AVGFLOW_PACKAGE_STORAGE") as refused:
        answering.run(broken, number)
    assert "\n" not in str(refused.value)
    assert not [secret for secret in KEYS.values() if secret in str(refused.value)]
    assert office.queued(number) == []
    assert links(sent(office, large, number))


def test_a_mail_whose_links_have_ended_is_never_sent(
    office: Office, large: Environment, person: SubjectTruth, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = validated(office, person)
    with monkeypatch.context() as earlier:
        earlier.setattr(linking, "day_in_amsterdam", lambda: day_in_amsterdam() - timedelta(days=7))
        prepared = answering.run(large, number)
    delivery = office.deliver(str(prepared.message_id))
    assert (delivery.accepted, delivery.failure) == (False, "LinkExpired")
    assert office.mailbox.mails(number) == []


@pytest.mark.parametrize("address", ["", "file:///srv/packages"])
def test_where_no_storage_gives_links_the_request_waits_for_the_officer(
    address: str, office: Office, large: Environment, person: SubjectTruth
) -> None:
    settings = large.settings.model_copy(update={"package_storage": address})
    env = replace(large, settings=settings, objects=object_storage.of(settings))
    question = answering.run(env, validated(office, person)).question
    assert question is not None
    assert question.waiting is Waiting.HANDOVER


def test_a_storage_of_a_kind_that_is_not_known_is_named() -> None:
    with pytest.raises(UnknownStorage, match="gopher"):
        object_storage.of(Settings(package_storage="gopher://somewhere"))
    assert issubclass(UnknownStorage, WrongSetting)
