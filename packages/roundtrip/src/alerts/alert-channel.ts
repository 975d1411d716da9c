import { readFileSync } from 'node:fs';
import { Failed } from '../errors.ts';
import type { AlertEvent } from './alert.ts';

/**
 * A place to which alerts go: plain data of a target (`alerts` in `targets.json`). Secrets stay in files, which are read
 * anew for every attempt and never get into the plan. By example:
 *
 * ```
 * {"kind":"slack","name":"ops","urlFile":"slack.url"}
 * {"kind":"webhook","name":"pager","url":"https://pager.example/hook","secretFile":"pager.key"}
 * {"kind":"email","name":"mail","host":"mail.example","port":587,"user":"bot","passwordFile":"mail.key",
 *  "from":"roundtrip@shop.example","to":["team@shop.example"],"events":["step-failed","rollback-begun"]}
 * ```
 */
export type AlertChannel = SlackChannel | WebhookChannel | EmailChannel;

interface ChannelCommon {
  /** Distinct within a target: the journal refers to it. */
  readonly name: string;
  /** Which events go there. Default: all. */
  readonly events?: readonly AlertEvent[] | undefined;
  /** Real time for one attempt. Default 10 s. */
  readonly timeoutMs?: number | undefined;
}

/** An incoming webhook of Slack. Its URL is a secret: whoever has it can post. */
export interface SlackChannel extends ChannelCommon {
  readonly kind: 'slack';
  readonly urlFile: string;
}

/** JSON by POST, signed as Standard Webhooks say where there is a key. */
export interface WebhookChannel extends ChannelCommon {
  readonly kind: 'webhook';
  /** One of the two: `urlFile` where the address itself is a secret, since `url` is in the plan and in reports. */
  readonly url?: string | undefined;
  readonly urlFile?: string | undefined;
  /** A file with the key that both sides know, `whsec_` and base64 or any text. */
  readonly secretFile?: string | undefined;
}

/** Mail through an SMTP server. */
export interface EmailChannel extends ChannelCommon {
  readonly kind: 'email';
  readonly host: string;
  readonly port: number;
  /** `implicit`: TLS from the first byte (465). `required` (default): STARTTLS or no mail. `none`: a local relay. */
  readonly tls?: 'implicit' | 'required' | 'none' | undefined;
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
}

/** Files of a channel that hold secrets. */
export function secretFiles(channel: AlertChannel): readonly string[] {
  switch (channel.kind) {
    case 'slack':
      return [channel.urlFile];
    case 'webhook':
      return [channel.urlFile, channel.secretFile].filter((file) => file !== undefined);
    case 'email':
      return channel.passwordFile === undefined ? [] : [channel.passwordFile];
  }
}

/**
 * What a channel lacks: targets are JSON that people write by hand, and no type has looked at it.
 *
 * @example whatLacks({ kind: 'slack', name: 'ops', urlFile: 'slack.url' }) // []
 */
export function whatLacks(channel: AlertChannel): readonly string[] {
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  const lacks: string[] = isText(channel.name) ? [] : ['name'];
  switch (channel.kind) {
    case 'slack':
      return isText(channel.urlFile) ? lacks : [...lacks, 'urlFile'];
    case 'webhook':
      return isText(channel.url) === isText(channel.urlFile) ? [...lacks, 'either url or urlFile'] : lacks;
    case 'email':
      if (!isText(channel.host)) lacks.push('host');
      if (!Number.isInteger(channel.port)) lacks.push('port');
      if (!isText(channel.from)) lacks.push('from');
      if (!Array.isArray(channel.to) || channel.to.length === 0) lacks.push('to');
      return lacks;
    default:
      return [...lacks, 'a kind: slack, webhook or email'];
  }
}

/**
 * The secret in a file, without the line end that editors add.
 *
 * @throws Failed `alert-secret-unreadable`: missing, unreadable or empty.
 */
export function readSecret(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw unreadable(file, (cause as Error).message, cause);
  }
  if (text === '') throw unreadable(file, 'it is empty');
  return text;
}

function unreadable(file: string, why: string, cause?: unknown): Failed {
  return new Failed({
    code: 'alert-secret-unreadable',
    seen: `${file}: ${why}`,
    expected: 'the secret of an alert channel',
    next: 'write it there, readable by the operator alone; the run goes on without this channel',
    cause,
  });
}
