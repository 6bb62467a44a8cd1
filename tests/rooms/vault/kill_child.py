"""The child that is killed: it puts, rotates or erases in a loop and reports what was acknowledged."""

import hashlib
import os
import random
import sys
import threading
from pathlib import Path

from scanward.vault import FolderStorage, Keyring, MasterKey, NewObject, Vault

KIB = 1 << 10


def report(*words: str) -> None:
    """One write to the pipe is never torn below 4 KiB."""
    os.write(1, (" ".join(words) + "\n").encode())


def put(vault: Vault, seed: int) -> None:
    """Put one object, several, or a large one, over and over; report each."""
    chance = random.Random(seed)
    key_id = vault.new_key()
    while True:
        small, several, large = [chance.randint(0, 200 * KIB)], [9 * KIB] * 5, [100, (4 << 20) + 5, 200]
        [sizes] = chance.choices([small, several, large], [6, 3, 1])
        names = [f"{os.getpid()}.{seed}.{chance.getrandbits(40)}" for _ in sizes]
        data = [chance.randbytes(size) for size in sizes]
        new = [NewObject(key_id, name, [body], name.encode()) for name, body in zip(names, data, strict=True)]
        for stored, name, body in zip(vault.put(new), names, data, strict=True):
            assert stored.sha256 == hashlib.sha256(body).hexdigest()
            report(stored.locator, key_id, name, stored.sha256)


def main(folder: str, masters: str, deed: str, *words: str) -> None:
    keys = [MasterKey(bytes.fromhex(word)) for word in masters.split(",")]
    vault = Vault(FolderStorage(Path(folder), part_size=3 << 20), Keyring(keys[0], keys[1:]))
    if deed == "put":
        seed = int(os.environ["KILL_SEED"])
        threads = [threading.Thread(target=put, args=(vault, seed * 10 + number)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    elif deed == "rotate":
        report("begun")
        vault.rotate(keys[0])
        report("rotated")
    elif deed == "erase":
        for key_id in words:
            vault.erase(key_id)
            report(key_id)
    while True:
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
