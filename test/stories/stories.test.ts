/** Every story beside this file is told to the deciding core and must come true, line by line. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'vitest';
import { Teller } from './teller.ts';

const folder = import.meta.dirname;
const files = fs.readdirSync(folder).filter((name) => name.endsWith('.txt'));

describe('stories', () => {
  it.each(files)('%s comes true', (name) => {
    const teller = new Teller();
    const lines = fs.readFileSync(path.join(folder, name), 'utf8').split('\n');
    for (const [index, raw] of lines.entries()) {
      const line = raw.trim();
      if (line === '' || line.startsWith('#')) continue;
      try {
        teller.line(line);
        teller.remember();
      } catch (error) {
        throw new Error(`${name}:${index + 1}: ${line}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  });

  it('are there to be told', ({ expect }) => {
    expect(files.length).toBeGreaterThanOrEqual(6);
  });
});
