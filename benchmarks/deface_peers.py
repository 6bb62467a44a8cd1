"""Peers of `deface.py`, run by a Python of their own (`--peers`): `python deface_peers.py IN.npz OUT.npz`.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install quickshear mede

IN has `hu` [z, y, x] in LPS, `sp` and `brain`. OUT gets what each peer made of it and its CPU seconds. The README of
quickshear tells to bring a brain mask, so it gets ours; mede brings its network in its wheel.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np


def quickshear(image: nibabel.Nifti1Image, brain: nibabel.Nifti1Image) -> np.ndarray:
    from quickshear import quickshear as peer

    return np.asarray(peer(image, brain).dataobj)


def mede(image: nibabel.Nifti1Image, _: nibabel.Nifti1Image) -> np.ndarray:
    from mede.dicom_skullstrip_defacing import Inference

    with tempfile.TemporaryDirectory() as place:
        nibabel.save(image, Path(place) / "head.nii.gz")
        Inference(output_path=f"{place}/out", deface=True)(f"{place}/head.nii.gz")
        (made,) = Path(place, "out").glob("*.nii.gz")
        return np.asarray(nibabel.load(made).get_fdata())


PEERS: dict[str, Callable[[nibabel.Nifti1Image, nibabel.Nifti1Image], np.ndarray]] = {
    "quickshear": quickshear,
    "mede": mede,
}


def main() -> None:
    given = np.load(sys.argv[1])
    z, y, x = given["sp"]
    affine = np.diag([x, y, z, 1.0])
    # To RAS, and to values from 0 up, as stored pixels have them: both peers write 0 for what they take away.
    ras = [np.ascontiguousarray(a[:, ::-1, ::-1].transpose(2, 1, 0)) for a in (given["hu"] + 1024, given["brain"])]
    image, brain = (nibabel.Nifti1Image(a.astype(np.int16), affine) for a in ras)
    out = {}
    for name, peer in PEERS.items():
        started = sum(os.times()[:4])
        done = peer(image, brain)
        out[name] = (np.rint(done) - 1024).astype(np.int16).transpose(2, 1, 0)[:, ::-1, ::-1]
        out[f"{name} cpu"] = np.float64(sum(os.times()[:4]) - started)
    np.savez(sys.argv[2], **out, finished=time.time())


if __name__ == "__main__":
    main()
