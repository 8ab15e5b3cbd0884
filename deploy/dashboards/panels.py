"""The few kinds of panel that the dashboards use, and what all of them have in common.

Every panel says in its description what it shows and what to make of it, names its unit, and reads from one data
source whose uid is pinned. Queries keep to the nodes chosen at the top of the dashboard with `$NODES`.
"""

from collections.abc import Iterable
from itertools import count
from string import Template
from typing import Any, Final, NamedTuple, cast

from grafana_foundation_sdk.builders import common as common_builder
from grafana_foundation_sdk.builders import dashboard as dashboard_builder
from grafana_foundation_sdk.builders import (
    gauge,
    heatmap,
    piechart,
    prometheus,
    stat,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE_UID: Final = "idnode-prometheus"
SOURCE: Final = dashboard.DataSourceRef(type_val="prometheus", uid=SOURCE_UID)

NODES: Final = 'instance=~"$instance"'
"""What the queries write `$NODES` for: the nodes chosen at the top."""

_STRUCK: Final = (
    f"sum by (fault) (increase(idnode_injected_faults_total{{{NODES}}}[$__interval])) > 0"
)
"""When faults were injected on purpose: marked on every dashboard, so that nobody takes them for the node's own."""

QUIET: Final = "nothing was asked in this window"
"""Shown where a quantile of nothing would be."""

SERIES_MAX: Final = 12
"""Lines that can be told apart in one graph."""

WIDTH: Final = 24
"""Columns of Grafana's grid."""


class Query(NamedTuple):
    """A PromQL expression and the name of its series; `$NODES` in it stands for the chosen nodes."""

    expression: str
    legend: str


def some(expression: str, label: str, nothing: str = "nothing") -> str:
    """Return the series of an expression that are above zero, the largest twelve, or a single one of zero.

    Dozens of lines at zero hide the one that is not, and a quantile of nothing is no number and leaves a gap.
    """
    return (
        f"topk({SERIES_MAX}, ({expression}) > 0)"
        f' or on () label_replace(vector(0), "{label}", "{nothing}", "", "")'
    )


class Look(NamedTuple):
    """Describes how a panel shows its numbers."""

    unit: str = "short"
    decimals: int | None = None
    stacked: bool = False
    ceiling: float | None = None
    empty: str = "no data yet"


class Frame(NamedTuple):
    """Holds what stands around a panel, and how many columns and rows of the grid it takes."""

    title: str
    description: str
    span: int
    height: int


class Section(NamedTuple):
    """A row of the dashboard: its title and its panels."""

    title: str
    panels: Iterable[Builder[dashboard.Panel]]


def lines(
    title: str, description: str, *queries: Query, look: Look, span: int = 8
) -> Builder[dashboard.Panel]:
    """Return a graph over time."""
    panel = timeseries.Panel().fill_opacity(60 if look.stacked else 8).line_width(1)
    panel = panel.show_points(common.VisibilityMode.NEVER).axis_soft_min(0)
    panel = panel.legend(
        common_builder.VizLegendOptions()
        .display_mode(common.LegendDisplayMode.TABLE)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["lastNotNull", "max"])
    )
    panel = panel.tooltip(
        common_builder.VizTooltipOptions()
        .mode(common.TooltipDisplayMode.MULTI)
        .sort(common.SortOrder.DESCENDING)
    )
    if look.stacked:
        panel = panel.stacking(common_builder.StackingConfig().mode(common.StackingMode.NORMAL))
    return _finished(panel, Frame(title, description, span, 8), queries, look)


def rows(
    title: str, description: str, *queries: Query, by: str, span: int = 24
) -> Builder[dashboard.Panel]:
    """Return a table with a row for each value of a label, and a column for the latest of each query."""
    panel = table.Panel().transformations(
        [
            dashboard.DataTransformerConfig(
                id_val="joinByField", options={"byField": by, "mode": "outer"}
            )
        ]
    )
    frame = Frame(title, description, span, 10)
    finished: Any = _finished(panel, frame, queries, Look())
    for target in finished.build().targets or ():
        target.format = PromQueryFormat.TABLE
        target.instant, target.range = True, False
    return cast("Builder[dashboard.Panel]", finished)


def number(
    title: str,
    description: str,
    *queries: Query,
    look: Look,
    span: int = 4,
    meanings: Iterable[dashboard.ValueMapping] = (),
) -> Builder[dashboard.Panel]:
    """Return the latest value in large figures."""
    panel = stat.Panel().graph_mode(common.BigValueGraphMode.AREA).reduce_options(_latest())
    panel = panel.text_mode(common.BigValueTextMode.AUTO).mappings(list(meanings))
    panel = panel.color_mode(common.BigValueColorMode.NONE)
    return _finished(panel, Frame(title, description, span, 4), queries, look)


def name(title: str, description: str, query: Query, *, span: int = 4) -> Builder[dashboard.Panel]:
    """Return what the legend of a series says, in large letters."""
    panel = stat.Panel().text_mode(common.BigValueTextMode.NAME).reduce_options(_latest())
    panel = panel.graph_mode(common.BigValueGraphMode.NONE)
    panel = panel.color_mode(common.BigValueColorMode.NONE)
    return _finished(panel, Frame(title, description, span, 4), (query,), Look())


def dial(title: str, description: str, query: Query, *, span: int = 6) -> Builder[dashboard.Panel]:
    """Return a share from nothing to all as a dial."""
    panel = gauge.Panel().reduce_options(_latest()).show_threshold_markers(False)
    panel = panel.min(0).max(1)
    return _finished(
        panel, Frame(title, description, span, 8), (query,), Look("percentunit", decimals=4)
    )


def slices(
    title: str, description: str, query: Query, *, span: int = 8
) -> Builder[dashboard.Panel]:
    """Return shares of a whole as a pie."""
    panel = piechart.Panel().reduce_options(_latest())
    panel = panel.legend(
        piechart.PieChartLegendOptions()
        .display_mode(common.LegendDisplayMode.TABLE)
        .placement(common.LegendPlacement.RIGHT)
        .show_legend(True)
    )
    return _finished(panel, Frame(title, description, span, 8), (query,), Look())


def heat(title: str, description: str, query: Query, *, span: int = 12) -> Builder[dashboard.Panel]:
    """Return the buckets of a histogram over time; the darker, the more."""
    panel = heatmap.Panel().calculate(False).y_axis(heatmap.YAxisConfig().unit("s"))
    panel = panel.color(
        heatmap.HeatmapColorOptions()
        .mode(HeatmapColorMode.SCHEME)
        .scheme("Oranges")
        .exponent(0.5)
        .steps(64)
    )
    panel = panel.show_legend().cell_gap(1)
    return _finished(panel, Frame(title, description, span, 8), (query,), Look("reqps"))


def beyond(seconds: float, text: str) -> dashboard.ValueMapping:
    """Return the mapping that shows a text instead of anything from so many seconds on."""
    return dashboard.RangeMap(
        dashboard.DashboardRangeMapOptions(
            from_val=seconds, to=None, result=dashboard.ValueMappingResult(text=text)
        )
    )


def meaning(texts: dict[str, str]) -> dashboard.ValueMapping:
    """Return the mapping that shows texts for exact values."""
    return dashboard.ValueMap(
        {value: dashboard.ValueMappingResult(text=text) for value, text in texts.items()}
    )


def board(
    uid: str, title: str, description: str, *sections: Section, since: str, refresh: str
) -> dashboard.Dashboard:
    """Return a dashboard of these sections, with the choice of nodes at its top."""
    made = dashboard_builder.Dashboard(title).uid(uid).description(description)
    made = made.tags(["idnode"]).timezone("browser").time(since, "now").refresh(refresh)
    made = made.tooltip(dashboard.DashboardCursorSync.CROSSHAIR).readonly()
    made = made.with_variable(
        dashboard_builder.QueryVariable("instance")
        .label("Node")
        .query("label_values(idnode_build_info, instance)")
        .datasource(SOURCE)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(dashboard.VariableOption(selected=True, text="All", value="$__all"))
    )
    made = made.annotation(
        dashboard_builder.AnnotationQuery()
        .name("Injected faults")
        .datasource(SOURCE)
        .enable(True)
        .icon_color("orange")
        .expr(
            "sum by (fault) (increase(idnode_injected_faults_total{$NODES}[$__interval])) > 0".replace(
                "$NODES", NODES
            )
        )
    )
    made = made.annotation(
        dashboard_builder.AnnotationQuery()
        .name("Load tests")
        .datasource(SOURCE)
        .enable(True)
        .icon_color("blue")
        .expr("sum by (job) (idnode_load_users) > 0")
    )
    for section in sections:
        made = made.with_row(dashboard_builder.Row(section.title))
        for panel in section.panels:
            made = made.with_panel(panel)
    built = made.build()
    for identity, placed in zip(count(1), built.panels or (), strict=False):
        placed.id_val = identity
    return built


def _latest() -> common_builder.ReduceDataOptions:
    return common_builder.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def _finished(
    panel: Any, frame: Frame, queries: Iterable[Query], look: Look
) -> Builder[dashboard.Panel]:
    """Give a panel what every panel has."""
    panel = panel.title(frame.title).description(frame.description).datasource(SOURCE)
    panel = panel.unit(look.unit).no_value(look.empty).span(frame.span).height(frame.height)
    if look.decimals is not None:
        panel = panel.decimals(look.decimals)
    if look.ceiling is not None:
        panel = panel.max(look.ceiling)
    heats = isinstance(panel, heatmap.Panel)
    for letter, query in zip("ABCDEFGH", queries, strict=False):
        target = prometheus.Dataquery().ref_id(letter).datasource(SOURCE).range()
        target = target.expr(Template(query.expression).safe_substitute(NODES=NODES))
        target = target.legend_format(query.legend)
        target = target.format(PromQueryFormat.HEATMAP if heats else PromQueryFormat.TIME_SERIES)
        panel = panel.with_target(target)
    finished: Builder[dashboard.Panel] = panel
    return finished
