from django.db import models


class Product(models.Model):
    onec_id = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=300)

    class Meta:
        db_table = "products"


class ProductVariant(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    onec_id = models.CharField(max_length=100, unique=True)
    sku = models.CharField(max_length=100, unique=True)
    color_name = models.CharField(max_length=100, default="", blank=True)
    retail_price = models.DecimalField(max_digits=10, decimal_places=2)
    stock_quantity = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "product_variants"


class ColorMapping(models.Model):
    name = models.CharField(max_length=100, unique=True)
    hex_code = models.CharField(max_length=7)

    class Meta:
        db_table = "color_mappings"
