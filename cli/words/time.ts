/** Moments as people read them, in local time. */

/** `21 Nov 2026, 21:14:18`. */
export function moment(wallMs: number): string {
  return new Date(wallMs).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}
