import type { CommerceMlRecord, GroupRecord, Origin, PropertyValueRecord } from '../records.ts';
import type { DataWarnings } from './data-warnings.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NOWHERE: Origin = { file: '', offset: 0 };

/**
 * Collects the reference data: groups, properties with their dictionaries, price types, warehouses, units.
 * A whole tree under one root group and a whole dictionary are held until their end tag, since a parent's id
 * may follow its children; both are small beside the goods (the largest real tree seen has 119 groups).
 */
export class ReferenceBuilder {
  entryKind: 'priceType' | 'warehouse' | 'unit' = 'priceType';
  entryOrigin: Origin = NOWHERE;
  entryId = '';
  entryName = '';
  entryDeleted = false;
  entryCurrency: string | undefined;
  unitCode: string | undefined;
  unitShort: string | undefined;
  unitFull: string | undefined;
  propertyOrigin: Origin = NOWHERE;
  propertyId = '';
  propertyName = '';
  propertyType: string | undefined;
  propertyDeleted = false;
  valueOrigin: Origin = NOWHERE;
  valueId = '';
  valueText = '';
  #values: Mutable<PropertyValueRecord>[] = [];
  /** The open groups, outermost first. */
  readonly #path: Mutable<GroupRecord>[] = [];
  /** The tree in document order: a parent before its children. */
  #tree: Mutable<GroupRecord>[] = [];
  readonly #parents = new Map<GroupRecord, GroupRecord>();
  readonly #emit: (record: CommerceMlRecord) => void;
  readonly #warnings: DataWarnings;

  constructor(emit: (record: CommerceMlRecord) => void, warnings: DataWarnings) {
    this.#emit = emit;
    this.#warnings = warnings;
  }

  /** The innermost open group. */
  get group(): Mutable<GroupRecord> | undefined {
    return this.#path[this.#path.length - 1];
  }

  startGroup(origin: Origin, deleted: boolean): void {
    const parent = this.group;
    const group: Mutable<GroupRecord> = {
      kind: 'group',
      origin,
      id: '',
      name: '',
      parentId: undefined,
      depth: this.#path.length + 1,
      deleted,
    };
    if (parent !== undefined) this.#parents.set(group, parent);
    this.#path.push(group);
    this.#tree.push(group);
  }

  endGroup(): void {
    this.#path.pop();
    if (this.#path.length > 0) return;
    for (const group of this.#tree) this.#emitGroup(group);
    this.#tree = [];
    this.#parents.clear();
  }

  #emitGroup(group: Mutable<GroupRecord>): void {
    const parent = this.#parents.get(group);
    if (parent !== undefined) group.parentId = parent.id === '' ? parent.parentId : parent.id;
    group.id = this.#warnings.id(group.id, "the group's Ид", group.origin, group.id);
    if (group.id === '') {
      this.#warnings.add(
        'missing-id',
        group.origin,
        'a Группа without Ид: dropped, children move up',
        group.name,
      );
      return;
    }
    this.#checkName(group.name, group.origin, group.id, group.deleted);
    this.#emit(group);
  }

  startProperty(origin: Origin, deleted: boolean): void {
    this.propertyOrigin = origin;
    this.propertyId = '';
    this.propertyName = '';
    this.propertyType = undefined;
    this.propertyDeleted = deleted;
    this.#values = [];
  }

  endProperty(): void {
    const { propertyOrigin: origin } = this;
    const id = this.#warnings.id(this.propertyId, "the property's Ид", origin, this.propertyId);
    if (id === '') {
      const message = `a Свойство without Ид: dropped with ${this.#values.length} values`;
      this.#warnings.add('missing-id', origin, message, this.propertyName);
      return;
    }
    this.#checkName(this.propertyName, origin, id, this.propertyDeleted);
    this.#emit({
      kind: 'property',
      origin,
      id,
      name: this.propertyName,
      valueType: this.propertyType,
      deleted: this.propertyDeleted,
    });
    for (const value of this.#values) {
      value.propertyId = id;
      this.#emit(value);
    }
    this.#values = [];
  }

  startValue(origin: Origin): void {
    this.valueOrigin = origin;
    this.valueId = '';
    this.valueText = '';
  }

  endValue(): void {
    // Not trimmed: goods refer to it by a value, which may as well be a text of its own.
    const { valueOrigin: origin, valueId: id, valueText: value } = this;
    // Real exports hold empty pairs; they are rows of the file, and reported.
    if (isBlank(id)) {
      const message = `a dictionary value ${JSON.stringify(value)} without ИдЗначения`;
      this.#warnings.add('missing-id', origin, message, this.propertyId);
    }
    this.#warnings.padded(value, 'a dictionary value', origin, id);
    this.#warnings.marker(value, 'a dictionary value', origin, id);
    this.#warnings.html(value, 'a dictionary value', origin, id);
    this.#values.push({ kind: 'propertyValue', origin, propertyId: '', id, value });
  }

  /** `ВариантыЗначений/Значение`: a literal without an id, which no good can refer to. */
  bareValue(origin: Origin, value: string): void {
    const message = `the dictionary value ${JSON.stringify(value)} has no ИдЗначения: dropped`;
    this.#warnings.add('missing-id', origin, message, this.propertyId);
  }

  startEntry(kind: 'priceType' | 'warehouse' | 'unit', origin: Origin, deleted: boolean): void {
    this.entryKind = kind;
    this.entryOrigin = origin;
    this.entryId = '';
    this.entryName = '';
    this.entryDeleted = deleted;
    this.entryCurrency = undefined;
    this.unitCode = undefined;
    this.unitShort = undefined;
    this.unitFull = undefined;
  }

  endEntry(): void {
    const { entryOrigin: origin, entryName: name, entryDeleted: deleted } = this;
    if (this.entryKind === 'unit') {
      this.#endUnit();
      return;
    }
    const id = this.#warnings.id(this.entryId, 'the Ид', origin, this.entryId);
    if (id === '') {
      this.#warnings.add('missing-id', origin, `a ${this.entryKind} without Ид: dropped`, name);
      return;
    }
    this.#checkName(name, origin, id, deleted);
    if (this.entryKind === 'warehouse') this.#emit({ kind: 'warehouse', origin, id, name, deleted });
    else this.#emit({ kind: 'priceType', origin, id, name, currency: this.entryCurrency, deleted });
  }

  /** A unit without an id is kept: one of FREESPORT's eighteen is so, and it is a row of the file. */
  #endUnit(): void {
    const { entryOrigin: origin, entryId: id } = this;
    if (isBlank(id))
      this.#warnings.add('missing-id', origin, 'an ЕдиницаИзмерения without Ид', this.unitShort);
    this.#warnings.padded(id, "the unit's Ид", origin, id);
    this.#warnings.padded(this.unitFull ?? '', "the unit's name", origin, id);
    this.#emit({
      kind: 'unit',
      origin,
      id,
      code: this.unitCode,
      shortName: this.unitShort,
      fullName: this.unitFull,
    });
  }

  #checkName(name: string, origin: Origin, id: string, deleted: boolean): void {
    if (isBlank(name)) {
      if (!deleted) this.#warnings.add('missing-name', origin, 'no Наименование: kept without a name', id);
      return;
    }
    this.#warnings.padded(name, 'the name', origin, id);
  }
}

/** Empty or only white space: one unit of the real export has the id "    ". */
function isBlank(text: string): boolean {
  return text.trim() === '';
}
