import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProductVariant } from '../../src/catalogue/catalogue.ts';
import { chooseVariant } from '../../src/storefront/variant-choice.ts';

const variant = (
  sku_id: number,
  color_name: string,
  size_value: string,
  stock_quantity: number,
  price: string | null = '10.00',
): ProductVariant => ({
  id: sku_id,
  sku_id,
  sku: `S${sku_id}`,
  name: `${color_name} ${size_value}`,
  color_name,
  color_hex: null,
  swatch_image: null,
  size_value,
  price,
  retail_price: price,
  rrp: null,
  msrp: null,
  stock_quantity,
  in_stock: stock_quantity > 0,
  main_image: null,
  gallery_images: [],
  is_default: false,
});
const SHIRTS = [
  variant(1, 'Синий', 'M', 0),
  variant(2, 'Синий', 'L', 3),
  variant(3, 'Красный', 'M', 2),
  variant(4, 'Красный', 'XL', 1, null),
  variant(5, 'Белый', 'M', 0),
];

describe('the choice of a variant', () => {
  it('begins with one that can be bought', () => {
    assert.equal(chooseVariant(SHIRTS, {}).chosen.sku_id, 2);
  });

  it('disables what cannot be bought together with the chosen colour, and colours that are sold out', () => {
    const choice = chooseVariant(SHIRTS, { color: 'Красный' });
    assert.equal(choice.chosen.sku_id, 3);
    assert.deepEqual(
      choice.sizes.map(({ value, checked, disabled }) => [value, checked, disabled]),
      [
        ['M', true, false],
        ['L', false, true],
        ['XL', false, true],
      ],
    );
    assert.deepEqual(
      choice.colors.map(({ value, disabled }) => [value, disabled]),
      [
        ['Синий', false],
        ['Красный', false],
        ['Белый', true],
      ],
    );
  });

  it('keeps the colour where the size is not made in it', () => {
    const { chosen } = chooseVariant(SHIRTS, { color: 'Синий', size: 'XL' });
    assert.equal(chosen.color_name, 'Синий');
  });

  it('takes the SKU asked for, unless a chip was changed since', () => {
    assert.equal(chooseVariant(SHIRTS, { sku: '5' }).chosen.sku_id, 5);
    assert.equal(chooseVariant(SHIRTS, { sku: '5', color: 'Красный', size: 'M' }).chosen.sku_id, 3);
    assert.equal(chooseVariant(SHIRTS, { sku: '999' }).chosen.sku_id, 2);
  });

  it('tells variants of one colour and size apart by name, and sorts sizes as people do', () => {
    const twins = [
      variant(1, '', '42', 1),
      variant(2, '', '42', 1),
      variant(3, '', '8,5', 1),
      variant(4, '', '10', 1),
    ];
    const choice = chooseVariant(twins, {});
    assert.deepEqual(choice.colors, []);
    assert.deepEqual(
      choice.others.map((other) => other.sku_id),
      [1, 2],
    );
    assert.deepEqual(
      choice.sizes.map((size) => size.value),
      ['8,5', '10', '42'],
    );
  });
});
