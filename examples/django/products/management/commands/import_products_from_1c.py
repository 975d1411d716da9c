import json
from pathlib import Path
from xml.etree import ElementTree

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from products.models import Product, ProductVariant

NS = "{urn:1C.ru:commerceml_3}"


def text(element, tag):
    value = element.findtext(NS + tag)
    if value is None:
        raise CommandError(f"{element.tag.removeprefix(NS)} has no {tag}")
    return value


class Command(BaseCommand):
    help = "Imports goods.xml and offers.xml of an exchange folder. Safe to repeat."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path)
        parser.add_argument("--full", action="store_true", help="required: only whole catalogues are imported")

    @transaction.atomic
    def handle(self, *args, folder, full, **options):
        if not full:
            raise CommandError("only whole catalogues are imported: add --full")
        products = {}
        for good in ElementTree.parse(folder / "goods.xml").iter(NS + "Товар"):
            onec_id = text(good, "Ид")
            products[onec_id], _ = Product.objects.update_or_create(
                onec_id=onec_id, defaults={"name": text(good, "Наименование")}
            )
        offers = 0
        for offer in ElementTree.parse(folder / "offers.xml").iter(NS + "Предложение"):
            onec_id = text(offer, "Ид")
            name = text(offer, "Наименование")
            ProductVariant.objects.update_or_create(
                onec_id=onec_id,
                defaults={
                    "product": products[onec_id.partition("#")[0]],
                    "sku": text(offer, "Артикул"),
                    "retail_price": text(offer, f"Цены/{NS}Цена/{NS}ЦенаЗаЕдиницу"),
                    "stock_quantity": int(text(offer, "Количество")),
                },
            )
            if settings.SKU_MODEL == "orders.SkuIdentity":
                # A known SKU keeps its identity and with it its order lines; a new one gets the next.
                apps.get_model(settings.SKU_MODEL).objects.get_or_create(onec_id=onec_id, defaults={"name": name})
            offers += 1
        self.stdout.write(json.dumps({"products": len(products), "variants": offers}))
