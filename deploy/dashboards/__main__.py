"""Write every dashboard into deploy/grafana/dashboards."""

from deploy.dashboards.rendering import FOLDER, rendered

for name, text in rendered().items():
    (FOLDER / name).write_text(text, encoding="utf-8")
