/** Hands one mail to the mail server. Every wait inside has a limit, and an aborted signal ends it at once. */
import tls from 'node:tls';
import { createTransport } from 'nodemailer';
import { textOf } from '../base/failure.ts';
import { printable } from '../base/human.ts';
import type { Letter } from './letter.ts';

/** How to reach the mail server; the password is asked for at each attempt, so that it may be changed meanwhile. */
export interface MailTransport {
  server: string;
  port: number;
  /** starttls and tls demand a certificate that the box's own or Node's list of authorities vouches for. */
  security: 'none' | 'starttls' | 'tls';
  user?: string | undefined;
  from: string;
  to: readonly string[];
}

export type Sent =
  /** 250 after DATA, for at least one recipient. */
  | { kind: 'accepted'; refused: string[] }
  /** The server refuses this mail; others may pass. */
  | { kind: 'refused'; what: string }
  /** The server is not there, or does not let us in: no mail will pass now. */
  | { kind: 'away'; what: string };

const CONNECT_LIMIT_MS = 20_000;
const ANSWER_LIMIT_MS = 30_000;
const ANSWER_LIMIT_BYTES = 65_536;

/** Never throws. `date` is the wall time of the alert. */
export async function sendMail(
  transport: MailTransport,
  password: string | undefined,
  letter: Letter,
  identity: { id: string; code: string; date: Date },
  signal: AbortSignal,
): Promise<Sent> {
  const { user } = transport;
  try {
    const mailer = createTransport({
      host: transport.server,
      port: transport.port,
      secure: transport.security === 'tls',
      requireTLS: transport.security === 'starttls',
      ignoreTLS: transport.security === 'none',
      // An office's own authority stands in the system's list, which Node does not read by itself.
      tls: { ca: [...tls.getCACertificates('default'), ...tls.getCACertificates('system')], minVersion: 'TLSv1.2' },
      // Without forceAuth a server that hides AUTH would get the mail unauthenticated, and refuse it for another reason.
      ...(user === undefined ? {} : { auth: { user, pass: password ?? '' }, forceAuth: true }),
      dnsTimeout: CONNECT_LIMIT_MS,
      connectionTimeout: CONNECT_LIMIT_MS,
      greetingTimeout: CONNECT_LIMIT_MS,
      socketTimeout: ANSWER_LIMIT_MS,
      maxResponseSize: ANSWER_LIMIT_BYTES,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const info = await mailer.sendMail({
      from: { name: 'Standby Server', address: transport.from },
      to: [...transport.to],
      subject: letter.subject,
      text: letter.text,
      html: letter.html,
      date: identity.date,
      messageId: `<${identity.id}@${transport.from.slice(transport.from.lastIndexOf('@') + 1)}>`,
      // RFC 3834 section 5: nobody's out-of-office answers to an alert.
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Standby-Alert': printable(identity.code) },
      signal,
    });
    return { kind: 'accepted', refused: info.rejected.map(String) };
  } catch (error) {
    return judge(error, signal);
  }
}

/** nodemailer's codes for an answer to MAIL, RCPT or DATA: the server is there and said no to this mail. */
const ABOUT_THE_MAIL = ['EENVELOPE', 'EMESSAGE'];

function judge(error: unknown, signal: AbortSignal): Sent {
  if (signal.aborted) return { kind: 'away', what: 'not done in time' };
  const what = printable(textOf(error)).slice(0, 500);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return { kind: typeof code === 'string' && ABOUT_THE_MAIL.includes(code) ? 'refused' : 'away', what };
}
