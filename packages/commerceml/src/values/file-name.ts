/** What the name of an exchange file says. Content decides about the kind; the name only orders equals. */
export interface ExchangeFileName {
  /** Lower-case first word: `import`, `offers`, `goods`, `pricelists`… */
  readonly kind: string;
  /** `goods_1_10_<uuid>.xml`: package 1, portion 10; `import0_1.xml`: 0 and 1. */
  readonly package: number;
  readonly portion: number;
}

/**
 * Takes an exchange file's name apart. Portions are numbers: as text `_1_10_` would sort before `_1_2_`.
 *
 * @example parseFileName('goods/goods_1_10_5f3a….xml') // { kind: 'goods', package: 1, portion: 10 }
 */
export function parseFileName(path: string): ExchangeFileName {
  const base = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  const match = /^([\p{L}]+?)_{0,3}(?:(\d{1,9})_(\d{1,9})(?=[_.]|$))?(?:_|\.|$)/u.exec(base);
  if (match === null) return { kind: base.replace(/\.[^.]*$/, '').toLowerCase(), package: 0, portion: 0 };
  return {
    kind: (match[1] ?? '').toLowerCase(),
    package: Number(match[2] ?? 0),
    portion: Number(match[3] ?? 0),
  };
}
