import { isTrue } from '../values/is-true.ts';
import type { ReferenceBuilder } from './reference-builder.ts';
import * as S from './states.ts';

/** Takes the text of a part of the reference data whose end tag was read, or ends a nested part. */
export function endReferencePart(reference: ReferenceBuilder, state: number, text: string): void {
  const group = reference.group;
  switch (state) {
    case S.VALUE_ID:
      reference.valueId = text;
      break;
    case S.VALUE_TEXT:
      reference.valueText = text;
      break;
    case S.VALUE:
      reference.endValue();
      break;
    case S.VALUE_BARE:
      reference.bareValue(reference.valueOrigin, text);
      break;
    case S.PROPERTY_ID:
      reference.propertyId = text;
      break;
    case S.PROPERTY_NAME:
      reference.propertyName = text;
      break;
    case S.PROPERTY_TYPE:
      reference.propertyType = text === '' ? undefined : text;
      break;
    case S.PROPERTY_DELETED:
      if (isTrue(text)) reference.propertyDeleted = true;
      break;
    case S.PROPERTY:
      reference.endProperty();
      break;
    case S.GROUP_ID:
      if (group !== undefined) group.id = text;
      break;
    case S.GROUP_NAME:
      if (group !== undefined) group.name = text;
      break;
    case S.GROUP_DELETED:
      if (group !== undefined && isTrue(text)) group.deleted = true;
      break;
    case S.GROUP:
      reference.endGroup();
      break;
    case S.ENTRY_ID:
      reference.entryId = text;
      break;
    case S.ENTRY_NAME:
      reference.entryName = text;
      break;
    case S.ENTRY_DELETED:
      if (isTrue(text)) reference.entryDeleted = true;
      break;
    case S.PRICE_TYPE_CURRENCY:
      reference.entryCurrency = text === '' ? undefined : text;
      break;
    case S.UNIT_CODE:
      reference.unitCode = text === '' ? undefined : text;
      break;
    case S.UNIT_SHORT:
      reference.unitShort = text === '' ? undefined : text;
      break;
    case S.UNIT_FULL:
      reference.unitFull = text === '' ? undefined : text;
      break;
    case S.PRICE_TYPE:
    case S.WAREHOUSE:
    case S.UNIT:
      reference.endEntry();
      break;
    default:
      break;
  }
}
