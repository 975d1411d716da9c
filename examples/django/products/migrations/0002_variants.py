import django.db.models.deletion
from django.db import migrations, models

COLORS = {"Белый": "#FFFFFF", "Черный": "#000000", "Красный": "#FF0000", "Синий": "#0000FF"}


def add_colors(apps, _schema_editor):
    mapping = apps.get_model("products", "ColorMapping")
    mapping.objects.bulk_create(mapping(name=name, hex_code=code) for name, code in COLORS.items())


class Migration(migrations.Migration):
    """As in the story: the columns are dropped and no data is copied, since 1C gives the catalogue back."""

    dependencies = [("products", "0001_legacy")]
    operations = [
        migrations.RemoveField(model_name="product", name="sku"),
        migrations.RemoveField(model_name="product", name="retail_price"),
        migrations.RemoveField(model_name="product", name="stock_quantity"),
        migrations.CreateModel(
            name="ProductVariant",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="variants", to="products.product"
                    ),
                ),
                ("onec_id", models.CharField(max_length=100, unique=True)),
                ("sku", models.CharField(max_length=100, unique=True)),
                ("color_name", models.CharField(max_length=100, default="", blank=True)),
                ("retail_price", models.DecimalField(max_digits=10, decimal_places=2)),
                ("stock_quantity", models.PositiveIntegerField(default=0)),
            ],
            options={"db_table": "product_variants"},
        ),
        migrations.CreateModel(
            name="ColorMapping",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("hex_code", models.CharField(max_length=7)),
            ],
            options={"db_table": "color_mappings"},
        ),
        migrations.RunPython(add_colors, migrations.RunPython.noop),
    ]
