"""Shows in the metrics what an operator has to see to in the data directory: room, certificate, snapshots."""

from functools import partial

from idnode.node.data_directory import KEYS, SNAPSHOTS
from idnode.node.first_start.certificate import Expiry, own_certificate
from idnode.node.ops.metrics import Metrics
from idnode.node.ops.resources import newest_entry
from idnode.node.settings import Settings


def show_data_directory(settings: Settings, metrics: Metrics) -> None:
    """Have the room on its disk, the end of the certificate, and the newest snapshot's time shown at each scrape."""
    metrics.read_disk(settings.data_dir)
    certificate = settings.tls_certificate or own_certificate(settings.data_dir / KEYS)
    metrics.read_date(
        "certificate_expiry",
        "When the certificate of the HTTPS port runs out; 0: it cannot be read.",
        Expiry(certificate).seconds,
    )
    metrics.read_date(
        "snapshot",
        "When the newest snapshot in the data directory was taken; 0: there is none.",
        partial(newest_entry, settings.data_dir / SNAPSHOTS),
    )
