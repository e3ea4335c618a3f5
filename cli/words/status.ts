/** The status for people: the sentence first, then main, layers, shares, processes, mail, alerts. */
import type { LogEvent } from '../../api/event.ts';
import type { LayerStatus, SentenceLevel, ShareStatus, Status, TrafficFigures } from '../../api/status.ts';
import { counted, humanCount, humanDuration, humanSize, printable } from '../../base/human.ts';
import type { Colour, Screen } from '../screen.ts';
import { safe } from '../screen.ts';
import { progressBar } from './bar.ts';
import { loadWords } from './load.ts';
import { moment } from './time.ts';
import { verifyLine } from './verify.ts';

type Paint = Screen['paint'];

/** Each level has its shape and its colour; the sentence itself says it in words. */
const MARKS: Record<SentenceLevel, [mark: string, colour: Colour]> = {
  ok: ['●', 'green'],
  serve: ['⇄', 'blue'],
  warn: ['▲', 'amber'],
  stop: ['‖', 'amber'],
  bad: ['■', 'red'],
  off: ['○', 'grey'],
};

/** The answer to «am I protected?», and what follows from it. */
export function sentenceLines(status: Status, paint: Paint): string[] {
  const { level, sentence, after } = status.sentence;
  const [mark, colour] = MARKS[level];
  const first = paint(`${mark} ${printable(sentence)}`, colour, 'bold');
  return after === '' ? [first] : [first, `  ${printable(after)}`];
}

export function statusLines(status: Status, paint: Paint): string[] {
  return [
    ...sentenceLines(status, paint),
    '',
    ...situation(status),
    ...section('Layers', status.layers.map(layerLine)),
    ...section('Shares', shareLines(status)),
    ...loadLine(status),
    ...section('Verify', verifyWords(status)),
    ...section('Processes', processLines(status)),
    row('Mail', mailWords(status)),
    ...section('Alerts', status.alerts.map(alertLine)),
  ];
}

function situation(status: Status): string[] {
  const { main, takeover } = status;
  return [
    row('Main', main === null ? 'none is set up' : safe`${main.name} at ${main.address}`),
    row('Take-over', `${takeover.mode}${pauseWords(status)}; ${printable(takeover.patience)}`),
    row('Mode', `${status.mode.replaceAll('-', ' ')} since ${moment(status.sinceMs)}${because(status.why)}`),
    ...(status.held.length === 0 ? [] : [row('Held', status.held.map(printable).join(', '))]),
    ...(status.frozenFor === '' ? [] : [row('Frozen', 'changes made here wait for restore-files')]),
  ];
}

function because(why: string): string {
  return why === '' ? '' : `: ${printable(why)}`;
}

function pauseWords({ pausedUntilMs }: Status): string {
  if (pausedUntilMs === null) return '';
  return pausedUntilMs < 0 ? ', paused until resumed' : `, paused until ${moment(pausedUntilMs)}`;
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(10)} ${text}`;
}

function section(name: string, lines: string[]): string[] {
  return lines.map((line, index) => row(index === 0 ? name : '', line));
}

function layerLine({ layer, outcome, ms, ageMs, detail }: LayerStatus): string {
  const age = ageMs < 0 ? 'not yet' : `${humanDuration(ms)}, ${humanDuration(ageMs)} ago`;
  return `${layer.padEnd(10)} ${outcome.padEnd(9)} ${age}${because(detail)}`;
}

function shareLines(status: Status): string[] {
  const { mirror } = status;
  const widest = Math.min(30, Math.max(0, ...mirror.shares.map(({ share }) => printable(share).length)));
  const lines = mirror.shares.map((share) => shareLine(share, widest, status.atMs));
  return lines.length === 0 ? lines : [...lines, paceLine(status), ...trafficLines(status)];
}

/** What the last day cost; nothing when nothing moved. */
function trafficLines({ mirror }: Status): string[] {
  const sum = (figure: keyof TrafficFigures): number =>
    mirror.shares.reduce((total, { traffic }) => total + traffic.day[figure], 0);
  const [read, written, changed, uncompared] = [
    sum('readBytes'),
    sum('writtenBytes'),
    sum('changedBytes'),
    sum('uncomparedBytes'),
  ];
  if (read === 0 && written === 0) return [];
  const whole = uncompared === 0 ? '' : `; ${humanSize(uncompared)} replaced whole, not compared`;
  return [`last 24 h: ${humanSize(read)} read, ${humanSize(written)} written, ${humanSize(changed)} changed${whole}`];
}

/** The age of the last proof: since when nothing here was believed only. */
function provenWords({ provedMs, unproven, complete }: ShareStatus, nowMs: number): string {
  if (!complete) return '';
  if (provedMs === 0) return '; not proven yet';
  const but = unproven === 0 ? '' : ` but for ${counted(unproven, 'file')}`;
  return `; proven ${humanDuration(Math.max(0, nowMs - provedMs))} ago${but}`;
}

/** @param nowMs wall time of the status */
export function shareLine(share: ShareStatus, width: number, nowMs: number): string {
  const name = printable(share.share).padEnd(width);
  const state = share.state.replaceAll('-', ' ').padEnd(11);
  const amount =
    share.filesToDo > 0 || share.bytesToDo > 0
      ? `${humanCount(share.files)} files, ${humanSize(share.bytes)}; ${humanCount(share.filesToDo)} files, ${humanSize(share.bytesToDo)} to do`
      : `${counted(share.files, 'file')}, ${humanSize(share.bytes)}`;
  const skipped = share.skipped === 0 ? '' : `; ${humanCount(share.skipped)} could not be copied`;
  return `${name}  ${state} ${progressBar(partOf(share))}  ${amount}${skipped}${provenWords(share, nowMs)}${because(share.problem)}`;
}

/** By bytes, or by files where all that is left is empty. 0 before anything is known, since «nothing to do» is not known either. */
export function partOf(share: {
  complete: boolean;
  files: number;
  bytes: number;
  filesToDo: number;
  bytesToDo: number;
}): number {
  if (share.bytesToDo > 0) return share.bytes / (share.bytes + share.bytesToDo);
  if (share.filesToDo > 0) return share.files / (share.files + share.filesToDo);
  return share.complete ? 1 : 0;
}

export function paceLine({ mirror }: Status): string {
  const left = mirror.leftMs <= 0 ? '' : `, ${humanDuration(mirror.leftMs)} left`;
  if (mirror.filesPerSecond === 0 && mirror.bytesPerSecond === 0) return `idle${left}`;
  return `${humanSize(mirror.bytesPerSecond)}/s, ${humanCount(mirror.filesPerSecond)} files/s${left}`;
}

function loadLine({ mirror }: Status): string[] {
  const words = loadWords(mirror.load);
  return words === undefined ? [] : [row('Load', words)];
}

function verifyWords({ verify }: Status): string[] {
  if (verify === null) return [];
  if (verify.state === 'running') return [verifyLine(verify).trim()];
  const how = verify.state === 'done' ? 'ended' : 'was stopped';
  const healed = verify.healed === 0 ? '' : `, ${humanCount(verify.healed)} healed`;
  return [
    `${how} ${moment(verify.endedMs)}: ${counted(verify.different, 'difference')}${healed}${because(verify.problem)}`,
  ];
}

function processLines({ processes }: Status): string[] {
  return Object.entries(processes).map(([name, { alive, pid, rssBytes }]) =>
    alive ? `${name.padEnd(10)} runs (process ${pid}, ${humanSize(rssBytes)})` : `${name.padEnd(10)} does not run`,
  );
}

function mailWords({ mail }: Status): string {
  if (mail === null) return 'is not set up: nobody is told of an alert';
  const waiting =
    mail.waiting === 0 ? 'nothing waits' : `${counted(mail.waiting, 'mail waits', 'mails wait')} to be sent`;
  return `${waiting}${because(mail.problem)}`;
}

function alertLine({ atMs, level, what }: LogEvent): string {
  return `${moment(atMs)}  ${level}: ${printable(what)}`;
}
