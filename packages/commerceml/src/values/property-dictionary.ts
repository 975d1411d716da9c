import type { CommerceMlRecord, PropertyRef } from '../records.ts';
import { emptyMarker } from './empty-marker.ts';
import { cleanLine } from './text.ts';

const COLOR_NAME = /^(?:цвет|color|colour|окраска|расцветка)$/i;
const SIZE_NAME = /^(?:размер|size)$/i;

/**
 * The properties of an exchange with their dictionaries, to resolve `ЗначенияСвойств`. Names are not unique (23
 * properties called `Цвет` in the real export), so everything goes by id.
 *
 * @example
 * const properties = new PropertyDictionary();
 * for await (const record of readExchange(dir)) properties.add(record);
 * properties.resolve({ id: 'Бренд', value: brandId }) // 'Espado'
 */
export class PropertyDictionary {
  readonly #names = new Map<string, string>();
  readonly #values = new Map<string, Map<string, string>>();
  /** Ids of the properties that hold a colour, and of those that hold a size. */
  readonly colorIds = new Set<string>();
  readonly sizeIds = new Set<string>();

  /** Takes note of `property` and `propertyValue` records, ignores others. Repetition does no harm. */
  add(record: CommerceMlRecord): void {
    if (record.kind === 'property') {
      const name = cleanLine(record.name);
      this.#names.set(record.id, name);
      if (COLOR_NAME.test(name)) this.colorIds.add(record.id);
      if (SIZE_NAME.test(name)) this.sizeIds.add(record.id);
    } else if (record.kind === 'propertyValue') {
      const values = this.#values.get(record.propertyId);
      if (values === undefined) this.#values.set(record.propertyId, new Map([[record.id, record.value]]));
      else values.set(record.id, record.value);
    }
  }

  /** The name of a property. */
  name(id: string): string | undefined {
    return this.#names.get(id);
  }

  /** The text of a pair: the dictionary's value, or the literal; undefined for the markers of "nothing". */
  resolve(ref: PropertyRef): string | undefined {
    if (ref.value === '') return undefined;
    const text = this.#values.get(ref.id)?.get(ref.value);
    if (text !== undefined) return text;
    const marker = emptyMarker(ref.value);
    if (marker !== undefined && marker !== 'placeholder') return undefined;
    // A guid that no dictionary knows is a dangling reference, not a text.
    return GUID.test(ref.value) ? undefined : ref.value;
  }
}

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
