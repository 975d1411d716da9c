import { IncomingWebhook, type IncomingWebhookSendArguments } from '@slack/webhook';
import { type Alert, headLine, plainText } from './alert.ts';
import { readSecret, type SlackChannel } from './alert-channel.ts';
import { type AttemptAsk, type AttemptResult, reasonOf, resultOfStatus } from './attempt.ts';

/** Limits of Block Kit (docs.slack.dev/reference/block-kit/blocks): longer ones are refused as `invalid_blocks`. */
const HEADER_CHARACTERS_MAX = 150;
const SECTION_CHARACTERS_MAX = 3_000;

const SIGNS: Readonly<Record<Alert['level'], string>> = {
  info: ':information_source:',
  warning: ':warning:',
  critical: ':rotating_light:',
};

/**
 * Posts an alert through an incoming webhook. Slack says `ok` with status 200, and only that is a delivery: a proxy in
 * between answers 200 with a page of its own.
 */
export async function postToSlack(channel: SlackChannel, ask: AttemptAsk): Promise<AttemptResult> {
  const url = readSecret(channel.urlFile);
  const deadline = AbortSignal.any([ask.signal, AbortSignal.timeout(ask.timeoutMs)]);
  let seen: { status: number; body: string; retryAfter: string | null } | undefined;
  // The library hides status and headers of a refusal; both decide whether and when to try again.
  const watchedFetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, { ...init, signal: deadline });
    const body = await response.clone().text();
    seen = { status: response.status, body, retryAfter: response.headers.get('retry-after') };
    return response;
  };
  try {
    const { text } = await new IncomingWebhook(url, { fetch: watchedFetch }).send(slackMessage(ask.alert));
    if (text.trim() === 'ok') return { delivered: true, answer: 'HTTP 200 ok' };
    return { delivered: false, seen: `an answer that is not Slack's: ${text.slice(0, 100)}`, again: true };
  } catch (error) {
    if (seen !== undefined && !deadline.aborted) return resultOfStatus(seen);
    return { delivered: false, seen: `Slack gave no answer: ${reasonOf(error)}`, again: true };
  }
}

/** Blocks for people, and the same as text for notifications and screen readers. */
export function slackMessage(alert: Alert): IncomingWebhookSendArguments {
  const section = (text: string) => ({
    type: 'section' as const,
    text: { type: 'mrkdwn' as const, text: text.slice(0, SECTION_CHARACTERS_MAX) },
  });
  const lines = alert.lines.map(escaped).join('\n');
  const commands = alert.next.map((command) => `\`${escaped(command)}\``).join('\n');
  return {
    text: escaped(plainText(alert)),
    blocks: [
      {
        type: 'header',
        text: { type: 'plain_text', text: cut(`${alert.event}: ${alert.target}`), emoji: true },
      },
      section(`${SIGNS[alert.level]} *${escaped(alert.title)}*`),
      ...(lines === '' ? [] : [section(lines)]),
      ...(commands === '' ? [] : [section(commands)]),
      { type: 'context', elements: [{ type: 'mrkdwn', text: escaped(headLine(alert)) }] },
    ],
  };
}

function cut(text: string): string {
  return text.length <= HEADER_CHARACTERS_MAX ? text : `${text.slice(0, HEADER_CHARACTERS_MAX - 1)}…`;
}

/** The three characters that mean something to Slack: an error text must not become a mention or a link. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
