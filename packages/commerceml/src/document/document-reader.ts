/**
 * Turns the events of the scanner into records: a table of states says where an element belongs (`states.ts`),
 * switches act on starts and ends, two builders collect. One document, one reader.
 */
import { CommerceMlError } from '../errors.ts';
import type { CommerceMlRecord, Origin, SectionName } from '../records.ts';
import { isTrue } from '../values/is-true.ts';
import type { XmlName } from '../xml/xml-name.ts';
import { TEXT_IGNORED, type TextMode, type XmlHandler, XmlScanner } from '../xml/xml-scanner.ts';
import { XmlSyntaxError } from '../xml/xml-syntax-error.ts';
import { DataWarnings } from './data-warnings.ts';
import { endItemPart } from './end-item-part.ts';
import { endReferencePart } from './end-reference-part.ts';
import { ItemBuilder } from './item-builder.ts';
import { ReferenceBuilder } from './reference-builder.ts';
import * as S from './states.ts';

/** What a document reader needs to know of its surroundings. */
export interface DocumentContext {
  /** Name for origins and errors. */
  readonly file: string;
  /** Offset in the file of an offset in the UTF-8 that is written; asked for in rising order. */
  readonly originalOffset: (utf8Offset: number) => number;
  /** Report value defects, not only what is dropped. */
  readonly valueWarnings: boolean;
  /** Gets each record when it is complete; `take` then has none. */
  readonly onRecord?: ((record: CommerceMlRecord) => void) | undefined;
}

const NAMES_PER_STATE = 256;
const UNKNOWN = -1;

/** Reads one document from UTF-8 bytes; records appear in `take()` after each `write`. */
export class DocumentReader implements XmlHandler {
  #records: CommerceMlRecord[] = [];
  readonly #context: DocumentContext;
  readonly #emit: (record: CommerceMlRecord) => void;
  readonly #scanner: XmlScanner;
  readonly #warnings: DataWarnings;
  readonly #item: ItemBuilder;
  readonly #reference: ReferenceBuilder;
  readonly #states: number[] = [S.OUTSIDE];
  #depth = 0;
  /** In an `ИзмененияПакетаПредложений`: its offers are keys with figures, and may name article and barcode as keys too. */
  #ofChanges = false;
  /** Next state by state and name index: the memory of `TRANSITIONS` look-ups. */
  readonly #next = new Int16Array(S.STATE_COUNT * NAMES_PER_STATE).fill(UNKNOWN);

  constructor(context: DocumentContext) {
    this.#context = context;
    this.#emit =
      context.onRecord ??
      ((record) => {
        this.#records.push(record);
      });
    this.#warnings = new DataWarnings(context.valueWarnings, this.#emit);
    this.#item = new ItemBuilder(this.#emit, this.#warnings);
    this.#reference = new ReferenceBuilder(this.#emit, this.#warnings);
    this.#scanner = new XmlScanner(this);
  }

  /** Offset in the UTF-8 up to which everything was read; nothing before it is referred to any more. */
  get position(): number {
    return this.#scanner.position;
  }

  /** The records since the last call. */
  take(): CommerceMlRecord[] {
    const records = this.#records;
    if (records.length > 0) this.#records = [];
    return records;
  }

  /** @throws CommerceMlError where the bytes are no well-formed CommerceML. */
  write(utf8: Uint8Array): void {
    try {
      this.#scanner.write(utf8);
    } catch (error) {
      throw this.#located(error);
    }
  }

  /** @throws CommerceMlError where the document is not complete. */
  end(): void {
    try {
      this.#scanner.end();
    } catch (error) {
      throw this.#located(error);
    }
  }

  onStart(name: XmlName, offset: number): TextMode {
    const parent = this.#states[this.#depth] as number;
    const state = parent === S.SKIP ? S.SKIP : this.#nextState(parent, name, offset);
    this.#depth += 1;
    this.#states[this.#depth] = state;
    if (state === S.SKIP) return TEXT_IGNORED;
    const mode = S.TEXT_MODES[state] as TextMode;
    if (mode !== TEXT_IGNORED) {
      if (state >= S.ITEM_NAME && state <= S.ITEM_UNIT) this.#startField(state);
      else if (state === S.ITEM_QUANTITY) this.#item.stock.totalOrigin = this.#originAt(offset);
      else if (state === S.VALUE_BARE) this.#reference.valueOrigin = this.#originAt(offset);
      return mode;
    }
    this.#startContainer(state, name, offset);
    return TEXT_IGNORED;
  }

  #startField(state: number): void {
    if (state === S.ITEM_NAME || (state !== S.ITEM_DELETED && !this.#ofChanges)) this.#item.described = true;
    if (state === S.ITEM_UNIT) this.#item.unit = this.#scanner.attributes.get('Код');
  }

  #startContainer(state: number, name: XmlName, offset: number): void {
    const item = this.#item;
    const reference = this.#reference;
    switch (state) {
      case S.PRICE:
        item.startPrice(this.#originAt(offset));
        break;
      case S.REST:
        item.stock.startRest(this.#originAt(offset));
        break;
      case S.REST_WAREHOUSE:
        item.stock.startWarehouse(this.#originAt(offset), undefined, undefined);
        break;
      case S.CHARACTERISTIC:
      case S.REQUISITE:
        item.pairName = '';
        item.pairValues.clear();
        break;
      case S.REF:
        item.refId = '';
        item.refValues.clear();
        break;
      case S.TAX:
        item.taxName = '';
        item.taxRate = '';
        break;
      case S.MAKER:
      case S.REFS:
      case S.CHARACTERISTICS:
      case S.REQUISITES:
      case S.ITEM_GROUPS:
      case S.TAXES:
        item.described = true;
        break;
      case S.PRICES:
      case S.RESTS:
        // Even where it is empty: then the Предложение is a key without prices, not an offer without a name.
        item.hadPricesOrRests = true;
        break;
      case S.ITEM:
        item.start(name.local === 'Предложение' ? 'offer' : 'good', this.#originAt(offset));
        item.deleted = this.#deletedByStatus();
        break;
      case S.ITEM_WAREHOUSE:
        this.#warehouseAttributes(offset);
        break;
      case S.VALUE:
        reference.startValue(this.#originAt(offset));
        break;
      case S.GROUP:
        reference.startGroup(this.#originAt(offset), this.#deletedByStatus());
        break;
      case S.PROPERTY:
        reference.startProperty(this.#originAt(offset), this.#deletedByStatus());
        break;
      case S.PRICE_TYPE:
        reference.startEntry('priceType', this.#originAt(offset), this.#deletedByStatus());
        break;
      case S.WAREHOUSE:
        reference.startEntry('warehouse', this.#originAt(offset), this.#deletedByStatus());
        break;
      case S.UNIT:
        reference.startEntry('unit', this.#originAt(offset), this.#deletedByStatus());
        break;
      case S.SECTION:
        this.#startSection(name.local, offset);
        break;
      case S.ROOT:
        this.#startRoot(offset);
        break;
      default:
        break;
    }
  }

  onEnd(_name: XmlName, text: string): void {
    const state = this.#states[this.#depth] as number;
    this.#depth -= 1;
    if (state === S.SKIP) return;
    if (state < S.ITEM) endReferencePart(this.#reference, state, text);
    else endItemPart(this.#item, state, text);
  }

  #nextState(parent: number, name: XmlName, offset: number): number {
    const cached =
      name.index < NAMES_PER_STATE ? (this.#next[parent * NAMES_PER_STATE + name.index] as number) : UNKNOWN;
    if (cached !== UNKNOWN) return cached;
    const state = S.TRANSITIONS[parent]?.get(name.local) ?? S.SKIP;
    if (parent === S.OUTSIDE && state === S.SKIP) {
      throw new XmlSyntaxError(
        'not-commerceml',
        `the root is <${name.qname}>, expected <КоммерческаяИнформация>`,
        offset,
      );
    }
    if (parent === S.ROOT && state === S.SKIP) {
      const message = `<${name.qname}> is no section of a catalogue exchange: skipped`;
      this.#warnings.add('unknown-section', this.#originAt(offset), message, name.local);
      return state;
    }
    if (name.index < NAMES_PER_STATE) this.#next[parent * NAMES_PER_STATE + name.index] = state;
    return state;
  }

  #startRoot(offset: number): void {
    const { attributes } = this.#scanner;
    const origin = this.#originAt(offset);
    const formedAt = attributes.get('ДатаФормирования');
    this.#emit({
      kind: 'document',
      origin,
      schema: attributes.get('ВерсияСхемы'),
      formedAt,
      exchangeNode: attributes.get('Ид'),
      namespace: attributes.get('xmlns'),
    });
    if (formedAt !== undefined && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(formedAt)) {
      this.#warnings.add('odd-date', origin, `ДатаФормирования is ${JSON.stringify(formedAt)}`, undefined);
    }
  }

  #startSection(local: string, offset: number): void {
    const only = this.#scanner.attributes.get('СодержитТолькоИзменения');
    this.#ofChanges = local === 'ИзмененияПакетаПредложений';
    const section = (this.#ofChanges ? 'ПакетПредложений' : local) as SectionName;
    const byName = this.#ofChanges ? true : undefined;
    this.#emit({
      kind: 'section',
      origin: this.#originAt(offset),
      section,
      changesOnly: only === undefined ? byName : isTrue(only),
    });
  }

  #warehouseAttributes(offset: number): void {
    const { attributes } = this.#scanner;
    this.#item.stock.startWarehouse(
      this.#originAt(offset),
      attributes.get('ИдСклада'),
      attributes.get('КоличествоНаСкладе'),
    );
  }

  #deletedByStatus(): boolean {
    const status = this.#scanner.attributes.get('Статус');
    return status !== undefined && /^удал[её]н/i.test(status.trim());
  }

  #originAt(utf8Offset: number): Origin {
    return { file: this.#context.file, offset: this.#context.originalOffset(utf8Offset) };
  }

  #located(error: unknown): unknown {
    if (!(error instanceof XmlSyntaxError)) return error;
    return new CommerceMlError(error.message, {
      code: error.code,
      file: this.#context.file,
      offset: this.#context.originalOffset(error.offset),
      cause: error,
    });
  }
}
