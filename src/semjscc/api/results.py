"""What was measured, to work on."""

import os
from typing import TYPE_CHECKING, Self

from semjscc.errors import UserError, printable
from semjscc.experiments.existing_results import RESULTS
from semjscc.paths import user_path
from semjscc.report.point_table import NUMBERS, columns
from semjscc.results.records import Results as Measured
from semjscc.results.records import load_results, save_results

if TYPE_CHECKING:
    import pandas as pd


class Results(Measured):
    """The records of one evaluation, as `evaluate` returns them and results files hold them.

    Attributes:
        meta: where they came from: version, command, date, data, links.
        records: a `semjscc.results.records.Record` for each point, network and metric, in the order
            they were measured.

    Example:
        >>> results = semjscc.Results.load("results/photographs.json")
        >>> table = results.to_pandas()
        >>> table[table.snr_db == 0].pivot_table("value", "link", ["perception", "ratio"])
    """

    def __repr__(self) -> str:
        """In one line: records hold what each image came to, which fills pages."""
        links = ", ".join(dict.fromkeys(record.link for record in self.records))
        return f"<Results: {len(self.records)} records of {printable(links) or 'nothing'}>"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a results file, or that in a folder that ``semjscc evaluate`` wrote.

        Args:
            path: of the file or folder; ``~`` stands for the home.

        Raises:
            UserError: there is none, or it holds no results of semjscc.
        """
        found = user_path(os.fspath(path))
        read = load_results(found / RESULTS if found.is_dir() else found)
        return cls(read.meta, read.records)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a results file as JSON, whole or not at all; ``semjscc report`` reads it.

        Args:
            path: of the file. One that is there is replaced.

        Raises:
            UserError: it cannot be written.
        """
        save_results(self, user_path(os.fspath(path)))

    def to_pandas(self) -> "pd.DataFrame":
        """One row for each point, network and metric.

        The columns are fields of `semjscc.results.records.Record`: ``link``, ``codec``, ``data``,
        ``split``, ``perception``, ``channel``, ``ratio`` (text such as ``1/48``),
        ``ratio_measured`` (k/n), ``snr_db``, ``assumed_snr_db``, ``metric``, ``value`` from 0 to 1
        with the ends ``ci_low`` and ``ci_high`` of its 95 % interval, ``psnr_db``, ``ssim``,
        ``exact``, ``delivered``, ``images``, ``draws``, ``seed``, ``channel_uses``,
        ``control_bits`` and ``payload_bits``. What a point does not have, such as the SNR of the
        link ``none``, is missing (``isna``).

        Raises:
            UserError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise UserError("to_pandas needs pandas: pip install pandas") from error
        table = pd.DataFrame(columns(self.records))
        return table.astype(dict.fromkeys(NUMBERS, "float64"))
