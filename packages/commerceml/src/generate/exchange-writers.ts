import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as D from './documents.ts';
import { ID, type PlannedGroup } from './plan.ts';
import { PortionWriter } from './portion-writer.ts';
import { guid } from './random.ts';

/** The options of a generation with all defaults filled in. */
export interface GenerateSettings {
  readonly goods: number;
  readonly strays: number;
  readonly portion: number;
  readonly frame: D.DocumentFrame;
  readonly plan: { readonly seed: number; readonly offersPerGood: number; readonly packaging: number };
}

/** Where the records of one exchange go. */
export interface ExchangeWriters {
  readonly goods: PortionWriter;
  readonly offers: PortionWriter;
  /** The same as `offers` where the layout keeps prices and rests inside the offers. */
  readonly prices: PortionWriter | undefined;
  readonly rests: PortionWriter | undefined;
  readonly all: readonly PortionWriter[];
  readonly extraFiles: number;
  readonly extraBytes: number;
}

/** The 3.1 layout: writes the reference files at once, opens folders for goods, offers, prices and rests. */
export async function directoryWriters(
  dir: string,
  { frame, portion }: GenerateSettings,
  root: PlannedGroup,
): Promise<ExchangeWriters> {
  const { seed } = frame;
  const goodsProperties = D.goodsPropertiesXml(seed);
  const documents: [string, number, string][] = [
    ['groups', 1, `\t\t<Группы>\n${D.groupsXml(root)}\t\t</Группы>\n`],
    ['priceLists', 1, D.priceTypesXml(seed)],
    ['storages', 1, D.warehousesXml(seed)],
    ['units', 1, D.unitsXml()],
    // The brand dictionary comes with every portion, as in the real export.
    ['propertiesGoods', 1, goodsProperties],
    ['propertiesGoods', 2, goodsProperties],
    ['propertiesOffers', 1, D.offersPropertiesXml(seed)],
  ];
  let extraBytes = 0;
  for (const [kind, number, body] of documents) {
    const bytes = Buffer.from(`\ufeff${D.classifierDocument(frame, body)}`, 'utf8');
    extraBytes += bytes.length;
    await mkdir(path.join(dir, kind), { recursive: true });
    await writeFile(path.join(dir, kind, portionName(seed, kind, number)), bytes);
  }
  const writer = (kind: string, envelope: D.Envelope): PortionWriter =>
    new PortionWriter({
      folder: path.join(dir, kind),
      fileName: (number) => portionName(seed, kind, number),
      ...envelope,
      recordsMax: portion,
    });
  const goods = writer('goods', D.goodsEnvelope(frame));
  const [offers, prices, rests] = ['offers', 'prices', 'rests'].map((kind) =>
    writer(kind, D.offersEnvelope(frame)),
  );
  if (offers === undefined || prices === undefined || rests === undefined)
    throw new RangeError('unreachable');
  return {
    goods,
    offers,
    prices,
    rests,
    all: [goods, offers, prices, rests],
    extraFiles: documents.length,
    extraBytes,
  };
}

/** The 2.04 layout: `import.xml` and `offers.xml`, reference data at their heads. */
export function flatWriters(dir: string, { frame }: GenerateSettings, root: PlannedGroup): ExchangeWriters {
  const { seed } = frame;
  const reference = D.classifier(
    frame,
    `\t\t<Группы>\n${D.groupsXml(root)}\t\t</Группы>\n${D.allPropertiesXml(seed)}`,
  );
  const writer = (name: string, envelope: D.Envelope): PortionWriter =>
    new PortionWriter({
      folder: dir,
      fileName: () => name,
      ...envelope,
      recordsMax: Number.POSITIVE_INFINITY,
    });
  const goods = writer('import.xml', D.goodsEnvelope(frame, reference));
  const offers = writer('offers.xml', D.offersEnvelope(frame, D.priceTypesXml(seed)));
  return {
    goods,
    offers,
    prices: undefined,
    rests: undefined,
    all: [goods, offers],
    extraFiles: 0,
    extraBytes: 0,
  };
}

function portionName(seed: number, kind: string, number: number): string {
  return `${kind}_1_${number}_${guid(seed, ID.file, kind.length * 1000 + number)}.xml`;
}
