/** `standby explain`: why a path is or is not mirrored. */
import type { Command } from 'commander';
import { routes } from '../../api/routes.ts';
import { asksDaemon, type CommonOptions, must, openCalling } from '../calling.ts';
import { usage } from '../usage.ts';
import { explanationLines } from '../words/verify.ts';

export function addExplain(program: Command): void {
  asksDaemon(
    program
      .command('explain')
      .description('say whether a file is mirrored, since when and proven when, or why it is not')
      .argument('<path>', 'SHARE/folder/file, or \\\\server\\SHARE\\folder\\file'),
  ).action(async (typed: string, options: CommonOptions) => {
    const { screen, client } = openCalling(options);
    const about = await must(client.call(routes.explain, { query: shareAndPath(typed) }));
    screen.result(about);
    for (const line of explanationLines(about)) screen.line(line);
  });
}

/** With a server in front or not, in either kind of slashes. Exported for its test. */
export function shareAndPath(typed: string): { share: string; path: string } {
  const isWindows = typed.startsWith('\\\\') || (typed.includes('\\') && !typed.includes('/'));
  const text = isWindows ? typed.replaceAll('\\', '/') : typed;
  const names = text.split('/').filter((name) => name !== '');
  if (text.startsWith('//')) names.shift();
  const [share, ...path] = names;
  if (share !== undefined) return { share, path: path.join('/') };
  throw usage('a path begins with the name of a share', 'for example: standby explain Projects/plans/july.xlsx');
}
