/** Writing and reading a plan's file (`statePath/plans/<decision>-<hash>.jsonl`, mode 0600), a line at a time. */
import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { Failure, failureOf } from '../../base/failure.ts';
import { syncFolder } from '../../base/file.ts';
import type { PlanSummary } from '../engine-messages.ts';
import { type PlanHeader, type PlanLine, planHeader, planLine } from './plan-line.ts';

/** Lines of a plan that are shown to people at once. */
const SAMPLE_LINES = 12;
const BUFFER_BYTES = 65_536;

export class PlanWriter {
  private readonly folder: string;
  private readonly decision: string;
  private readonly temp: string;
  private readonly fd: number;
  private readonly hash: Hash = createHash('sha256');
  private pending = '';
  private readonly counts = { send: 0, sendBytes: 0, remove: 0, conflicts: 0, leave: 0, blocked: 0 };
  private readonly blockedSample: PlanSummary['sample'] = [];
  private readonly sample: PlanSummary['sample'] = [];

  /** Throws a Failure when the folder of plans cannot be written to. */
  constructor(statePath: string, header: PlanHeader) {
    this.folder = path.join(statePath, 'plans');
    this.decision = header.decision;
    this.temp = path.join(this.folder, `${header.decision}.new`);
    try {
      fs.mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      fs.rmSync(this.temp, { force: true });
      this.fd = fs.openSync(this.temp, fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL, 0o600);
    } catch (error) {
      throw failureOf(error, 'write the plan', this.temp);
    }
    this.append(JSON.stringify(header));
  }

  add(line: PlanLine): void {
    this.count(line);
    // Through the schema: it fixes the order of the keys, which the hash covers.
    this.append(JSON.stringify(planLine.parse(line)));
  }

  /** Gives the file its name and removes older plans of this decision: what was shown before is no longer on offer. */
  finish(): PlanSummary {
    try {
      this.flush();
      fs.fsyncSync(this.fd);
    } catch (error) {
      this.abandon();
      throw failureOf(error, 'write the plan', this.temp);
    }
    const hash = this.hash.digest('hex');
    const file = path.join(this.folder, `${this.decision}-${hash}.jsonl`);
    try {
      fs.closeSync(this.fd);
      fs.renameSync(this.temp, file);
      for (const name of fs.readdirSync(this.folder)) {
        const older = name.startsWith(`${this.decision}-`) && /-[0-9a-f]{64}\.jsonl$/.test(name);
        if (older && name !== path.basename(file)) fs.rmSync(path.join(this.folder, name));
      }
      syncFolder(this.folder);
      return { hash, file, ...this.counts, sample: [...this.blockedSample, ...this.sample].slice(0, SAMPLE_LINES) };
    } catch (error) {
      throw failureOf(error, 'write the plan', this.temp);
    }
  }

  /** Throws the unfinished file away. */
  abandon(): void {
    fs.closeSync(this.fd);
    fs.rmSync(this.temp, { force: true });
  }

  private append(text: string): void {
    this.pending += `${text}\n`;
    if (this.pending.length >= BUFFER_BYTES) this.flush();
  }

  private flush(): void {
    const bytes = Buffer.from(this.pending);
    this.pending = '';
    this.hash.update(bytes);
    try {
      fs.writeFileSync(this.fd, bytes);
    } catch (error) {
      throw failureOf(error, 'write the plan', this.temp);
    }
  }

  private count(line: PlanLine): void {
    const { counts } = this;
    switch (line.action) {
      case 'send':
      case 'send-new':
      case 'send-for-directory':
        counts.sendBytes += line.local?.size ?? 0;
        counts.send += 1;
        break;
      case 'stamp':
      case 'make-directory':
        counts.send += 1;
        break;
      case 'remove':
      case 'remove-directory':
        counts.remove += 1;
        break;
      case 'conflict':
      case 'conflict-directory':
        counts.sendBytes += line.local?.size ?? 0;
        counts.conflicts += 1;
        break;
      case 'equal':
      case 'leave':
      case 'respell':
        counts.leave += 1;
        break;
      case 'blocked':
        counts.blocked += 1;
        break;
    }
    const list = line.action === 'blocked' ? this.blockedSample : this.sample;
    const { action, share, why } = line;
    if (list.length < SAMPLE_LINES && action !== 'equal') list.push({ action, share, path: line.path, why });
  }
}

export interface OpenPlan {
  header: PlanHeader;
  /** Lines without the header. */
  total: number;
  /** Bytes of the files that are to be sent. */
  totalBytes: number;
  /** From the beginning each time. */
  lines(): Generator<PlanLine, void, undefined>;
  close(): void;
}

/** Opens the plan with this hash. Throws `no-such-plan` when there is none, and `plan-changed` when the bytes are not those that were shown. */
export function openPlan(statePath: string, decision: string, planHash: string): OpenPlan {
  const file = path.join(statePath, 'plans', `${decision}-${planHash}.jsonl`);
  const hint = 'make a new plan and look at it again';
  let fd: number;
  try {
    fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  } catch (error) {
    const what = 'there is no plan with this hash any more';
    throw new Failure({ code: 'no-such-plan', doing: 'open the plan', subject: file, what, hint, cause: error });
  }
  try {
    if (hashOf(fd) !== planHash) {
      const what = 'the file is not the one that was shown';
      throw new Failure({ code: 'plan-changed', doing: 'open the plan', subject: file, what, hint });
    }
    let header: PlanHeader | undefined;
    let total = 0;
    let totalBytes = 0;
    for (const text of textLines(fd)) {
      if (header === undefined) header = planHeader.parse(JSON.parse(text));
      else {
        const line = planLine.parse(JSON.parse(text));
        total += 1;
        if (line.phase === 'send') totalBytes += line.local?.size ?? 0;
      }
    }
    if (header === undefined || header.decision !== decision)
      throw new Failure({
        code: 'plan-changed',
        doing: 'open the plan',
        subject: file,
        what: 'it has no header',
        hint,
      });
    return {
      header,
      total,
      totalBytes,
      *lines() {
        let first = true;
        for (const text of textLines(fd)) {
          if (!first) yield planLine.parse(JSON.parse(text));
          first = false;
        }
      },
      close: () => fs.closeSync(fd),
    };
  } catch (error) {
    fs.closeSync(fd);
    throw failureOf(error, 'read the plan', file);
  }
}

function hashOf(fd: number): string {
  const hash = createHash('sha256');
  for (const chunk of chunks(fd)) hash.update(chunk);
  return hash.digest('hex');
}

/** Split at «\n» only: JSON leaves U+2028 in a name as it is, and it would end a line for node:readline. */
function* textLines(fd: number): Generator<string, void, undefined> {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  for (const chunk of chunks(fd)) {
    pending += decoder.write(chunk);
    let from = 0;
    for (let cut = pending.indexOf('\n', from); cut >= 0; cut = pending.indexOf('\n', from)) {
      yield pending.slice(from, cut);
      from = cut + 1;
    }
    pending = pending.slice(from);
  }
}

/** The whole file from its beginning; each chunk is valid until the next. */
function* chunks(fd: number): Generator<Buffer, void, undefined> {
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  for (let at = 0; ; ) {
    const read = fs.readSync(fd, buffer, 0, buffer.length, at);
    if (read === 0) return;
    yield buffer.subarray(0, read);
    at += read;
  }
}
