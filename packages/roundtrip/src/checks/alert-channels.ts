import { readSecret, secretFiles, whatLacks } from '../alerts/alert-channel.ts';
import { RoundtripError } from '../errors.ts';
import type { Check, Finding } from './check.ts';

/** What would only show at night, as an alert that nobody gets. Warnings: no run is refused because of its messages. */
export const alertChannels: Check = {
  name: 'alert channels',
  appliesTo: ['live', 'rehearsal'],
  async run({ plan }) {
    const channels = plan.target.alerts ?? [];
    return channels.flatMap((channel, index): Finding[] => {
      const named = channels.findIndex(({ name }) => name === channel.name);
      const repeated: Finding[] =
        named === index
          ? []
          : [
              {
                code: 'alert-channel-repeated',
                severity: 'warning',
                seen: `two alert channels are named "${channel.name}"`,
                expected: 'a name of its own for each, since the journal says by it who got what',
                cure: 'give one of them another name in the targets file',
              },
            ];
      const lacks = whatLacks(channel);
      if (lacks.length === 0) return [...repeated, ...secretFiles(channel).flatMap(unreadable)];
      const incomplete: Finding = {
        code: 'alert-channel-incomplete',
        severity: 'warning',
        seen: `alert channel "${channel.name}" lacks ${lacks.join(', ')}`,
        expected: 'a channel that can send',
        cure: 'complete it in the targets file',
      };
      return [...repeated, incomplete];
    });
  },
};

function unreadable(file: string): Finding[] {
  try {
    readSecret(file);
    return [];
  } catch (error) {
    if (!(error instanceof RoundtripError)) throw error;
    const { code, seen, expected, next } = error;
    return [{ code, severity: 'warning', seen, expected, cure: next }];
  }
}
