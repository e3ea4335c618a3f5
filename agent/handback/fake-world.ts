/** A main in memory, a mirror of it in a real folder, and a restore between them, for tests. */
import type { PlanSummary } from '../engine-messages.ts';
import { FakeMain } from './fake-main.ts';
import { FakeMirror } from './fake-mirror.ts';
import { carryOut, type HandbackDeps, planRestore, type RestoreResult } from './index.ts';

export class FakeWorld {
  readonly main = new FakeMain();
  readonly mirror = new FakeMirror();
  readonly deps: HandbackDeps;

  /** One file at the top, a folder with two; everything mirrored. */
  constructor() {
    const { main, mirror } = this;
    const tree = main.tree();
    this.deps = {
      view: mirror,
      statePath: mirror.statePath,
      decision: 'd1',
      shares: ['docs'],
      treeOf: async () => tree,
    };
    main.write('report.docx', 'base');
    main.write('Büro', undefined);
    main.write('Büro/Übersicht.txt', 'base');
    main.write('Büro/untouched.txt', 'base');
    mirror.copyAll(main);
  }

  async restore(): Promise<{ plan: PlanSummary; result: RestoreResult }> {
    const plan = await planRestore(this.deps);
    return { plan, result: await carryOut(this.deps, plan.hash) };
  }

  /** Unfinished files of ours on the main. */
  temps(): string[] {
    const names = this.main.files().map((file) => file.path);
    return names.filter((name) => name.includes('~standby-'));
  }

  /** Requests to the main that change something. */
  changes(): string[] {
    return this.main.requests.filter((request) => /^(store|makeDir|rename|remove|setBasic|writeSec)/.test(request));
  }
}
