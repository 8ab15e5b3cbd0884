"""The Grafana dashboards, written as code; `make dashboards` makes their JSON in deploy/grafana/dashboards."""
