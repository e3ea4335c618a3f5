/** The table of statuses as a page for people: docs/nt-status.md. */
import { type Action, PAUSE_MS } from './action.ts';
import { RULES } from './status-rules.ts';
import { TABLE } from './status-table.ts';

const HEAD = `# What the statuses of a file server mean

Every answer of a server carries an NT status (MS-ERREF 2.3.1). This page tells what is said about each, and what is done. It is
made from \`smb/status/status-table.ts\` and \`smb/status/status-rules.ts\`; \`smb/status/status.test.ts\` holds it in step and writes it when run with \`-u\`.

A status that is not listed is judged by its severity and its facility (\`smb/status/status-unknown.ts\`); where those tell nothing, the path
is skipped, with the reason.
`;

/** In the order of the page. */
const SECTIONS: readonly [title: string, text: string, holds: (action: Action) => boolean][] = [
  [
    'Tried again soon',
    `The same request, on the same connection, for the first time after ${seconds(PAUSE_MS.soon)}, then after twice as long, and so on.`,
    (action) => action.do === 'retry' && action.pause === 'soon',
  ],
  [
    'Tried again later',
    `The same, beginning with ${seconds(PAUSE_MS.later)}: the server has to get its breath back.`,
    (action) => action.do === 'retry' && action.pause === 'later',
  ],
  [
    'Tried again seldom',
    `The same, beginning with ${seconds(PAUSE_MS.seldom)}: somebody or something else has to come back.`,
    (action) => action.do === 'retry' && action.pause === 'seldom',
  ],
  [
    'Skipped, with the reason',
    'This path only; the others go on. Nothing is concluded about it: only `not-found` says that a path is gone.',
    (action) => action.do === 'skip',
  ],
  [
    'Done without',
    'The server cannot do this at all. What needs it is off for the share.',
    (action) => action.do === 'degrade',
  ],
  [
    'Connected anew',
    'The connection or the session is over. A new one is opened, and everything is looked at again.',
    (action) => action.do === 'reconnect',
  ],
  [
    'Stopped until a person acts',
    'Trying again would not help, and at the logon it could lock the account.',
    (action) => action.do === 'stop',
  ],
];

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}

export function statusPage(): string {
  return [HEAD, ...SECTIONS.map(([title, text, holds]) => `## ${title}\n\n${text}\n\n${tableOf(holds)}\n`)].join('\n');
}

function tableOf(holds: (action: Action) => boolean): string {
  const rows = Object.entries(RULES)
    .filter(([, { action }]) => holds(action))
    .map(([name, { code, what, hint }]) => `| ${what} | \`${code}\` | ${hint} | ${statusesOf(name)} |`);
  return ['| What is said | Code | Hint | Statuses |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function statusesOf(rule: string): string {
  return Object.entries(TABLE)
    .flatMap(([name, [value, its]]) =>
      its === rule ? `${name} 0x${value.toString(16).padStart(8, '0').toUpperCase()}` : [],
    )
    .join(', ');
}
