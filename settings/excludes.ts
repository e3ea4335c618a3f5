/** What is not mirrored unless the settings say otherwise: what Windows keeps for itself, and what programs make and throw away by themselves. */
import { z } from 'zod';

export const DEFAULT_EXCLUDES = [
  '/$RECYCLE.BIN',
  '/RECYCLER',
  '/System Volume Information',
  '/pagefile.sys',
  '/hiberfil.sys',
  '/swapfile.sys',
  'Thumbs.db',
  '~$*',
  '*.tmp',
];

/** One rule. One that fits every name would leave out the whole share, and everything that is there would go to the attic. */
export const exclude = z.string().superRefine((value, context) => {
  const name = value.startsWith('/') ? value.slice(1) : value;
  const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
  if (name === '' || value.length > 255) refuse('must have 1 to 255 letters');
  else if (/[/\\]|\p{Cc}|\p{Cs}/u.test(name))
    refuse('must be one name, not a path; only a / at its beginning is allowed');
  else if (/^[*?.]*$/.test(name)) refuse('would leave out everything');
});
