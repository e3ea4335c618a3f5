/** Tests of announcing, defending, learning and asking, on a played network with time moved by hand. */
import { describe, expect, it } from 'vitest';
import { type ArpFrame, announcement, BROADCAST_MAC, gratuitousReply, whoHas } from './arp-frame.ts';
import type { FromArpThread } from './arp-messages.ts';
import { type ArpStation, openArpStation } from './arp-station.ts';
import { parseIpv4 } from './ipv4.ts';

const OURS = '02:00:00:00:00:01';
const MAIN = '02:00:00:00:00:05';
const CLIENT = '02:00:00:00:00:02';
const NETWORKS = [{ address: parseIpv4('192.0.2.1') ?? 0, prefixLength: 24 }];

interface Played {
  station: ArpStation;
  sent: { atMs: number; frame: ArpFrame }[];
  said: FromArpThread[];
  setLink(up: boolean): void;
  /** Lets time pass; timers fire in order, `lateMs` too late each. */
  pass(ms: number, lateMs?: number): void;
}

function play(): Played {
  let nowMs = 0;
  let up = true;
  let timers: { atMs: number; run: () => void }[] = [];
  const sent: Played['sent'] = [];
  const said: FromArpThread[] = [];
  const station = openArpStation(
    {
      nowMs: () => nowMs,
      after: (ms, run) => {
        timers.push({ atMs: nowMs + ms, run });
      },
      send(frame) {
        if (up) sent.push({ atMs: nowMs, frame });
        return up;
      },
    },
    () => OURS,
    (message) => said.push(message),
  );
  return {
    station,
    sent,
    said,
    setLink: (state) => {
      up = state;
    },
    pass(ms, lateMs = 0) {
      const endMs = nowMs + ms;
      for (;;) {
        const next = timers.filter((timer) => timer.atMs + lateMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        nowMs = Math.max(nowMs, next.atMs + lateMs);
        next.run();
      }
      nowMs = endMs;
    },
  };
}

const heardClient = (played: Played, ip = '192.0.2.2', mac = CLIENT): void =>
  played.station.frame(whoHas(mac, ip, '192.0.2.77'));
const taken = (leaseMs = 6_000): Played => {
  const played = play();
  played.station.order({ kind: 'place', networks: NETWORKS, avoid: ['192.0.2.5'] });
  heardClient(played);
  played.station.order({ kind: 'hold', addresses: ['192.0.2.5'], leaseMs, announce: true });
  return played;
};

describe('announcing a held address', () => {
  it('sends both broadcasts and tells every learned client, at once', () => {
    const { sent } = taken();
    expect(sent).toEqual([
      { atMs: 0, frame: announcement(OURS, '192.0.2.5') },
      { atMs: 0, frame: gratuitousReply(OURS, '192.0.2.5') },
      { atMs: 0, frame: whoHas(OURS, '192.0.2.5', '192.0.2.2', CLIENT) },
    ]);
  });

  it('repeats at the measured times', () => {
    const played = taken();
    played.pass(5_000);
    const times = [...new Set(played.sent.map((each) => each.atMs))];
    expect(times).toEqual([0, 10, 50, 150, 350, 700, 1_900, 3_100, 4_300]);
  });

  it('falls silent when the lease is not renewed, and goes on when it is', () => {
    const played = taken(2_000);
    played.pass(1_500);
    played.station.order({ kind: 'hold', addresses: ['192.0.2.5'], leaseMs: 2_000, announce: false });
    played.pass(20_000);
    expect(Math.max(...played.sent.map((each) => each.atMs))).toBe(3_100);
    const before = played.sent.length;
    played.station.frame(whoHas(CLIENT, '192.0.2.2', '192.0.2.5'));
    played.station.frame(announcement(MAIN, '192.0.2.5'));
    played.pass(1_000);
    expect(played.sent).toHaveLength(before);
    expect(played.said).toEqual([]);
  });

  it('a renewal that comes after the lease ended does not bring it back', () => {
    const played = taken(2_000);
    played.pass(2_500);
    const before = played.sent.length;
    played.station.order({ kind: 'hold', addresses: ['192.0.2.5'], leaseMs: 2_000, announce: false });
    played.pass(70_000);
    expect(played.sent).toHaveLength(before);
  });

  it('leads the clients to the main that is back when it lets go, from its own hardware address', () => {
    const played = taken();
    played.station.frame(announcement(MAIN, '192.0.2.5'));
    played.pass(2_000);
    const from = played.sent.length;
    played.station.order({ kind: 'drop' });
    expect(played.sent.slice(from).map(({ frame }) => frame)).toEqual([
      { ...announcement(MAIN, '192.0.2.5'), etherSource: OURS },
      { ...gratuitousReply(MAIN, '192.0.2.5'), etherSource: OURS },
      { ...whoHas(MAIN, '192.0.2.5', '192.0.2.2', CLIENT), etherSource: OURS },
    ]);
    played.pass(60_000);
    expect(played.sent).toHaveLength(from + 3);
  });

  it('falls silent at once when it is dropped', () => {
    const played = taken();
    played.station.order({ kind: 'drop' });
    const before = played.sent.length;
    played.pass(10_000);
    expect(played.sent).toHaveLength(before);
  });
});

describe('defending it', () => {
  const settled = (): Played => {
    const played = taken(600_000);
    played.pass(10_000);
    played.sent.length = 0;
    return played;
  };

  it('answers who-has by telling that client directly, four times', () => {
    const played = settled();
    played.station.frame(whoHas('02:00:00:00:00:07', '192.0.2.7', '192.0.2.5'));
    played.pass(200);
    expect(played.sent.map((each) => each.atMs - 10_000)).toEqual([0, 1, 10, 100]);
    expect(played.sent[0]?.frame).toEqual(whoHas(OURS, '192.0.2.5', '192.0.2.7', '02:00:00:00:00:07'));
  });

  it('reports a rival, answers with broadcasts at 0, 5 and 50 ms, and refreshes every 250 ms', () => {
    const played = settled();
    played.station.frame(announcement(MAIN, '192.0.2.5'));
    played.pass(60);
    expect(played.said).toEqual([{ kind: 'rival', address: '192.0.2.5', mac: MAIN }]);
    const broadcasts = played.sent.filter((each) => each.frame.operation === 'reply');
    expect(broadcasts.map((each) => each.atMs - 10_000).slice(0, 3)).toEqual([0, 5, 50]);
    played.sent.length = 0;
    played.pass(2_000);
    expect(played.sent.filter((each) => each.frame.operation === 'reply')).toHaveLength(8);
  });

  it('a storm of a rival gives at most one report a second and a capped number of frames', () => {
    const played = settled();
    for (let n = 0; n < 5_000; n += 1) {
      played.station.frame(gratuitousReply(MAIN, '192.0.2.5'));
      played.pass(1);
    }
    expect(played.said).toHaveLength(5);
    // 40 at first and 40 a second, two frames each, and the refresh of three frames four times a second.
    expect(played.sent.length).toBeLessThan(2 * (40 + 5 * 40) + 3 * 4 * 6);
  });

  it('a probe from 0.0.0.0 is no claim (RFC 5227 2.1.1), and its own frames that a switch sends back are none either', () => {
    const played = settled();
    played.station.frame(whoHas(MAIN, '0.0.0.0', '192.0.2.5'));
    played.station.frame(announcement(OURS, '192.0.2.5'));
    played.pass(200);
    expect(played.said).toEqual([]);
    expect(played.sent).toEqual([]);
  });
});

describe('learning clients', () => {
  it.each([
    ['another network', whoHas(CLIENT, '198.51.100.2', '198.51.100.1')],
    ['the main', whoHas(MAIN, '192.0.2.5', '192.0.2.1')],
    ['our own address', whoHas(CLIENT, '192.0.2.1', '192.0.2.9')],
    ['a group address as sender', whoHas('03:00:00:00:00:02', '192.0.2.2', '192.0.2.9')],
    ['a frame that lies about its source', { ...whoHas(CLIENT, '192.0.2.2', '192.0.2.9'), etherSource: MAIN }],
    ['a reply', { ...gratuitousReply(CLIENT, '192.0.2.2') }],
    ['a unicast request', whoHas(CLIENT, '192.0.2.2', '192.0.2.1', OURS)],
  ])('does not learn from %s', (_name, frame) => {
    const played = play();
    played.station.order({ kind: 'place', networks: NETWORKS, avoid: ['192.0.2.5'] });
    played.station.frame(frame);
    played.station.order({
      kind: 'probe',
      id: 1,
      probe: { senderIp: '192.0.2.1', targets: [], learned: 6, timeoutMs: 100 },
    });
    expect(played.said).toEqual([{ kind: 'answer', id: 1, answer: { kind: 'nobody' } }]);
  });
});

describe('asking who is there', () => {
  const probe = { senderIp: '192.0.2.1', targets: ['192.0.2.9'], learned: 6, timeoutMs: 800 };
  const reply: ArpFrame = {
    operation: 'reply',
    etherTarget: OURS,
    etherSource: '02:00:00:00:00:09',
    senderMac: '02:00:00:00:00:09',
    senderIp: '192.0.2.9',
    targetMac: OURS,
    targetIp: '192.0.2.1',
  };

  it('asks the named by broadcast and the learned directly, and takes the first answer', () => {
    const played = play();
    played.station.order({ kind: 'place', networks: NETWORKS, avoid: [] });
    heardClient(played);
    played.station.order({ kind: 'probe', id: 7, probe });
    expect(played.sent.map((each) => [each.frame.targetIp, each.frame.etherTarget, each.frame.senderIp])).toEqual([
      ['192.0.2.9', BROADCAST_MAC, '192.0.2.1'],
      ['192.0.2.2', CLIENT, '192.0.2.1'],
    ]);
    played.pass(30);
    played.station.frame(reply);
    played.pass(2_000);
    const answer = { kind: 'answered', ip: '192.0.2.9', mac: '02:00:00:00:00:09', ms: 30 };
    expect(played.said).toEqual([{ kind: 'answer', id: 7, answer }]);
  });

  it.each([
    ['nobody answers', 800, 0, { kind: 'silent' }],
    ['nobody answers, and our timer was 150 ms late', 950, 150, { kind: 'silent' }],
    ['we ran 300 ms late: that silence is our own fault', 1_100, 300, { kind: 'unproven', what: 'we ran 300 ms late' }],
  ])('%s', (_name, passMs, lateMs, answer) => {
    const played = play();
    played.station.order({ kind: 'probe', id: 1, probe });
    played.station.frame({ ...reply, senderIp: '192.0.2.10' });
    played.pass(passMs, lateMs);
    expect(played.said).toEqual([{ kind: 'answer', id: 1, answer }]);
  });

  it('asks once more at half time, and says so when the link is down', () => {
    const played = play();
    played.station.order({ kind: 'probe', id: 1, probe });
    played.pass(500);
    expect(played.sent.map((each) => each.atMs)).toEqual([0, 400]);
    played.setLink(false);
    played.station.order({ kind: 'probe', id: 2, probe });
    expect(played.said).toEqual([{ kind: 'answer', id: 2, answer: { kind: 'unsent' } }]);
  });

  it('has a limit on questions at once', () => {
    const played = play();
    for (let id = 1; id <= 33; id += 1) played.station.order({ kind: 'probe', id, probe });
    expect(played.said).toEqual([
      { kind: 'answer', id: 33, answer: { kind: 'unproven', what: 'too many probes at once' } },
    ]);
  });
});
