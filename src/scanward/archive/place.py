"""The vault of this installation, made from the settings once per process."""

import functools
import shlex
from pathlib import Path

from django.conf import settings

from scanward.vault import FolderStorage, Keyring, MasterKey, S3Storage, Storage, Vault


@functools.cache
def vault() -> Vault:
    """Return the vault. Nothing outside the archive may hold it."""
    return Vault(storage(), keyring())


def keyring() -> Keyring:
    """Return the master key, with the earlier ones that still unwrap."""
    previous = [MasterKey.from_file(Path(path)) for path in settings.PREVIOUS_MASTER_KEY_FILES]
    return Keyring(master_key(), previous)


def storage() -> Storage:
    """Return the folder or the bucket that the setting `SCANWARD_STORAGE` names."""
    place = settings.STORAGE
    if not place.startswith("s3://"):
        return FolderStorage(Path(place))
    key_id, secret = Path(settings.S3_ACCESS_KEY_FILE).read_text("ascii").split()
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    return S3Storage.connect(
        bucket,
        endpoint=settings.S3_ENDPOINT,
        access_key=key_id,
        secret_key=secret,
        region=settings.S3_REGION,
        prefix=prefix,
    )


def master_key() -> MasterKey:
    """Return the master key, from a command where one is set, else from its file."""
    if settings.MASTER_KEY_COMMAND:
        return MasterKey.from_command(shlex.split(settings.MASTER_KEY_COMMAND))
    return MasterKey.from_file(settings.MASTER_KEY_FILE)
