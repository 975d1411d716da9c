import { createTransport } from 'nodemailer';
import { plainText } from './alert.ts';
import { type EmailChannel, readSecret } from './alert-channel.ts';
import { type AttemptAsk, type AttemptResult, reasonOf } from './attempt.ts';

const ACCEPTED = /^250\b/;

/**
 * Sends an alert as mail. Delivered means: the server took it over for every recipient with 250 (RFC 5321, 4.2.5: from
 * then on it must deliver or say that it could not). A recipient that is refused is no delivery.
 */
export async function sendMail(channel: EmailChannel, ask: AttemptAsk): Promise<AttemptResult> {
  const { alert, timeoutMs, signal } = ask;
  const password = channel.passwordFile === undefined ? undefined : readSecret(channel.passwordFile);
  const transport = createTransport({
    host: channel.host,
    port: channel.port,
    secure: channel.tls === 'implicit',
    requireTLS: (channel.tls ?? 'required') === 'required',
    ignoreTLS: channel.tls === 'none',
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    ...(channel.user === undefined ? {} : { auth: { user: channel.user, pass: password ?? '' } }),
  });
  // Its own time-outs are a phase each; this ends the whole attempt.
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const stop = (): void => transport.close();
  deadline.addEventListener('abort', stop, { once: true });
  try {
    const sending = transport.sendMail({
      from: channel.from,
      to: [...channel.to],
      subject: subjectOf(alert.level, alert.title),
      text: plainText(alert),
      // The same after a crash, so that mail programs show a repetition once.
      messageId: `<${Buffer.from(alert.id).toString('base64url')}@roundtrip>`,
      headers: alert.level === 'critical' ? { 'X-Priority': '1' } : {},
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return resultOf(await Promise.race([sending, abortOf(deadline)]));
  } catch (error) {
    const why = deadline.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
    return { delivered: false, seen: `no mail was taken: ${why}`, again: !isFinal(error) };
  } finally {
    deadline.removeEventListener('abort', stop);
    transport.close();
  }
}

function subjectOf(level: string, title: string): string {
  return `[roundtrip ${level}] ${title.replaceAll(/\s+/g, ' ').slice(0, 150)}`;
}

function resultOf(info: {
  readonly response?: string | undefined;
  readonly rejected?: readonly unknown[] | undefined;
}): AttemptResult {
  const { response = '', rejected = [] } = info;
  if (rejected.length > 0)
    return { delivered: false, seen: `refused for ${rejected.map(String).join(', ')}`, again: false };
  if (!ACCEPTED.test(response))
    return { delivered: false, seen: `the server said "${response}"`, again: true };
  return { delivered: true, answer: `SMTP ${response.slice(0, 100)}` };
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** 5xx is a no for good (RFC 5321, 4.2.1), and so is a wrong password. */
function isFinal(error: unknown): boolean {
  const { responseCode, code } = error as { responseCode?: number; code?: string };
  return code === 'EAUTH' || (responseCode !== undefined && responseCode >= 500);
}
