/** What a set-up writes: settings and secrets that belong together, and nothing of the old ones where it would do harm. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { setupRequest } from '../api/setup.ts';
import { readSettings } from '../settings/read.ts';
import { readSecrets } from '../settings/secrets.ts';
import { LODGER, startLodge } from '../smb/scripted/lodge.ts';
import { listShares, type Places, saveSetup } from './setup.ts';

let folder: string;
let places: Places;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'set-up-'));
  places = {
    settingsFile: path.join(folder, 'standby.yaml'),
    secretsFile: path.join(folder, 'secrets.yaml'),
    state: path.join(folder, 'state'),
    run: path.join(folder, 'run'),
  };
});

afterEach(() => fs.rmSync(folder, { recursive: true }));

const MAIL = { server: 'mail.example.com', port: 2525, user: 'robot', from: 'a@example.com', to: ['b@example.com'] };

function save(mail?: object, safely: object = {}) {
  const before = fs.existsSync(places.secretsFile) ? readSecrets(places.secretsFile) : undefined;
  const main = { name: 'FILES01', address: '192.168.10.20', user: 'backup', password: 'of the main', ...safely };
  const request = setupRequest.parse({ main, interface: 'eth0', shares: ['Office'], mail });
  return saveSetup(request, places, before);
}

const written = () => ({ settings: readSettings(places.settingsFile), secrets: readSecrets(places.secretsFile) });

it('tries three wrong passwords for the account of the main that is set up, and any number for another one', async () => {
  const lodge = await startLodge({ dialect: 0x0311 });
  try {
    const { user, domain } = LODGER;
    save(undefined, { address: '127.0.0.1', port: lodge.port, user, domain });
    fs.mkdirSync(places.run);
    const list = (who: string): Promise<unknown> => {
      const request = { address: '127.0.0.1', port: lodge.port, user: who, domain, password: 'wrong' };
      return listShares(request, places.settingsFile).catch((error: unknown) => error);
    };
    for (let times = 0; times < 5; times += 1) expect(await list(user)).toMatchObject({ code: 'wrong-password' });
    expect(lodge.tried).toBe(3);
    for (let times = 0; times < 5; times += 1) await list('somebody');
    expect(lodge.tried).toBe(8);
  } finally {
    lodge.close();
  }
});

it('keeps the mail password while its account stays the same, also when no mail is named', () => {
  save({ ...MAIL, password: 'of the mail' });
  save(MAIL);
  expect(written().secrets.mailPassword).toBe('of the mail');
  save();
  expect(written()).toMatchObject({ settings: { mail: MAIL }, secrets: { mailPassword: 'of the mail' } });
});

it.each([
  ['another server', { ...MAIL, server: 'mail.elsewhere.org' }],
  ['another account', { ...MAIL, user: 'somebody' }],
  ['no account', { server: 'mail.example.com', from: 'a@example.com', to: ['b@example.com'] }],
])('gives neither account nor password of the old mail server to %s', (_, mail) => {
  save({ ...MAIL, password: 'of the mail' });
  save(mail);
  const { settings, secrets } = written();
  expect(secrets.mailPassword).toBeUndefined();
  expect(settings.mail?.user).toBe('user' in mail ? mail.user : undefined);
  expect(settings.mail?.port).toBe('port' in mail ? 2525 : 587);
});

it('keeps how safely the main must speak unless it is told otherwise', () => {
  save(undefined, { dialect: 'SMB311', encrypt: 'always' });
  save();
  expect(written().settings.main.require).toEqual({ dialect: 0x0311, encryption: true });
  save(undefined, { encrypt: 'when-demanded' });
  expect(written().settings.main.require).toEqual({ dialect: 0x0311, encryption: false });
});

it('can be taken back', () => {
  save({ ...MAIL, password: 'of the mail' });
  const before = [places.settingsFile, places.secretsFile].map((file) => fs.readFileSync(file, 'utf8'));
  save({ ...MAIL, server: 'mail.elsewhere.org', password: 'another' }).undo();
  expect([places.settingsFile, places.secretsFile].map((file) => fs.readFileSync(file, 'utf8'))).toEqual(before);
});

it('leaves nothing behind when the first one is taken back', () => {
  save().undo();
  expect(fs.readdirSync(folder)).toEqual([]);
});
