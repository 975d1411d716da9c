import django.db.models.deletion
from django.db import migrations, models

ID = ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID"))


def product():
    # The cascade lives in Django: the constraint in the database has no ON DELETE.
    return ("product", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="products.product"))


class Migration(migrations.Migration):
    initial = True
    dependencies = [("products", "0001_legacy")]
    operations = [
        migrations.CreateModel(
            name="Order",
            fields=[
                ID,
                ("order_number", models.CharField(max_length=50, unique=True)),
                ("total_amount", models.DecimalField(max_digits=10, decimal_places=2)),
            ],
            options={"db_table": "orders"},
        ),
        migrations.CreateModel(
            name="OrderItem",
            fields=[
                ID,
                ("order", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="orders.order")),
                product(),
                ("quantity", models.PositiveIntegerField()),
                ("product_name", models.CharField(max_length=300)),
            ],
            options={"db_table": "order_items"},
        ),
        migrations.CreateModel(
            name="CartItem",
            fields=[ID, product(), ("quantity", models.PositiveIntegerField())],
            options={"db_table": "cart_items"},
        ),
    ]
