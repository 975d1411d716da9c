import {
  type CheckSpec,
  requireAnswer,
  requireBuild,
  requireCommand,
  requireFiles,
  type Target,
} from 'roundtrip';
import { shopCommands } from './shop-commands.ts';

const ASK_1C =
  'have 1C write a full exchange ("Выгрузить", all catalogues, not changes only), then check again';

/**
 * What must be true before a night begins, besides what Roundtrip always looks at. Always: the 1C exchange is complete, not
 * empty and can be read to its end. By the target's settings, each of them optional:
 *
 * ```
 * "exchangeMaxAge": "24h"   "exchangeUrl": "https://1c.example/exchange"
 * "buildUrl": "https://api.github.com/repos/acme/shop/commits/{commit}/check-runs"   "buildTokenFile": "/etc/roundtrip/ci-token"
 * "gates": "[[\"/srv/gates/story-13.3.sh\", \"{commit}\"]]"
 * ```
 */
export function storyChecks(target: Target): CheckSpec[] {
  const shop = shopCommands(target);
  const { exchangeMaxAge, exchangeUrl, buildUrl, buildTokenFile, gates = '[]' } = target.settings;
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
      prints: [
        // The flush deletes what 1C gives back: an exchange of changes alone would give back a part.
        { path: 'full', is: '=', value: true },
        { path: 'goods', is: '>=', value: 1 },
        { path: 'offers', is: '>=', value: 1 },
        { path: 'prices', is: '>=', value: 1 },
        { path: 'rests', is: '>=', value: 1 },
      ],
      cure: ASK_1C,
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
