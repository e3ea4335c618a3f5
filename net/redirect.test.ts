/** Tests of the rule set's text; what it does to real connections is tested in namespaces. */
import { describe, expect, it } from 'vitest';
import { rulesetText } from './redirect.ts';

describe('the rules', () => {
  it('lead port 445 of each taken address, and of nothing else, to the serve port at that address', () => {
    const text = rulesetText({ servePort: 4450, addresses: ['192.0.2.5', '192.0.2.6'], closing: false });
    expect(
      text
        .split('\n')
        .filter((line) => line.includes('dnat ip'))
        .map((line) => line.trim()),
    ).toEqual([
      'ip daddr 192.0.2.5 tcp dport 445 dnat ip to 192.0.2.5:4450',
      'ip daddr 192.0.2.6 tcp dport 445 dnat ip to 192.0.2.6:4450',
      'ip daddr 192.0.2.5 tcp dport 445 dnat ip to 192.0.2.5:4450',
      'ip daddr 192.0.2.6 tcp dport 445 dnat ip to 192.0.2.6:4450',
    ]);
    expect(text).not.toContain('{ 445,');
  });

  it('while letting go, drop what would reach any service of this host by a taken address', () => {
    const text = rulesetText({ servePort: 4450, addresses: ['192.0.2.5'], closing: true });
    expect(text).toContain('ip daddr { 192.0.2.5 } tcp dport { 445, 4450 } drop');
  });

  it('with nothing taken only guard the serve port', () => {
    const text = rulesetText({ servePort: 4450, addresses: [], closing: false });
    expect(text).not.toContain('daddr');
    expect(text).toContain('tcp dport 4450 iifname != "lo" ct status & dnat == 0 drop');
  });

  it('replace the old table in the same transaction', () => {
    const text = rulesetText({ servePort: 4450, addresses: [], closing: false });
    expect(text.startsWith('table inet standby\ndelete table inet standby\ntable inet standby {\n')).toBe(true);
  });
});
