"""The result of a load test for a build server: as JUnit's XML and as Markdown.

Both are made of the data of `report.as_data`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

LATENCIES: Final = ("p50", "p90", "p99", "p99.9", "max")


def rows(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield two rows for each operation: its corrected latencies and its uncorrected ones, in milliseconds."""
    whole = {"face": "all", "operation": "", **result["all"]}
    for found in (*result["operations"], whole):
        for latency in ("corrected", "uncorrected"):
            yield {
                "face": found["face"],
                "operation": found["operation"],
                "requests": found["requests"],
                "failed": found["failed"],
                "latency": latency,
                **{name: round(found[f"{latency}_ms"][name], 2) for name in LATENCIES},
            }


def checks(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the thresholds, and then whatever keeps the verdict from being good."""
    for check in result["thresholds"]:
        yield {
            "threshold": f"{check['of']} {check['name']}",
            "asked": check["asked"],
            "measured": round(check["measured"], 2),
            "held": "ok" if check["held"] else "BROKEN",
        }


def as_junit(result: Mapping[str, Any]) -> str:
    """Return a test suite: a case for each threshold, and one for whether all of it was measured."""
    name = f"load test {result['profile']['name']}"
    cases = [(f"{each['threshold']} {each['asked']:g}", _broken(each)) for each in checks(result)]
    cases.append(("the whole load was sent and measured", [*result["doubts"], *result["missing"]]))
    suite = Element("testsuite", name=name, tests=str(len(cases)))
    suite.set("failures", str(sum(bool(said) for _, said in cases)))
    suite.set("errors", "0")
    suite.set("time", f"{result['seconds']:.3f}")
    properties = SubElement(suite, "properties")
    SubElement(properties, "property", name="verdict", value=result["verdict"])
    for row in rows(result):
        of = " ".join(filter(None, (row["face"], row["operation"], row["latency"])))
        for latency in LATENCIES:
            value = str(row[latency])
            SubElement(properties, "property", name=f"{of} {latency}_ms", value=value)
    for title, said in cases:
        case = SubElement(suite, "testcase", classname=name, name=title, time="0")
        if said:
            SubElement(case, "failure", message=said[0]).text = "\n".join(said)
    suites = Element("testsuites")
    suites.append(suite)
    indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _broken(check: Mapping[str, Any]) -> list[str]:
    if check["held"] == "ok":
        return []
    return [f"measured {check['measured']:,g}, asked {check['asked']:,g}"]


def as_markdown(result: Mapping[str, Any]) -> str:
    """Return a section: the verdict, the thresholds, the arrivals and both latencies of each operation."""
    profile, arrivals = result["profile"], result["arrivals"]
    said = [
        *(f"- LOCUST WAS THE LIMIT: {doubt}" for doubt in result["doubts"]),
        *(f"- INCOMPLETE: {part}" for part in result["missing"]),
        *(f"- {remark}" for remark in result["remarks"]),
    ]
    if arrivals["planned"]:
        said.append(
            f"- arrivals: {arrivals['asked']:,} asked by the profile, {arrivals['planned']:,} planned,"
            f" {arrivals['sent']:,} sent, {arrivals['late']:,} of them late"
        )
    return "\n".join(
        [
            f"## {profile['name']}: {result['verdict']}",
            "",
            f"{profile['title']}, {result['seconds']:.1f} s, exit code {result['exit_code']}",
            "",
            *_table(list(checks(result))),
            "",
            *said,
            "",
            *_table(list(rows(result))),
            "",
        ]
    )


def _table(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not found:
        return
    yield _line(found[0])
    yield _line(["---"] * len(found[0]))
    for row in found:
        yield _line(
            [f"{cell:,}" if isinstance(cell, int | float) else cell for cell in row.values()]
        )


def _line(cells: Any) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
