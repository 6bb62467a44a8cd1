"""Every setting of Scanward, in one place, each from the environment with a safe default.

A secret is never in the environment: the environment names the file that holds it. `scanward init` makes the files.
The reference of all `SCANWARD_*` names is docs/reference/settings.md, and a test keeps it complete.
"""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from scanward.law.marks import site_marks

PACKAGE = Path(__file__).resolve().parent


def env(name: str, default: str = "") -> str:
    """Return the setting `SCANWARD_<name>` of the environment."""
    return os.environ.get(f"SCANWARD_{name}", default)


def flag(name: str) -> bool:
    """Return whether the setting `SCANWARD_<name>` is switched on."""
    return env(name).lower() in {"1", "true", "yes", "on"}


def listed(name: str, default: str) -> list[str]:
    """Return the comma-separated setting `SCANWARD_<name>`."""
    return [item.strip() for item in env(name, default).split(",") if item.strip()]


# ---------------------------------------------------------------------------------------------------- Places
DATA = Path(env("DATA", "var")).absolute()
KEYS = Path(env("KEYS", str(DATA / "keys"))).absolute()
MASTER_KEY_FILE = Path(env("MASTER_KEY_FILE", str(KEYS / "master.key")))
MASTER_KEY_COMMAND = env("MASTER_KEY_COMMAND")
PREVIOUS_MASTER_KEY_FILES = listed("PREVIOUS_MASTER_KEY_FILES", "")
DATABASE_KEY_FILE = Path(env("DATABASE_KEY_FILE", str(KEYS / "database.key")))
SECRET_KEY_FILE = Path(env("SECRET_KEY_FILE", str(KEYS / "secret.key")))
MANIFEST_KEY_FILE = Path(env("MANIFEST_KEY_FILE", str(KEYS / "manifest.key")))
LEDGER_KEY_FILE = Path(env("LEDGER_KEY_FILE", str(KEYS / "ledger.key")))
# Apart from the secret key, which a site may change at any time to end all sessions: nothing that is sealed goes then.
SEALS_KEY_FILE = Path(env("SEALS_KEY_FILE", str(KEYS / "seals.key")))
# Keep this folder on another machine, or in another person's hands: it proves that the ledger was not rewritten.
CHECKPOINT_DIR = Path(env("CHECKPOINT_DIR", str(DATA / "checkpoints"))).absolute()
# A folder, or s3://bucket/prefix with the S3_* settings below.
STORAGE = env("STORAGE", str(DATA / "vault"))
S3_ENDPOINT = env("S3_ENDPOINT")
S3_REGION = env("S3_REGION", "us-east-1")
S3_ACCESS_KEY_FILE = env("S3_ACCESS_KEY_FILE")

# ---------------------------------------------------------------------------------------------------- Who we are
# The demo's hospital, so that every command that is run beside the demo speaks of the same one.
_LAKESIDE = {"name": "Lakeside Hospital", "phone": "555-0100", "issuer": "LAKESIDE"} if flag("DEMO") else {}
FACILITY_NAME = env("FACILITY_NAME", _LAKESIDE.get("name", "Scanward"))
FACILITY_PHONE = env("FACILITY_PHONE", _LAKESIDE.get("phone", ""))
FACILITY_DEPARTMENT = env("FACILITY_DEPARTMENT", "Medical Records")
# Whose patient numbers are meant where an object does not say (DICOM Issuer of Patient ID).
FACILITY_ISSUER = env("FACILITY_ISSUER", _LAKESIDE.get("issuer", "LOCAL"))
# Which state's rules apply beside the federal ones (two letters), for example about minors.
FACILITY_STATE = env("FACILITY_STATE")
FACILITY_TIME_ZONE = env("FACILITY_TIME_ZONE", "America/Chicago")
# hospital, imaging centre or urgent care: what turnaround is promised beside the law.
FACILITY_KIND = env("FACILITY_KIND", "hospital")
# The same in business days where the house promises others than its kind does: "3-7".
FACILITY_TARGET = env("FACILITY_TARGET")
# Lines of the postal address, separated by commas; and whom letters name for questions and complaints.
FACILITY_ADDRESS = listed("FACILITY_ADDRESS", "")
FACILITY_EMAIL = env("FACILITY_EMAIL")
FACILITY_PRIVACY_CONTACT = env("FACILITY_PRIVACY_CONTACT", "Privacy Officer")
# Where people reach the portal from outside; it stands in letters and e-mails.
PUBLIC_ADDRESS = env("PUBLIC_ADDRESS", "http://127.0.0.1:8000")
DEMO = flag("DEMO")

# ---------------------------------------------------------------------------------------------------- DICOM
# Listeners and peers (docs/how-to/dicom.md); without the file, this machine's own programs only.
DICOM_FILE = Path(env("DICOM_FILE", str(DATA / "dicom.toml")))
DICOM_PORT = int(env("DICOM_PORT", "11112"))
# Processes that take scans in behind the same port.
LISTEN_WORKERS = max(1, int(env("LISTEN_WORKERS", str(min(os.cpu_count() or 1, 4)))))
# Reports over HL7 (docs/how-to/reports.md), in the same manner.
HL7_FILE = Path(env("HL7_FILE", str(DATA / "hl7.toml")))
HL7_PORT = int(env("HL7_PORT", "2575"))
# Whether the patient gets an e-mail, too, when a report is marked as urgent; the clinicians always do.
URGENT_TELLS_PATIENT = flag("URGENT_TELLS_PATIENT")
# After how many hours an urgent result whose report nobody has opened is brought to the privacy officer, too.
URGENT_HOURS = int(env("URGENT_HOURS", "4"))
# Codes by which the sender of reports marks what a law of the state may keep back, beside the law's own rows.
SENSITIVE_MARKS = site_marks(listed("SENSITIVE_MARKS", ""))
# Which PACS may be asked for a patient's scans (docs/how-to/pull-from-pacs.md); without the file, none.
PACS_FILE = Path(env("PACS_FILE", str(DATA / "pacs.toml")))
# A folder whose files are taken in by `scanward watch` (docs/how-to/watch-folder.md); without it, none.
WATCH_FOLDER = env("WATCH_FOLDER")
# A file there that nobody has touched for so long is whole, unless somebody still has it open to write.
WATCH_QUIET_SECONDS = float(env("WATCH_QUIET_SECONDS", "10"))
# Other hospitals that records may be sent to (docs/how-to/deliver.md); without the file, nobody.
PEERS_FILE = Path(env("PEERS_FILE", str(DATA / "peers.toml")))

# ---------------------------------------------------------------------------------------------------- Web
DEBUG = flag("DEBUG")
SECRET_KEY = SECRET_KEY_FILE.read_text("ascii").strip() if SECRET_KEY_FILE.is_file() else ""
BIND = env("BIND", "127.0.0.1")
PORT = int(env("PORT", "8000"))
TLS_CERTIFICATE_FILE = env("TLS_CERTIFICATE_FILE")
TLS_KEY_FILE = env("TLS_KEY_FILE")
WEB_WORKERS = int(env("WEB_WORKERS", "1"))
# One worker looks after jobs by default; run more `scanward worker` processes on a larger site.
ALLOWED_HOSTS = listed("HOSTS", "127.0.0.1,localhost,[::1]")
SECURE = bool(TLS_CERTIFICATE_FILE) or flag("BEHIND_TLS")
# Addresses or networks of the proxies in front that say whose request they pass on; a proxy on this machine by default.
TRUSTED_PROXIES = listed("TRUSTED_PROXIES", "127.0.0.1,::1" if flag("BEHIND_TLS") else "")
CSRF_TRUSTED_ORIGINS = listed("ORIGINS", "")
ROOT_URLCONF = "scanward.urls"
WSGI_APPLICATION = "scanward.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.forms",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "django_tasks",
    "django_tasks_db",
    "scanward.audit",
    "scanward.people",
    "scanward.access",
    "scanward.archive",
    "scanward.intake",
    "scanward.release",
    "scanward.oversight",
    "scanward.web",
    "scanward.portal",
    "scanward.desk",
]

MIDDLEWARE = [
    "scanward.web.middleware.BehindProxy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "scanward.web.middleware.CsrfCheck",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "scanward.people.middleware.SessionLimits",
    "scanward.people.middleware.StaffSecondFactor",
    "scanward.web.middleware.SecurityHeaders",
    "scanward.web.damage.DamageMet",
]

# A field says once what belongs in it: our template for a widget's attributes leaves placeholders out.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "scanward.web.context.site",
            ],
        },
    }
]

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False


# ---------------------------------------------------------------------------------------------------- Database
def database(address: str) -> dict[str, object]:
    """Return Django's settings for the embedded database, or for `postgresql://user@host:port/name`."""
    if address.startswith("postgresql://"):
        parts = urlsplit(address)
        password = Path(env("DATABASE_PASSWORD_FILE")).read_text().strip() if env("DATABASE_PASSWORD_FILE") else ""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": password,
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "OPTIONS": {"sslmode": env("DATABASE_SSLMODE", "prefer")},
        }
    return {
        "ENGINE": "scanward.database",
        "NAME": address,
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            "key_file": str(DATABASE_KEY_FILE),
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            # FULL: a commit that was answered survives a power loss. secure_delete: what is deleted is overwritten.
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA cache_size=-32000"
            ),
        },
        "TEST": {"NAME": env("TEST_DATABASE_FILE") or None},
    }


DATABASES = {"default": database(env("DATABASE", str(DATA / "scanward.db")))}
# Shared by all web workers, so that limits on sign-in tries count everywhere. Django's own limit of 300 entries would
# let somebody with as many networks push the counts of all others out.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shared_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

# ---------------------------------------------------------------------------------------------------- People
AUTH_USER_MODEL = "people.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "scanward.people.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = False
ACCOUNT_PREVENT_ENUMERATION = True
# By network only: counted by account, anybody could keep its owner from a new password.
ACCOUNT_RATE_LIMITS = {"reset_password": "5/m/ip"}
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"{FACILITY_NAME}: "
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = FACILITY_NAME
MFA_ADAPTER = "scanward.people.adapter.SecondStepAdapter"
# WebAuthn asks for a secure origin; browsers count http://localhost as one, and so does the demo.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO
# Sign-in for staff by the house's directory, OpenID Connect (docs/how-to/staff-directory.md). Without an issuer: none.
OIDC_ISSUER = env("OIDC_ISSUER")
OIDC_CLIENT_ID = env("OIDC_CLIENT_ID", "scanward")
OIDC_CLIENT_SECRET_FILE = env("OIDC_CLIENT_SECRET_FILE")
OIDC_NAME = env("OIDC_NAME", FACILITY_NAME)
# The values of `amr` or `acr` by which the directory says that it asked for a second factor; none: we always ask.
OIDC_SECOND_FACTOR = listed("OIDC_SECOND_FACTOR", "mfa")
SOCIALACCOUNT_ADAPTER = "scanward.people.provider.DirectoryAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "staff": {
        "APPS": [
            {
                "provider_id": "staff",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": Path(OIDC_CLIENT_SECRET_FILE).read_text("ascii").strip() if OIDC_CLIENT_SECRET_FILE else "",
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
    }
}
# Staff need a passkey or an app. Only the demo, which shows its codes to everybody, lets them in with codes by e-mail.
STAFF_EMAIL_CODES = DEMO

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 12 * 3600
# 45 CFR 164.312(a)(2)(iii), automatic logoff, in minutes; the absolute limit is SESSION_COOKIE_AGE.
IDLE_MINUTES_PATIENT = float(env("IDLE_MINUTES_PATIENT", "30"))
IDLE_MINUTES_STAFF = float(env("IDLE_MINUTES_STAFF", "15"))
# A parent's access ends at majority by law; a house may end it sooner (many do at 13). 0: at majority.
PROXY_ENDS_AT_AGE = int(env("PROXY_ENDS_AT_AGE", "0"))
# Break-the-glass: how long a record stays open, and how long the review may take before it escalates.
GLASS_MINUTES = int(env("GLASS_MINUTES", "60"))
GLASS_REVIEW_HOURS = int(env("GLASS_REVIEW_HOURS", "72"))
# Copies of identity documents are destroyed after so many days (C7).
DOCUMENT_KEPT_DAYS = int(env("DOCUMENT_KEPT_DAYS", "30"))
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "scanward.web.errors.csrf_failure"

# ---------------------------------------------------------------------------------------------------- Headers
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_SSL_REDIRECT = False
if flag("BEHIND_TLS"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

# ---------------------------------------------------------------------------------------------------- Mail
EMAIL_BACKEND = "scanward.people.outbox.OutboxBackend" if DEMO else "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env("SMTP_HOST", "localhost")
EMAIL_PORT = int(env("SMTP_PORT", "25"))
EMAIL_USE_TLS = flag("SMTP_TLS")
DEFAULT_FROM_EMAIL = env("MAIL_FROM", "records@localhost")

# ---------------------------------------------------------------------------------------------------- Language and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [PACKAGE / "locale"]
FORMAT_MODULE_PATH = ["scanward.web.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = FACILITY_TIME_ZONE
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SECURE

# ---------------------------------------------------------------------------------------------------- Uploads, logs
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# A scanned form or an identity document: in memory until it is sealed, never in a temporary file.
FILE_UPLOAD_HANDLERS = ["scanward.web.uploading.InMemory"]
UPLOAD_MAX_BYTES = int(env("UPLOAD_MAX_BYTES", str(20 * 1024**3)))
# A scanner of malware for all that comes in (M7): `unix:/run/clamav/clamd.ctl` or `host:port`; empty: none.
CLAMD = env("CLAMD")

# Log lines name events and opaque ids; query strings, bodies and values are never logged.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"no_phi": {"()": "scanward.people.logs.WithoutValues"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_phi"]}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "WARNING")},
    "loggers": {"django.server": {"level": "WARNING"}},
}
