"""The Handle.Net HTTP JSON API (``/api/...``) and the browser redirect (``GET /{handle}``)."""
