import {
  type CheckSpec,
  lintMigrations,
  requireAnswer,
  requireBuild,
  requireCommand,
  requireFiles,
  type Target,
} from 'roundtrip';
import { shopCommands } from './shop-commands.ts';

const ASK_1C = 'have 1C write the whole catalogue with offers, prices and stock anew, then check again';

/**
 * Less than this, and what the flush deletes would not come back. Offers and prices are no condition for every shop: where a good
 * is sold in one form its price may stand in the good itself. Whoever needs them says so in `exchangeAtLeast`.
 */
const LEAST: Readonly<Record<string, number>> = { goods: 1 };

/**
 * What must be true before a night begins, besides what Roundtrip always looks at. Always: the 1C exchange can be read to its
 * end and is not empty. By the target's settings, each of them optional:
 *
 * ```
 * "exchangeMaxAge": "24h"   "exchangeAtLeast": "{\"goods\": 20000, \"offers\": 90000}"   "exchangeUrl": "https://1c.example/exchange"
 * "buildUrl": "https://api.github.com/repos/acme/shop/commits/{commit}/check-runs"   "buildTokenFile": "/etc/roundtrip/ci-token"
 * "gates": "[[\"/srv/gates/story-13.3.sh\", \"{commit}\"]]"
 * ```
 *
 * Whether an exchange is whole is told by its counts: 1C marks whole exports of this shop as "changes only" like any other.
 */
export function storyChecks(target: Target): CheckSpec[] {
  const shop = shopCommands(target);
  const {
    exchangeMaxAge,
    exchangeUrl,
    buildUrl,
    buildTokenFile,
    exchangeAtLeast = '{}',
    gates = '[]',
  } = target.settings;
  const least = { ...LEAST, ...(JSON.parse(exchangeAtLeast) as Record<string, number>) };
  return [
    requireFiles({
      name: '1C exchange',
      folder: shop.exchange,
      maxAge: exchangeMaxAge,
      cure: ASK_1C,
    }),
    requireCommand({
      name: '1C exchange',
      argv: shop.inspectExchange(),
      prints: Object.entries(least).map(([path, value]) => ({ path, is: '>=', value })),
      timeout: '10min',
      cure: ASK_1C,
    }),
    // Behind a closed door or on a copy nobody waits: it warns. The migrations of the shop are run with a lock_timeout.
    lintMigrations({
      folder: 'packages/freesport/migrations/variants',
      usedBy: ['packages/freesport/src'],
      lockTimeoutIsSet: true,
    }),
    // Asked without a password, 1C answers 401: it is there.
    ...(exchangeUrl === undefined
      ? []
      : [requireAnswer({ name: '1C', request: { url: exchangeUrl }, expect: { status: [200, 401] } })]),
    ...(buildUrl === undefined
      ? []
      : [
          requireBuild({
            url: buildUrl,
            at: 'check_runs.*.conclusion',
            tokenFile: buildTokenFile,
            before: ['live'],
          }),
        ]),
    ...(JSON.parse(gates) as string[][]).map((argv) =>
      requireCommand({
        name: `gate ${argv[0]}`,
        argv,
        cure: 'finish the earlier story first',
        before: ['live'],
      }),
    ),
  ];
}
