"""A trace for people: a few lines a hop, in the manner of ``dig +trace``."""

from idnode.clients.tracing.trace import End, Hop, Trace


def format_trace(trace: Trace) -> str:
    """Return a trace as text, ending in a line end."""
    lines = [f";; TRACE OF {trace.handle}", ""]
    for number, hop in enumerate(trace.hops, start=1):
        lines += _hop(number, hop)
    return "\n".join([*lines, "", _end(trace)]) + "\n"


def _hop(number: int, hop: Hop) -> list[str]:
    indent = "  " * hop.depth
    name = f"{hop.node or '-'} ({hop.role or 'unknown role'})"
    came = f"no answer: {hop.failure}" if hop.failure else _answer(hop)
    lines = [f"{indent}{number:>2}  {name}  {hop.server}  {came}"]
    told = [hop.rule, f"cache {hop.cache}" if hop.cache else "", f"asked for {hop.question}"]
    lines.append(f"{indent}    {'; '.join(filter(None, told))}")
    lines += [f"{indent}    → {server}" for server in hop.refers_to]
    return lines


def _answer(hop: Hop) -> str:
    values = f", {hop.values} values" if hop.values else ""
    return (
        f"{hop.transport}  {hop.response_code} {hop.response}{values}  {hop.seconds * 1000:.2f} ms"
    )


def _end(trace: Trace) -> str:
    hops = f"{len(trace.hops)} hop{'' if len(trace.hops) == 1 else 's'}"
    milliseconds = sum(hop.seconds for hop in trace.hops if not hop.depth) * 1000
    took = f"{hops}, {milliseconds:.2f} ms"
    if trace.end is End.ANSWERED:
        return f";; ANSWERED: {took}"
    return f";; {trace.end.upper()}: {trace.why}; {took}"
