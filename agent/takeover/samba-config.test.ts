/** Tests of the smb.conf text: what users may and may not do must be readable from it. */
import { describe, expect, it } from 'vitest';
import { type SambaPlan, sambaConfig, unfitForConfig } from './samba-config.ts';

const plan: SambaPlan = {
  folder: '/var/lib/standby/samba',
  name: 'FILES01',
  workgroup: 'OFFICE',
  port: 4450,
  shares: [{ name: 'Accounts$', path: '/srv/standby/Accounts$', comment: 'Bookkeeping' }],
  users: ['alice', 'bob'],
  owner: 'standby',
  writable: false,
};

function section(text: string, name: string): string[] {
  const lines = text.split('\n');
  const from = lines.indexOf(`[${name}]`);
  const to = lines.findIndex((line, index) => index > from && line.startsWith('['));
  return lines.slice(from + 1, to === -1 ? undefined : to);
}

describe('the configuration of the standby’s own smbd', () => {
  it('lets nobody write while standing by, and everybody listed once it serves', () => {
    expect(section(sambaConfig(plan), 'Accounts$')).toContain('read only = yes');
    expect(section(sambaConfig({ ...plan, writable: true }), 'Accounts$')).toContain('read only = no');
    expect(sambaConfig(plan)).not.toContain('read only = no');
  });

  it('names who may log on, and nobody but the owner when no user is set up', () => {
    expect(section(sambaConfig(plan), 'Accounts$')).toContain('valid users = "alice" "bob"');
    expect(section(sambaConfig({ ...plan, users: [] }), 'Accounts$')).toContain('valid users = standby');
  });

  it('signs, refuses guests, follows no links, and never binds to an interface', () => {
    const text = sambaConfig(plan);
    for (const line of [
      'server signing = mandatory',
      'map to guest = never',
      'follow symlinks = no',
      'wide links = no',
      'smb ports = 4450',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).not.toContain('bind interfaces only');
  });

  it.each([
    ['Office', undefined, 'an ordinary name'],
    ['Büro & Co', undefined, 'umlauts and signs are fine'],
    ['a\nread only = no', 'holds a control character', 'a line break would begin a parameter'],
    ['a]', 'holds one of % [ ] "', 'a bracket would end the section name'],
    ['%U', 'holds one of % [ ] "', 'smbd would expand it'],
    [' a', 'begins or ends with a space', 'smbd would cut it'],
    ['a\\', 'ends with a backslash, which would join it with the next line', 'line continuation'],
  ] as [string, string | undefined, string][])('judges %j', (text, why, _remark) => {
    expect(unfitForConfig(text)).toBe(why);
  });
});
