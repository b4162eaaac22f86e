"""Every results file as CSV in the documentation, and links to them under "All numbers".

A hook of MkDocs (see ``mkdocs.yml``).
"""

from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

from semjscc.errors import UserError
from semjscc.report.point_table import table_text
from semjscc.results.records import load_results

RESULTS = Path(__file__).parents[1] / "results"
PAGE = "all-numbers.md"


def tables() -> dict[str, str]:
    """By name the results that evaluations wrote, each as CSV with a row for each point."""
    found = {}
    for path in sorted(RESULTS.glob("*.json")):
        try:
            results = load_results(path)
        except UserError:  # a benchmark's, which has no points
            continue
        found[path.stem] = table_text(results.records, "csv")
    return found


def on_files(files: Any, *, config: Any) -> Any:
    """Add the CSV files to the site."""
    for name, text in tables().items():
        files.append(File.generated(config, f"csv/{name}.csv", content=text))
    return files


def on_page_markdown(markdown: str, *, page: Any, files: Any, **_: Any) -> str:
    """Name them at the end of the page."""
    if page.file.src_uri != PAGE:
        return markdown
    names = [file.src_uri for file in files if file.src_uri.startswith("csv/")]
    links = ", ".join(f"[{Path(name).stem}]({name})" for name in names)
    return f"{markdown}\n\n## As CSV\n\nA row for each point: {links}.\n"
