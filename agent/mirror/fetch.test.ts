/** How long a change must have stood before it can be told from the next one. */
import { expect, it } from 'vitest';
import { fileTimeOfMs } from '../../smb/file-time.ts';
import { stampStepMs } from './fetch.ts';

it.each([
  ['finer than a second', fileTimeOfMs(1_767_225_600_123), 30],
  ['of whole seconds, which may be a server’s step', fileTimeOfMs(1_767_225_601_000), 2_000],
  ['of two seconds, as FAT has them', fileTimeOfMs(1_767_225_600_000), 2_000],
  ['not there', 0n, 2_000],
] as const)('a ChangeTime %s', (_, changed, stepMs) => {
  expect(stampStepMs({ changed })).toBe(stepMs);
});
