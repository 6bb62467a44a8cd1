"""What can go wrong with the vault, as the rooms above may see it; they can't import the vault itself."""

from scanward.vault import VaultError

__all__ = ["VaultError"]
