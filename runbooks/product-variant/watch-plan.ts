import { durationMs, type Target, type WatchPlan } from 'roundtrip';
import type { ShopCommands } from './shop-commands.ts';

/**
 * Colours that 1C sends and nobody has mapped: the story's LOW row, listed and never a reason to go back. Spelled as the
 * column `normalized_name` is: "Чёрный" is mapped where "Черный" is.
 */
const UNMAPPED_COLORS = `SELECT color_name, count(*) FROM product_variants v
  WHERE color_name <> '' AND NOT EXISTS (SELECT FROM color_mappings m
    WHERE m.normalized_name = lower(translate(v.color_name,
      'АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯё', 'абвгдеежзийклмнопрстуфхцчшщъыьэюяе')))
  GROUP BY color_name ORDER BY count(*) DESC, color_name`;

/** How long the shop is measured before the change: five minutes of customers, half a minute of watch time in a demo. */
export function baselineLasts(target: Target): string {
  return target.settings.watch === 'demo' ? '30s' : '5min';
}

/** 24 h on production; a minute at twelve times the speed (or `watchSpeed`) where the target's setting `watch` says "demo". */
export function watchPlan(shop: ShopCommands, target: Target): WatchPlan {
  const demo = target.settings.watch === 'demo';
  return {
    durationMs: durationMs(demo ? '1min' : '24h'),
    intervalMs: durationMs(demo ? '1s' : '10s'),
    speed: demo ? Number(target.settings.watchSpeed ?? 12) : 1,
    // The story's matrix says "immediate rollback", and nobody is at the desk for 24 hours.
    onYes: 'roll-back',
    sources: [
      {
        kind: 'http',
        name: 'front door',
        urls: [`${shop.baseUrl}/api/products/`, `${shop.baseUrl}/api/categories/`],
        count: demo ? 30 : 1,
        ...(demo ? {} : { topUpTo: 1200 }),
      },
      ...shop.around.sources,
      {
        kind: 'sql',
        name: 'unmapped colours',
        metric: 'missingColours',
        reads: 'rows',
        text: UNMAPPED_COLORS,
      },
      { kind: 'host', name: 'host' },
    ],
    goals: [
      { metric: 'errorRate', max: 0.01 },
      { metric: 'latencyMs', quantile: 0.95, max: 500 },
      { metric: 'cpu', max: 0.95 },
      { metric: 'memory', max: 0.95 },
    ],
  };
}
