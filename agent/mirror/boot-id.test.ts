/** The name of a mount where the file system tells none; real mounts are told apart in test/real/mirror-mount.test.ts. */
import { expect, it } from 'vitest';
import { mountOf } from './boot-id.ts';

/** A device that no kernel gives to a disk: major number 0. */
const NAMELESS = 0x2a;

it.each([
  ['ZFS', 0x2fc12fc1],
  ['bcachefs', 0xca451a4e],
  ['NFS', 0x6969],
])('trusts no mount that cannot be told from the next one: %s', (_, type) => {
  expect(mountOf(type, NAMELESS)).not.toBe(mountOf(type, NAMELESS));
});

it('trusts what is in memory until the machine restarts', () => {
  expect(mountOf(0x01021994, NAMELESS)).toBe(mountOf(0x01021994, NAMELESS));
});
