"""Secrets in a backup: none, or the secret key, encrypted under a passphrase that is kept elsewhere."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from chatsite.backup import BackupError

MARK = b"chatsite sealed 1\n"
SALT_BYTES, NONCE_BYTES = 16, 12
SHORTEST = 12  # characters of a passphrase


def seal(secret: bytes, passphrase: str) -> bytes:
    """Raises BackupError for a passphrase that could be guessed."""
    if len(passphrase) < SHORTEST:
        raise BackupError(f"The passphrase needs at least {SHORTEST} characters.")
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    return MARK + salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, secret, MARK)


def unseal(sealed: bytes, passphrase: str) -> bytes:
    """Raises BackupError for another passphrase, or another file."""
    body = sealed.removeprefix(MARK)
    salt, nonce, secret = (
        body[:SALT_BYTES],
        body[SALT_BYTES : SALT_BYTES + NONCE_BYTES],
        body[SALT_BYTES + NONCE_BYTES :],
    )
    try:
        return AESGCM(_key(passphrase, salt)).decrypt(nonce, secret, MARK)
    except (InvalidTag, ValueError):
        raise BackupError("The secrets of this backup were sealed under another passphrase.") from None


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())
