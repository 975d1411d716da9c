/** What the generated exchange holds, decided good by good from the seed alone. Pure. */
import { guid, mix, Random } from './random.ts';
import {
  BRANDS,
  COLORS,
  GOOD_KINDS,
  type GoodKind,
  PACKAGING,
  PRICE_TYPES,
  SECTIONS,
  SIZES,
} from './vocabulary.ts';

/** Namespaces of generated ids. */
export const ID = {
  group: 1,
  good: 2,
  characteristic: 3,
  brand: 4,
  property: 5,
  value: 6,
  priceType: 7,
  warehouse: 8,
  file: 9,
  image: 10,
  orphan: 11,
  catalog: 12,
};

/** A group of the tree. */
export interface PlannedGroup {
  readonly id: string;
  readonly name: string;
  readonly children: PlannedGroup[];
}

/** An offer before it is XML. */
export interface PlannedOffer {
  readonly id: string;
  readonly name: string;
  /** [name, display value, property value]; the property's id goes by the name. */
  readonly characteristics: readonly (readonly [string, string, string])[];
}

/** A good with its offers before it is XML. */
export interface PlannedGood {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  readonly article: string | undefined;
  readonly groupId: string;
  readonly brandId: string;
  readonly description: string;
  readonly images: readonly string[];
  readonly vat: string;
  readonly deleted: boolean;
  readonly offers: readonly PlannedOffer[];
  /** Retail price in kopecks. */
  readonly retail: number;
}

/** What decides about a good besides its index. */
export interface PlanOptions {
  readonly seed: number;
  readonly offersPerGood: number;
  readonly packaging: number;
}

/** The tree: СПОРТ, twelve sections, their groups, some a level or two deeper. Ids go by the running number. */
export function planGroups(seed: number): {
  readonly root: PlannedGroup;
  readonly idByName: ReadonlyMap<string, string>;
  readonly count: number;
} {
  const idByName = new Map<string, string>();
  let count = 0;
  const make = (name: string): PlannedGroup => {
    const id = guid(seed, ID.group, count);
    count += 1;
    idByName.set(name, id);
    return { id, name, children: [] };
  };
  const root = make('СПОРТ');
  for (const [sectionName, paths] of SECTIONS) {
    const section = make(sectionName);
    root.children.push(section);
    for (const path of paths) {
      let parent = section;
      for (const name of path.split('/')) {
        const child = make(name);
        parent.children.push(child);
        parent = child;
      }
    }
  }
  return { root, idByName, count };
}

/** How many offers a good has: one good in ten has none, the others share its part, so the mean is exact. */
export function offerCount(index: number, offersPerGood: number): number {
  const place = index % 10;
  if (place === 9) return 0;
  const total = Math.round(offersPerGood * 10);
  return Math.floor(total / 9) + (place < total % 9 ? 1 : 0);
}

/** Decides about one good from seed and index alone, so that any range can be made in any order. */
export function planGood(
  index: number,
  idByName: ReadonlyMap<string, string>,
  options: PlanOptions,
): PlannedGood {
  const { seed } = options;
  const random = new Random(mix(index ^ mix(seed)));
  const kind = random.pick(GOOD_KINDS);
  const brandIndex = random.below(BRANDS.length);
  const brand = BRANDS[brandIndex] ?? '';
  const id = guid(seed, ID.good, index);
  const code = `${String.fromCharCode(65 + random.below(26), 65 + random.below(26))}${100 + (index % 900)}`;
  const color = random.pick(COLORS);
  const base = `${kind.name} ${brand.trim().length > 1 ? `${brand.trim()} ` : ''}${code}`;
  const article = index % 200 === 7 ? 'УТ-00008320' : index % 97 === 5 ? undefined : `${code}-${index}`;
  return {
    index,
    id,
    name: `${base}, ${color.name}`,
    article,
    groupId:
      index % 500 === 11 ? guid(seed, ID.orphan, 900_000_000 + index) : (idByName.get(kind.group) ?? ''),
    brandId: guid(seed, ID.brand, brandIndex),
    description: describe(index, kind),
    images: Array.from(
      { length: index % 5 },
      (_, n) => `import_files/${id.slice(0, 2)}/${id}_${guid(seed, ID.image, index * 8 + n)}.jpg`,
    ),
    vat: kind.scale === 'kids' ? '10' : '20',
    deleted: index % 200 === 3,
    offers: planOffers(index, base, kind, random, options),
    retail: (300 + random.below(12_000)) * 100 + (index % 7 === 0 ? 50 : 0),
  };
}

function planOffers(
  index: number,
  base: string,
  kind: GoodKind,
  random: Random,
  options: PlanOptions,
): PlannedOffer[] {
  const count = offerCount(index, options.offersPerGood);
  const sizes = SIZES[kind.scale];
  const firstColor = random.below(COLORS.length);
  const firstSize = random.below(sizes.length);
  const goodId = guid(options.seed, ID.good, index);
  const offers: PlannedOffer[] = [];
  // Real exports share characteristic ids between goods, so only the whole key is unique.
  const shared = index % 50;
  for (let n = 0; n < count; n += 1) {
    const size = sizes[(firstSize + n) % sizes.length] ?? '';
    const color = COLORS[(firstColor + Math.floor(n / sizes.length)) % COLORS.length] ?? {
      name: '',
      feminine: '',
    };
    const colorName = index % 6 === 0 ? color.feminine : color.name;
    const comma = index % 11 === 0 ? ',' : ', ';
    const inName = index % 3 !== 0;
    offers.push({
      id: `${goodId}#${guid(options.seed, ID.characteristic, shared * 100_003 + n)}`,
      name: `${base}${comma}${colorName}${inName ? ` (${size})` : ''}${index % 40 === 13 ? ' УЦЕНКА' : ''}`,
      characteristics: offerCharacteristics(
        index,
        n,
        inName ? undefined : [`Размер_${kind.view}`, size],
        options.packaging,
      ),
    });
  }
  return offers;
}

/** The packaging noise in an order that differs from offer to offer, and at most one real size. */
function offerCharacteristics(
  index: number,
  n: number,
  size: readonly [string, string] | undefined,
  packaging: number,
): (readonly [string, string, string])[] {
  const list: (readonly [string, string, string])[] = [];
  const count = Math.min(packaging, PACKAGING.length);
  for (let i = 0; i < count; i += 1) {
    const entry = PACKAGING[(i + index + n) % count];
    if (entry === undefined) continue;
    if (entry[0] !== 'Детский размер') list.push(entry);
    else
      list.push(
        index % 4 === 0 ? [entry[0], 'Да', 'true'] : index % 4 === 1 ? [entry[0], 'Нет', 'false'] : entry,
      );
  }
  if (size !== undefined) list.splice(n % (list.length + 1), 0, [size[0], size[1], size[1]]);
  return list;
}

function describe(index: number, kind: GoodKind): string {
  const text = `${kind.name.trim()} для тренировок и соревнований: прочные материалы, удобная посадка, простой уход. `;
  if (index % 3 === 0) return `${text}<br>Незаменимый спутник спортсмена & тренера.<br>`;
  return index % 3 === 1 ? `${text}\n${text}` : '';
}

/** Price in kopecks of an offer by type, or undefined where the export leaves the type out. */
export function plannedPrice(good: PlannedGood, n: number, type: number): number | undefined {
  const priceType = PRICE_TYPES[type];
  if (priceType === undefined) return undefined;
  const draw = (mix(good.index * 31 + n * 7 + type) % 10_000) / 10_000;
  if (draw >= priceType.share) return undefined;
  const retail = good.retail + (n % 5) * 5_000;
  // Whole roubles mostly, kopecks where the retail price has some: 0–2 decimals as in the real files.
  const exact = Math.round(retail * priceType.factor);
  return good.index % 7 === 0 ? exact : Math.round(exact / 100) * 100;
}

/** Stock of an offer in a warehouse: mostly some, a third nothing, one in a thousand negative. */
export function plannedStock(good: PlannedGood, n: number, warehouse: number): number {
  const draw = mix(good.index * 131 + n * 17 + warehouse * 3 + 1);
  if (good.index % 1000 === 1 && n === 0 && warehouse === 0) return -1;
  return draw % 3 === 0 ? 0 : draw % 60;
}
