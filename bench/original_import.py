"""The original's way of importing SKUs, measured: Django's ORM reads a row and saves it, each in a transaction of its own.

`python3 original_import.py SKUS OFFERS_PER_GOOD` with libpq's variables; prints the seconds that offers, prices and rests took.
The rows that have to be there before are made by `import-original.ts`.

Written after variant_import.py of FREESPORT-B2B at 44cfaed: an offer looks for its product (kept in a dictionary), its variant
and its sku and is saved; a price record looks for its variant and for each price type; a rest takes the variant from the
dictionary, saves it and reads its product. Left out in its favour: the DOM, goods, images, attributes of characteristics (four
more statements each), the colour dictionary, and eight indexes of its table.
"""

import os
import sys
import time
from decimal import Decimal

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
            "USER": os.environ["PGUSER"],
            "NAME": os.environ["PGDATABASE"],
            "OPTIONS": {"passfile": os.environ["PGPASSFILE"]},
        }
    },
    USE_TZ=True,
)
django.setup()

from django.db import models  # noqa: E402
from django.db.models import Value  # noqa: E402
from django.db.models.functions import Concat  # noqa: E402
from django.utils import timezone  # noqa: E402

PRICE_FIELDS = ("retail_price", "opt1_price", "opt2_price", "opt3_price", "trainer_price", "rrp")
PROGRESS_EVERY = 20


class Table(models.Model):
    id = models.BigAutoField(primary_key=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
        app_label = "original"


class Product(Table):
    name = models.CharField(max_length=300)
    slug = models.CharField(max_length=255)
    description = models.TextField()
    onec_id = models.CharField(max_length=100)
    is_active = models.BooleanField()
    sync_status = models.CharField(max_length=20)
    last_sync_at = models.DateTimeField(null=True)

    class Meta(Table.Meta):
        db_table = "products"


class ProductVariant(Table):
    product = models.ForeignKey(Product, models.DO_NOTHING)
    sku_identity_id = models.BigIntegerField()
    sku = models.CharField(max_length=100)
    onec_id = models.CharField(max_length=100)
    name = models.CharField(max_length=300)
    color_name = models.CharField(max_length=100)
    size_value = models.CharField(max_length=200)
    retail_price = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    opt1_price = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    opt2_price = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    opt3_price = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    trainer_price = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    rrp = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    stock_quantity = models.IntegerField(default=0)
    is_active = models.BooleanField(default=True)
    last_sync_at = models.DateTimeField(null=True)

    class Meta(Table.Meta):
        db_table = "product_variants"
        ordering = ("color_name", "size_value")


class PriceType(Table):
    onec_id = models.CharField(max_length=100)
    product_field = models.CharField(max_length=50)
    is_active = models.BooleanField()

    class Meta(Table.Meta):
        db_table = "price_types"


class ImportSession(Table):
    report = models.TextField()

    class Meta(Table.Meta):
        db_table = "import_sessions"


class OriginalImport:
    def __init__(self, offers_per_good):
        self.offers_per_good = offers_per_good
        self.products = {}
        self.variants = {}

    def save_offer(self, n):
        good_id = f"g{n // self.offers_per_good}"
        product = self.products.get(good_id)
        if product is None:
            product = self.products[good_id] = Product.objects.filter(onec_id=good_id).first()
        onec_id = offer_id(n)
        if ProductVariant.objects.filter(onec_id=onec_id).first() is not None:
            raise SystemExit(f"{onec_id} is there already")
        if ProductVariant.objects.filter(sku=f"SKU-{n}").exists():
            raise SystemExit(f"SKU-{n} is there already")
        ProductVariant(
            product=product,
            sku_identity_id=n + 1,
            sku=f"SKU-{n}",
            onec_id=onec_id,
            name="variant",
            color_name="Синий",
            size_value="35",
            retail_price=Decimal(0),
        ).save()
        if not product.is_active:
            product.is_active = True
            product.sync_status = "in_progress"
            product.save(update_fields=["is_active", "sync_status"])

    def save_prices(self, n):
        variant = self.variant(n)
        changed = []
        for field in PRICE_FIELDS:
            price_type = PriceType.objects.filter(onec_id=f"t{field}", is_active=True).first()
            setattr(variant, price_type.product_field, Decimal("100.50"))
            changed.append(price_type.product_field)
        variant.last_sync_at = timezone.now()
        variant.save(update_fields=[*changed, "last_sync_at"])

    def save_rest(self, n):
        variant = self.variant(n)
        variant.stock_quantity = n
        variant.last_sync_at = timezone.now()
        variant.save(update_fields=["stock_quantity", "last_sync_at"])
        product = variant.product
        if product.sync_status != "completed":
            product.sync_status = "completed"
            product.last_sync_at = timezone.now()
            product.save(update_fields=["sync_status", "last_sync_at"])

    def variant(self, n):
        onec_id = offer_id(n)
        if onec_id not in self.variants:
            self.variants[onec_id] = ProductVariant.objects.filter(onec_id=onec_id).first()
        return self.variants[onec_id]


def offer_id(n):
    return f"00000000-0000-4000-8000-{n:012d}#00000000-0000-4000-9000-{n:012d}"


def main():
    skus, offers_per_good = int(sys.argv[1]), int(sys.argv[2])
    session = ImportSession.objects.latest("id")
    importer = OriginalImport(offers_per_good)
    started_at = time.perf_counter()
    for save in (importer.save_offer, importer.save_prices, importer.save_rest):
        for n in range(skus):
            save(n)
            if n % PROGRESS_EVERY == 0:
                ImportSession.objects.filter(pk=session.pk).update(
                    report=Concat("report", Value(f"record {n}\n")), updated_at=timezone.now()
                )
    print(time.perf_counter() - started_at)


main()
