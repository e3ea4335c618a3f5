/** Tests of the OpenAPI document and of the contract's table itself. */
import { describe, expect, it } from 'vitest';
import { openApi } from './openapi.ts';
import { routes } from './routes.ts';
import { setupRequest } from './setup.ts';

describe('the contract', () => {
  it('describes every route of the table, and nothing else, as OpenAPI 3.1', () => {
    const document = openApi('1.2.3');
    expect(document).toMatchObject({ openapi: '3.1.0', info: { version: '1.2.3' } });
    const described = Object.entries(document['paths'] ?? {}).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(
      Object.values(routes)
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );
  });

  it('has no two routes with the same method and path', () => {
    const all = Object.values(routes).map(({ method, path }) => `${method} ${path}`);
    expect(new Set(all).size).toBe(all.length);
  });

  it('says what a dangerous command wants and which codes it answers', () => {
    expect(openApi('1')['paths']).toMatchObject({
      '/v1/force-failover': {
        post: {
          requestBody: {
            content: { 'application/json': { schema: { required: ['confirm'], additionalProperties: false } } },
          },
          responses: {
            '409': { description: expect.stringContaining('`refused`') },
            '422': { description: expect.stringContaining('`confirm`') },
          },
        },
      },
      '/v1/events': { get: { parameters: [{ name: 'after', in: 'query', required: false }] } },
    });
  });

  it('refuses in a set-up what would not be safe to write into settings', () => {
    const good = {
      main: { name: 'FILES01', address: '192.168.10.20', user: 'backup', password: 'x' },
      interface: 'eth0',
      shares: ['Projects'],
    };
    expect(setupRequest.safeParse(good).success).toBe(true);
    const wrong: [remark: string, part: object][] = [
      ['an unknown field, as a typing mistake makes it', { share: ['Projects'] }],
      ['no share at all', { shares: [] }],
      ['a share whose name leaves its folder', { shares: ['../etc'] }],
      ['a share whose name begins a section of a configuration file', { shares: ['a]\n[b'] }],
      ['a host name where an address is taken over', { main: { ...good.main, address: 'files01' } }],
      ['a password over several lines', { main: { ...good.main, password: 'a\nb' } }],
      ['a relative folder', { mirrorPath: 'mirror' }],
      ['an interface that is a path', { interface: '../eth0' }],
    ];
    for (const [remark, part] of wrong) {
      expect(setupRequest.safeParse({ ...good, ...part }).success, remark).toBe(false);
    }
  });
});
