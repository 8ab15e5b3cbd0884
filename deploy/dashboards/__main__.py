"""Write every dashboard into deploy/grafana/dashboards, and with the rules into deploy/kubernetes."""

from deploy.dashboards import manifests
from deploy.dashboards.rendering import FOLDER, rendered

for name, text in rendered().items():
    (FOLDER / name).write_text(text, encoding="utf-8")
for name, text in manifests.manifests().items():
    (manifests.FOLDER / name).write_text(text, encoding="utf-8")
