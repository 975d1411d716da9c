from django.db import migrations, models


class Migration(migrations.Migration):
    """Every SKU is a Product: price and stock stand in its row."""

    initial = True
    operations = [
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID")),
                ("onec_id", models.CharField(max_length=100, unique=True)),
                ("name", models.CharField(max_length=300)),
                ("sku", models.CharField(max_length=100, unique=True)),
                ("retail_price", models.DecimalField(max_digits=10, decimal_places=2)),
                ("stock_quantity", models.PositiveIntegerField(default=0)),
            ],
            options={"db_table": "products"},
        ),
    ]
