"""The loop-lag probe keeps these promises: the worst delay of the last window shows, older ones fade."""

from idnode.node.ops.lag import WINDOW_SECONDS, LagProbe


class _HandClock:
    def now(self):
        return 0.0

    def elapsed(self):
        return 0.0


def test_the_worst_delay_is_shown_until_two_windows_have_passed():
    probe = LagProbe(_HandClock())
    probe.observe(0.0, 0.5)
    probe.observe(1.0, 0.1)
    assert probe.seconds() == 0.5
    probe.observe(WINDOW_SECONDS, 0.2)
    assert probe.seconds() == 0.5
    probe.observe(2 * WINDOW_SECONDS, 0.1)
    assert probe.seconds() == 0.2
