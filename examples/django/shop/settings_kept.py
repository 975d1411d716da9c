"""The fix: order and cart lines refer to identities of SKUs, which the flush never touches."""
from .settings_story import *  # noqa: F403

SKU_MODEL = "orders.SkuIdentity"
MIGRATION_MODULES = {"orders": "orders.migrations_kept"}
