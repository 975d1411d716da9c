import { isTrue } from '../values/is-true.ts';
import type { ItemBuilder } from './item-builder.ts';
import { withItem } from './item-lists.ts';
import * as S from './states.ts';

/** Takes the text of a part of a `Товар` or `Предложение` whose end tag was read, or ends a nested part. */
export function endItemPart(item: ItemBuilder, state: number, text: string): void {
  switch (state) {
    case S.PAIR_NAME:
      item.pairName = text;
      break;
    case S.PAIR_VALUE:
      item.pairValues.push(text);
      break;
    case S.REF_ID:
      item.refId = text;
      break;
    case S.REF_VALUE:
      item.refValues.push(text);
      break;
    case S.REF:
      item.endRef();
      break;
    case S.CHARACTERISTIC:
      item.endCharacteristic();
      break;
    case S.REQUISITE:
      item.endRequisite();
      break;
    case S.PRICE_TYPE_ID:
      item.priceTypeId = text;
      break;
    case S.PRICE_AMOUNT:
      item.priceAmount = text;
      break;
    case S.PRICE_CURRENCY:
      item.priceCurrency = text === '' ? undefined : text;
      break;
    case S.PRICE_MIN_QUANTITY:
      item.priceMinQuantity = text;
      break;
    case S.PRICE:
      item.endPrice();
      break;
    case S.REST_STORE_ID:
      item.stock.restWarehouseId = text;
      break;
    case S.REST_WAREHOUSE_ID:
    case S.ITEM_WAREHOUSE_ID:
      item.stock.warehouseId = text;
      break;
    case S.REST_WAREHOUSE_QUANTITY:
    case S.ITEM_WAREHOUSE_QUANTITY:
      item.stock.warehouseQuantity = text;
      break;
    case S.REST_WAREHOUSE:
      item.stock.endWarehouse();
      break;
    case S.ITEM_WAREHOUSE:
      item.stock.endItemWarehouse();
      break;
    case S.REST_QUANTITY:
      item.stock.restQuantity = text;
      break;
    case S.REST:
      item.stock.endRest();
      break;
    case S.ITEM_QUANTITY:
      item.hadPricesOrRests = true;
      item.stock.totalQuantity = text;
      break;
    case S.ITEM_ID:
      item.id = text;
      break;
    case S.ITEM_CHARACTERISTIC_ID:
      item.characteristicId = text;
      break;
    case S.ITEM_NAME:
      item.name = text;
      break;
    case S.ITEM_ARTICLE:
      item.article = text;
      break;
    case S.ITEM_BARCODE:
      item.barcode = text;
      break;
    case S.ITEM_DELETED:
      if (isTrue(text)) item.deleted = true;
      break;
    case S.ITEM_DESCRIPTION:
      item.description = text;
      break;
    case S.ITEM_IMAGE:
      if (text !== '') item.images = withItem(item.images, text);
      break;
    case S.ITEM_UNIT:
      // 2.x writes the code as an attribute and the short name as text, 3.x the code as text.
      if (item.unit === undefined) item.unit = text;
      break;
    case S.ITEM_GROUP_ID:
      item.addGroupId(text);
      break;
    case S.MAKER_ID:
      item.makerId = text;
      break;
    case S.MAKER_NAME:
      item.makerName = text;
      break;
    case S.TAX_NAME:
      item.taxName = text;
      break;
    case S.TAX_RATE:
      item.taxRate = text;
      break;
    case S.TAX:
      if (item.taxName === 'НДС' || item.taxName === '') item.vat = item.taxRate;
      break;
    case S.ITEM:
      item.end();
      break;
    default:
      break;
  }
}
