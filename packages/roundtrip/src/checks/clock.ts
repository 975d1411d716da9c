import type { Check } from './check.ts';

/** Windows, receipts and approvals are judged by the operator's clock, what customers write by the server's. */
const SKEW_SECONDS_MAX = 30;

/** `clock` with the machine's clock as an argument. @example clockOf(() => Date.now()) */
export function clockOf(machineNow: () => number): Check {
  return {
    name: 'clock',
    appliesTo: ['live', 'rehearsal'],
    async run({ session }) {
      const client = await session();
      const beforeMs = machineNow();
      const { rows } = await client.query<{ ms: number }>(
        'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
      );
      const afterMs = machineNow();
      const serverMs = Number(rows[0]?.ms ?? Number.NaN);
      // The server looked at its clock at some time in between: a slow answer is no skew.
      const skewMs = serverMs < beforeMs ? serverMs - beforeMs : Math.max(0, serverMs - afterMs);
      if (Math.abs(skewMs) <= SKEW_SECONDS_MAX * 1_000) return [];
      return [
        {
          code: 'clock-skew',
          severity: 'refusal',
          seen: `the server's clock is ${Math.round(Math.abs(skewMs) / 1_000)} s ${skewMs < 0 ? 'behind' : 'ahead of'} this machine's`,
          expected: `at most ${SKEW_SECONDS_MAX} s: windows, receipts and timelines are compared by both`,
          cure: 'let both follow the same time servers (timedatectl, chronyc tracking)',
        },
      ];
    },
  };
}

/** The clocks of the operator's machine and of the database server agree. */
export const clock: Check = clockOf(() => Date.now());
