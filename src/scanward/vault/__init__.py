"""Encrypted objects and keys, in a folder or on S3: durable when acknowledged, erased by destroying keys."""

from scanward.vault.digest import Digest
from scanward.vault.errors import Reason, VaultError
from scanward.vault.folder import FolderStorage
from scanward.vault.keyring import Keyring
from scanward.vault.master import MasterKey
from scanward.vault.objects import Finding, FindingKind, NewObject, Note, Stored
from scanward.vault.s3 import S3Storage
from scanward.vault.storage import Storage
from scanward.vault.vault import Swept, Vault

__all__ = [
    "Digest",
    "Finding",
    "FindingKind",
    "FolderStorage",
    "Keyring",
    "MasterKey",
    "NewObject",
    "Note",
    "Reason",
    "S3Storage",
    "Storage",
    "Stored",
    "Swept",
    "Vault",
    "VaultError",
]
