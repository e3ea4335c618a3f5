/** Tests of writing the settings: other people's lines stay, and nothing is written that could not be read. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { checkSettings, readSettings } from './read.ts';
import { settingsJsonSchema } from './schema.ts';
import { TEMPLATE } from './template.ts';
import { writeSettings } from './write.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'settings-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const file = path.join(folder, 'etc', 'standby.yaml');
beforeEach(() => fs.rmSync(file, { force: true }));

const FIRST = { main: { name: 'FILESRV', address: '192.168.1.10', user: 'reader' }, interface: 'eth0' };

describe('a new file', () => {
  it('is the commented template with the given fields set', () => {
    const settings = writeSettings(file, FIRST);
    expect(settings).toEqual(readSettings(file));
    const text = fs.readFileSync(file, 'utf8');
    expect(text).toContain("  name: 'FILESRV'\n  address: '192.168.1.10'\n  port: 445\n");
    expect(text).toContain('# mirror:\n#   path: /srv/standby\n');
    expect(fs.statSync(file).mode & 0o777).toBe(0o644);
  });

  it('shows in its comments the defaults as they are', () => {
    const uncommented = TEMPLATE.replace(/^# (?=[a-z ]+:| {2})/gmu, '').replace(
      "name: ''            #",
      'name: FILESRV #',
    );
    const filled = uncommented
      .replace("name: ''", 'name: FILESRV')
      .replace("address: ''", 'address: 192.168.1.10')
      .replace("user: ''", 'user: reader')
      .replace("interface: ''", 'interface: eth0');
    const checked = checkSettings(filled);
    if (checked.kind === 'bad') throw new Error(JSON.stringify(checked.problems));
    const { mail, ...rest } = checked.settings;
    expect(rest).toEqual(writeSettings(file, FIRST));
    expect(mail).toMatchObject({ port: 587, user: 'standby' });
  });
});

describe('an existing file', () => {
  const OLD = `# ours
version: 1
main: # the old box
  name: OLD   # renamed in spring
  address: 192.168.1.10
  user: reader
interface: eth0
shares: [A]
log: {level: debug} # asked for by Ann
`;

  it('keeps its comments, order and mode', () => {
    fs.writeFileSync(file, OLD, { mode: 0o640 });
    writeSettings(file, { main: { name: 'NEW' }, shares: ['A', 'B C'], takeover: { mode: 'manual' } });
    const text = fs.readFileSync(file, 'utf8');
    for (const kept of ['# ours\n', '# the old box\n', 'name: NEW # renamed in spring\n', '# asked for by Ann\n']) {
      expect(text).toContain(kept);
    }
    expect(readSettings(file)).toMatchObject({
      shares: ['A', 'B C'],
      takeover: { mode: 'manual' },
      log: { level: 'debug' },
    });
    expect(fs.statSync(file).mode & 0o777).toBe(0o640);
  });

  it.each([
    [OLD, { main: { address: 'nonsense' } }, 'a value that reading would refuse'],
    ['version: 1\nversion: 1\n', { interface: 'eth1' }, 'a file that cannot be understood'],
    ['- a list\n', { interface: 'eth1' }, 'a file of another form'],
  ])('stays untouched when the result would not be right (%#)', (old, change, _remark) => {
    fs.writeFileSync(file, old);
    expect(() => writeSettings(file, change)).toThrow(/^write settings .*error/);
    expect(fs.readFileSync(file, 'utf8')).toBe(old);
  });
});

describe('the JSON schema for editors', () => {
  const schema = settingsJsonSchema();
  // Reading the schema back into a checker shows that it is one, and what it accepts.
  const accepts = (text: string): boolean => z.fromJSONSchema(schema).safeParse(parse(text)).success;
  const least = 'version: 1\nmain: {name: A, address: 192.168.1.10, user: r}\ninterface: eth0\n';

  it('names its dialect and describes every field', () => {
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
    const bare: string[] = [];
    const look = (at: string, node: unknown): void => {
      if (typeof node !== 'object' || node === null || !('properties' in node) || typeof node.properties !== 'object')
        return;
      for (const [name, field] of Object.entries(node.properties ?? {})) {
        if (typeof field === 'object' && field !== null && !('description' in field)) bare.push(`${at}${name}`);
        look(`${at}${name}.`, field);
      }
    };
    look('', schema);
    expect(bare).toEqual([]);
  });

  it.each([
    [least, true, 'only what must be told'],
    [`${least}mirror: {passEvery: 6h}\n`, true, 'a duration'],
    [`${least}mirror: {passEvery: 6}\n`, false, 'a duration without unit'],
    [`${least}mirror: {passEvery: 6 hours}\n`, false, 'a unit that does not exist'],
    [`${least}shars: []\n`, false, 'an unknown key'],
    [least.replace('interface: eth0', ''), false, 'a field that must be told'],
  ])('judges as reading does: %j → %s (%s)', (text, verdict) => {
    expect(accepts(text)).toBe(verdict);
    expect(checkSettings(text).kind).toBe(verdict ? 'good' : 'bad');
  });
});
