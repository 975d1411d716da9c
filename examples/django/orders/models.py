from django.conf import settings
from django.db import models


class Order(models.Model):
    order_number = models.CharField(max_length=50, unique=True)
    total_amount = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        db_table = "orders"


class OrderItem(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE)
    product = models.ForeignKey(settings.SKU_MODEL, on_delete=models.CASCADE)
    quantity = models.PositiveIntegerField()
    product_name = models.CharField(max_length=300)

    class Meta:
        db_table = "order_items"


class CartItem(models.Model):
    product = models.ForeignKey(settings.SKU_MODEL, on_delete=models.CASCADE)
    quantity = models.PositiveIntegerField()

    class Meta:
        db_table = "cart_items"


if settings.SKU_MODEL == "orders.SkuIdentity":

    class SkuIdentity(models.Model):
        """What was ever sold under which id. Nothing deletes from it."""

        onec_id = models.CharField(max_length=100, unique=True)
        name = models.CharField(max_length=300)

        class Meta:
            db_table = "sku_identities"
