"""Rollcall as Prometheus and Grafana see it: what tools/monitoring checks."""
