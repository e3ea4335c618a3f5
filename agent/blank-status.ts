/** The status while nothing is set up. */
import type { LogEvent } from '../api/event.ts';
import { layerNames, type Status } from '../api/status.ts';
import { NO_LOAD } from './status.ts';

export function blankStatus(version: string, wallMs: number, alerts: LogEvent[]): Status {
  return {
    sentence: {
      level: 'warn',
      sentence: 'Not protected yet. Tell this box which file server it stands by for.',
      after: 'Next: standby setup.',
    },
    mode: 'idle',
    sinceMs: wallMs,
    why: 'nothing is set up',
    takeover: { mode: 'automatic', patience: '' },
    main: null,
    layers: layerNames.map((layer) => ({ layer, outcome: 'unknown', ms: 0, ageMs: -1, detail: '' })),
    mirror: {
      shares: [],
      files: 0,
      bytes: 0,
      filesToDo: 0,
      bytesToDo: 0,
      skipped: 0,
      bytesPerSecond: 0,
      filesPerSecond: 0,
      leftMs: -1,
      load: NO_LOAD,
    },
    decision: '',
    held: [],
    pausedUntilMs: null,
    frozenFor: '',
    restore: null,
    verify: null,
    processes: {
      agent: { alive: true, pid: process.pid, rssBytes: process.memoryUsage.rss() },
      net: { alive: false, pid: 0, rssBytes: 0 },
      engine: { alive: false, pid: 0, rssBytes: 0 },
    },
    alerts,
    mail: null,
    version,
    atMs: wallMs,
  };
}
