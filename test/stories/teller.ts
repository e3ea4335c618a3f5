/**
 * Tells a story to the deciding core, line by line, and holds it to what the story expects. Time passes only in «wait».
 *
 *   policy manual                      hold of automatic action, patience … stay as they are
 *   main answers | refuses | is silent | is frozen | denies us
 *   witness answers | is silent        link in | out
 *   mirror complete | lacks 400        what the engine says
 *   wait 3 s | 500 ms                  ticks, and evidence of what the story has set, every 250 ms
 *   order NAME [accepting]             a command; restore-files takes the plan «p1»
 *   done STEP | left 3 of restore | failed STEP: WHY
 *   net dies | returns                 engine dies | returns
 *   rival MAC
 *   restart                            everything but what was saved is lost
 *
 *   expect mode KIND[/STEP]            expect steps A, B     all steps since the last such line, in order
 *   expect alerts A, B | none          since the last such line
 *   expect accepted | refused: WORDS   the last command's answer
 *   expect sentence: WORDS             the beginning of it
 */

import type { Command, Decision, Outcome, Policy, StandbyEvent, State, Step } from '../../agent/decide/index.ts';
import { decide, resume, sentence, start } from '../../agent/decide/index.ts';

const EVERY_MS = 250;
const WALL_MS = 1_700_000_000_000;
const DEAD_MS = 2_000;

const OUTCOMES: Record<string, { echo: Outcome; negotiate: Outcome; fetch: Outcome; arp: Outcome }> = {
  answers: { echo: 'answered', negotiate: 'answered', fetch: 'answered', arp: 'answered' },
  refuses: { echo: 'refused', negotiate: 'refused', fetch: 'refused', arp: 'answered' },
  'is silent': { echo: 'silent', negotiate: 'silent', fetch: 'silent', arp: 'silent' },
  'is frozen': { echo: 'frozen', negotiate: 'frozen', fetch: 'frozen', arp: 'answered' },
  'denies us': { echo: 'answered', negotiate: 'answered', fetch: 'denied', arp: 'answered' },
};

type News = StandbyEvent extends infer Event
  ? Event extends StandbyEvent
    ? Omit<Event, 'nowMs' | 'wallMs' | 'freshId'>
    : never
  : never;

export class Teller {
  private nowMs = 10_000;
  private ids = 0;
  private main = 'answers';
  private witness: Outcome = 'answered';
  private link: Outcome = 'answered';
  private netIsThere = true;
  private steps: Step[] = [];
  private alerts: string[] = [];
  private answer: Decision['answer'];
  private policy: Policy = {
    takeover: 'automatic',
    patienceMs: { refused: 10_000, silent: 3_000, frozen: 5_000 },
    witnessFreshMs: 800,
    retryMs: 5_000,
    mainName: 'FILES01',
    standbyName: 'STANDBY1',
    address: '192.168.10.20',
  };
  private state: State = start(undefined, this.nowMs, this.wallMs);

  private get wallMs(): number {
    return WALL_MS + this.nowMs;
  }

  private tell(news: News): void {
    this.ids += 1;
    const stamp = { nowMs: this.nowMs, wallMs: this.wallMs, freshId: `d${this.ids}` };
    this.take(decide(this.state, { ...news, ...stamp }, this.policy));
  }

  private take(decision: Decision): void {
    this.state = decision.state;
    if (decision.answer !== undefined) this.answer = decision.answer;
    for (const effect of decision.effects) {
      if (effect.kind === 'step') this.steps.push(effect.step);
      if (effect.kind === 'alert') this.alerts.push(effect.code);
    }
  }

  /** One line. Throws an Error that says what was expected and what is so. */
  line(text: string): void {
    const [word = '', ...others] = text.split(' ');
    const rest = others.join(' ');
    switch (word) {
      case 'policy':
        if (rest !== 'manual' && rest !== 'automatic') throw new Error(`no such policy: ${rest}`);
        this.policy = { ...this.policy, takeover: rest };
        return;
      case 'main':
        if (OUTCOMES[rest] === undefined) throw new Error(`the main cannot be told to «${rest}»`);
        this.main = rest;
        return;
      case 'witness':
        this.witness = rest === 'answers' ? 'answered' : 'silent';
        return;
      case 'link':
        this.link = rest === 'in' ? 'answered' : 'silent';
        return;
      case 'mirror':
        this.mirror(rest);
        return;
      case 'wait':
        this.wait(durationMs(rest));
        return;
      case 'order':
        this.tell({ kind: 'command', command: commandOf(rest) });
        return;
      case 'done':
        this.tell({ kind: 'done', ...this.pending(rest), ...(rest === 'restore' ? { open: 0 } : {}) });
        return;
      case 'left':
        this.tell({ kind: 'done', ...this.pending('restore'), open: Number(others[0]) });
        return;
      case 'failed': {
        const [step = '', what = ''] = rest.split(': ');
        this.tell({ kind: 'failed', ...this.pending(step), code: 'broken', what });
        return;
      }
      case 'net':
      case 'engine':
        if (word === 'net') this.netIsThere = rest === 'returns';
        this.tell({ kind: 'process', process: word, alive: rest === 'returns' });
        return;
      case 'rival':
        this.tell({ kind: 'rival', mac: rest });
        return;
      case 'restart':
        this.restart();
        return;
      case 'expect':
        this.expect(rest);
        return;
      default:
        throw new Error(`not understood: ${text}`);
    }
  }

  private mirror(words: string): void {
    const lacks = words.startsWith('lacks ') ? Number(words.slice(6)) : 0;
    const complete = lacks === 0;
    this.tell({
      kind: 'mirror',
      complete,
      live: complete,
      missingFiles: lacks,
      missingBytes: lacks * 1_000_000,
      frozenFor: '',
    });
  }

  private wait(forMs: number): void {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; ) {
      this.nowMs += EVERY_MS;
      if (this.netIsThere) this.evidence();
      this.tell({ kind: 'tick' });
    }
  }

  private evidence(): void {
    const say = (layer: 'link' | 'witness' | 'arp' | 'echo' | 'negotiate' | 'fetch', outcome: Outcome): void =>
      this.tell({ kind: 'evidence', layer, outcome, ms: 2, detail: outcome });
    say('link', this.link);
    const isOut = this.link !== 'answered';
    say('witness', isOut ? 'silent' : this.witness);
    const answers = OUTCOMES[isOut ? 'is silent' : this.main];
    if (answers === undefined) return;
    say('arp', answers.arp);
    say('echo', answers.echo);
    say('negotiate', answers.negotiate);
    say('fetch', answers.fetch);
  }

  /** The latest order of this step, with its decision. */
  private pending(effect: string): { effect: Step['effect']; decision: string } {
    const step = this.ordered.findLast((each) => each.effect === effect);
    if (step === undefined) throw new Error(`${effect} was never ordered`);
    return { effect: step.effect, decision: step.decision };
  }

  private readonly ordered: Step[] = [];

  private restart(): void {
    const saved = structuredClone(this.state.durable);
    this.nowMs += DEAD_MS;
    this.state = start(saved, this.nowMs, this.wallMs);
    this.take({ state: this.state, effects: resume(this.state), why: '' });
    this.tell({ kind: 'process', process: 'net', alive: this.netIsThere });
    this.tell({ kind: 'process', process: 'engine', alive: true });
  }

  /** Called after each line: steps stay answerable also after they were expected. */
  remember(): void {
    for (const step of this.steps) if (!this.ordered.includes(step)) this.ordered.push(step);
  }

  private expect(text: string): void {
    const [what = '', ...others] = text.split(' ');
    const rest = others.join(' ');
    const { mode } = this.state.durable;
    switch (what) {
      case 'mode':
        mustBe(rest.includes('/') && 'step' in mode ? `${mode.kind}/${mode.step}` : mode.kind, rest);
        return;
      case 'steps': {
        const steps = this.steps.map((step) => step.effect).join(', ') || 'none';
        this.steps = [];
        mustBe(steps, rest);
        return;
      }
      case 'alerts': {
        const alerts = this.alerts.join(', ') || 'none';
        this.alerts = [];
        mustBe(alerts, rest);
        return;
      }
      case 'accepted':
        mustBe(this.answer?.accepted === true ? 'accepted' : `refused: ${this.answer?.why}`, 'accepted');
        return;
      case 'refused:':
        mustBegin(this.answer?.accepted === false ? this.answer.why : 'accepted', rest);
        return;
      case 'sentence:':
        mustBegin(sentence(this.state, this.policy, this.nowMs, this.wallMs).sentence, rest);
        return;
      default:
        throw new Error(`cannot expect «${text}»`);
    }
  }
}

function mustBe(is: string, expected: string): void {
  if (is !== expected) throw new Error(`expected «${expected}», it is «${is}»`);
}

function mustBegin(is: string, expected: string): void {
  if (!is.startsWith(expected)) throw new Error(`expected «${expected}…», it is «${is}»`);
}

function durationMs(words: string): number {
  const [, number, unit] = /^([0-9.]+) (ms|s)$/.exec(words) ?? [];
  if (number === undefined) throw new Error(`no duration: ${words}`);
  return Number(number) * (unit === 's' ? 1_000 : 1);
}

function commandOf(words: string): Command {
  const [name, ...others] = words.split(' ');
  switch (name) {
    case 'start-sync':
    case 'stop-sync':
    case 'recover-ip':
    case 'resume':
      return { name };
    case 'force-failover':
      return { name, acceptMissing: others.includes('accepting') };
    case 'restore-files':
      return { name, planHash: 'p1' };
    case 'pause':
      return { name, untilWallMs: undefined };
    default:
      throw new Error(`no such command: ${words}`);
  }
}
