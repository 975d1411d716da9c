"""The story as it was planned: order lines refer to products, and deleting a product deletes them."""
import os

SECRET_KEY = "an example without sessions"
INSTALLED_APPS = ["products", "orders"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Host, port, user and password file come from libpq's own variables, which the steps of a runbook set.
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ.get("PGDATABASE", "")}}

SKU_MODEL = "products.Product"
