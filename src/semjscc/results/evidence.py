"""Evidence as text: what a record keeps of a metric that is no mean of rights and wrongs."""

import base64
import binascii
import math
import zlib

import numpy as np

from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.results.records import Record
from semjscc.tasks.base import Kind
from semjscc.tasks.evidence import VALUES, Evidence

_ROUNDING = 1e-6


def pack_evidence(evidence: Evidence) -> str:
    """As text: its kind, the columns, and rows (float32) and counts (uint32), compressed."""
    rows = evidence.rows.astype("<f4").tobytes()
    counts = evidence.counts.astype("<u4").tobytes()
    parts = [base64.b64encode(zlib.compress(part, 9)).decode("ascii") for part in (rows, counts)]
    return " ".join([evidence.kind, str(evidence.rows.shape[1]), *parts])


def unpack_evidence(record: Record) -> Evidence | None:
    """The evidence of a record; None where it was written without.

    Raises:
        UserError: it does not belong to the record.
    """
    if record.evidence is None:
        return None
    name = f"the evidence of {printable(record.link)} at {record.snr_db} dB, R = {record.ratio}"
    try:
        kind, columns, *parts = record.evidence.split(" ")
        rows, counts = (zlib.decompress(base64.b64decode(part, validate=True)) for part in parts)
        shape = record.images, record.draws
        evidence = Evidence(
            _kind(kind),
            np.frombuffer(rows, "<f4").reshape(-1, int(columns)).astype(np.float64),
            np.frombuffer(counts, "<u4").reshape(shape).astype(np.int64),
        )
    except (binascii.Error, zlib.error, ValueError) as error:
        raise UserError(f"{name} is damaged: {printable(str(error))}") from error
    if evidence.counts.sum() != len(evidence.rows):
        raise UserError(f"{name} is not that of {record.images} images x {record.draws}")
    value = evidence.value
    if math.isnan(value):
        raise UserError(f"{name} leaves nothing to measure: leave it out, or take other images")
    if not abs(value - record.value) <= _ROUNDING:
        raise UserError(f"{name} does not add up to its value")
    return evidence


def _kind(text: str) -> Kind:
    for kind in VALUES:
        if text == kind:
            return kind
    raise ValueError(f"no kind of evidence is called {text}")
