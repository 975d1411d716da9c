import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Lines refer to identities from now on. The identity's id is the product's, so that no line changes."""

    dependencies = [("orders", "0001_legacy"), ("products", "0001_legacy")]
    run_before = [("products", "0002_variants")]
    operations = [
        migrations.CreateModel(
            name="SkuIdentity",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID")),
                ("onec_id", models.CharField(max_length=100, unique=True)),
                ("name", models.CharField(max_length=300)),
            ],
            options={"db_table": "sku_identities"},
        ),
        migrations.RunSQL(
            [
                "INSERT INTO sku_identities (id, onec_id, name) SELECT id, onec_id, name FROM products",
                "SELECT setval(pg_get_serial_sequence('sku_identities', 'id'), (SELECT last_value FROM products_id_seq))",
            ],
            migrations.RunSQL.noop,
        ),
        *(
            migrations.AlterField(
                model_name=model,
                name="product",
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="orders.skuidentity"),
            )
            for model in ("orderitem", "cartitem")
        ),
    ]
