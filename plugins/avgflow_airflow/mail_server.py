"""The way to the mail server: Airflow's connection, encrypted and verified unless the connection says otherwise.

By Airflow's own extra fields: `disable_tls` alone is TLS from the first byte (port 465), `disable_ssl` alone STARTTLS
(port 587), which is refused where the server offers none; both are no encryption at all. `ssl_context: none` takes any
certificate. Whom to trust is `AVGFLOW_CA_FILE`, else whom the machine trusts.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from airflow.providers.smtp.hooks.smtp import SmtpHook

from avgflow.errors import AvgflowError
from avgflow.settings import Settings
from avgflow.transport import is_local

_OTHER_HOST = frozenset({62, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_OUT_OF_TIME = frozenset({9, 10})  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED


class MailServerFault(AvgflowError):
    """Something about the way to the mail server is wrong; the mail stays in the outbox and goes when it is mended.

    The name of the class is what the register and the log say of it; `told` is the rest of the line.
    """

    told = ""

    def __init__(self) -> None:
        super().__init__(self.told)


class MailCertificateOfAnother(MailServerFault):
    told = "its certificate is of another host; correct the host in the connection, or the server's certificate"


class MailCertificateOutOfTime(MailServerFault):
    told = "its certificate has expired or is not valid yet; renew it at the mail server"


class MailCertificateUnknown(MailServerFault):
    told = "nobody who is trusted signed its certificate; put who did into AVGFLOW_CA_FILE"


class MailServerWithoutTls(MailServerFault):
    told = "it offers no encryption where the connection wants it; correct its port, or the connection"


class MailLoginRefused(MailServerFault):
    told = "it refuses the login of the connection; correct its user and password"


class MailLoginInTheClear(MailServerFault):
    told = "a password would go to it unencrypted; take disable_tls or disable_ssl out of the connection"


FAULTS = {
    kind.__name__: kind.told
    for kind in (
        MailCertificateOfAnother,
        MailCertificateOutOfTime,
        MailCertificateUnknown,
        MailServerWithoutTls,
        MailLoginRefused,
        MailLoginInTheClear,
    )
}
"""What is wrong and what to do, by the name on the register."""


class MailHook(SmtpHook):
    """Airflow's hook, with whom we trust, and one kind of TLS at a time."""

    @property
    def smtp_starttls(self) -> bool:
        # By default the hook would ask for STARTTLS within TLS, which no server has.
        return not self.use_ssl and super().smtp_starttls

    def _build_ssl_context(self) -> ssl.SSLContext | None:
        made = super()._build_ssl_context()
        if made is not None and (trusted := Settings.load().ca_file) is not None:
            made = ssl.create_default_context(cafile=str(trusted))
        return made


def send(connection: str, message: EmailMessage, recipient: str) -> None:
    """Hand a message to the mail server of a connection; returns once it has accepted it.

    `MailServerFault` where the way there is at fault, an error of `smtplib` or a socket otherwise.
    """
    hook = MailHook(smtp_conn_id=connection)
    try:
        with _named_faults():
            hook.smtp_connection = hook.get_connection(connection)
            if not (hook.use_ssl or hook.smtp_starttls or is_local(hook.host)) and hook.smtp_password:
                raise MailLoginInTheClear
            hook.get_conn()
        # The hook's own sending builds a message of its own, without our Message-ID, and tries again by itself.
        client = hook._smtp_client
        if client is None:
            raise ConnectionError("no connection to the mail server")
        client.send_message(message, to_addrs=[recipient])
    finally:
        if hook._smtp_client is not None:
            hook._smtp_client.close()


@contextmanager
def _named_faults() -> Iterator[None]:
    """Errors of TLS and of the login by our names; `from None`, for some quote what was sent."""
    try:
        yield
    except ssl.SSLCertVerificationError as fault:
        raise _of_certificate(fault.verify_code)() from None
    except (smtplib.SMTPNotSupportedError, ssl.SSLError):
        # In place of TLS came a greeting, or a server that knows no STARTTLS or login.
        raise MailServerWithoutTls from None
    except smtplib.SMTPAuthenticationError:
        raise MailLoginRefused from None


def _of_certificate(code: int) -> type[MailServerFault]:
    if code in _OTHER_HOST:
        return MailCertificateOfAnother
    return MailCertificateOutOfTime if code in _OUT_OF_TIME else MailCertificateUnknown
