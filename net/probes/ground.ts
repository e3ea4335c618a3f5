/**
 * The layers below SMB: our own link, the main's ARP, and the witnesses that tell «the main is gone» from «we are cut off».
 * Asked from our own address in the same network, never from 0.0.0.0: a booting main would take that for a conflict
 * and disable its interface (RFC 5227 2.1.1).
 */
import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import type { Arp } from '../arp.ts';
import type { ArpAnswer } from '../arp-messages.ts';
import { formatIpv4, isInNetwork, type Network, parseIpv4 } from '../ipv4.ts';
import type { Layer, Outcome, ProbePlan } from '../messages.ts';
import type { Finding } from './classify.ts';
import { defaultGateway, lookAtLink } from './link.ts';

/** How long a witness may take: hosts that sleep a little answer late. */
export const WITNESS_LIMIT_MS = 800;
/** Learned clients asked in a round, beside the gateway and the named witnesses. */
const LEARNED_WITNESSES = 6;

export interface GroundWorld {
  clock: Clock;
  /** The ARP thread of the plan's interface. Throws a Failure when it cannot be opened. */
  arp(): Promise<Arp>;
  /** Our own addresses on the plan's interface, without held ones. */
  ownNetworks(): Network[];
  report(layer: Layer, finding: Finding, beganMs: number): void;
}

export interface Ground {
  link(): Promise<void>;
  /** Undefined when nothing was proven. */
  arp(): Promise<Outcome | undefined>;
  witness(): Promise<void>;
}

export function openGround(plan: ProbePlan, world: GroundWorld): Ground {
  const { clock, report } = world;

  /** Asks by ARP; the answer as a finding, undefined when our own thread could not prove anything. */
  const ask = async (targets: string[], learned: number, timeoutMs: number): Promise<Finding | undefined> => {
    const networks = world.ownNetworks();
    const near = targets.filter((target) => networkOf(target, networks) !== undefined);
    const sender = networkOf(near[0] ?? plan.main.address, networks) ?? networks[0];
    if (sender === undefined) return { outcome: 'unknown', detail: `no address of ours on ${plan.interface}` };
    if (near.length + learned === 0) return { outcome: 'unknown', detail: 'not in a network of ours: ARP cannot ask' };
    let arp: Arp;
    try {
      arp = await world.arp();
    } catch (error) {
      if (error instanceof Failure) return { outcome: 'unknown', detail: error.message };
      throw error;
    }
    arp.place(networks, [plan.main.address]);
    return findingOf(await arp.probe({ senderIp: formatIpv4(sender.address), targets: near, learned, timeoutMs }));
  };

  return {
    async link() {
      report('link', lookAtLink(plan.interface), clock.monoMs());
    },
    async arp() {
      const beganMs = clock.monoMs();
      const finding = await ask([plan.main.address], 0, plan.echoTimeoutMs);
      if (finding !== undefined) report('arp', finding, beganMs);
      return finding?.outcome;
    },
    async witness() {
      const beganMs = clock.monoMs();
      const gateway = defaultGateway(plan.interface);
      const own = new Set(world.ownNetworks().map((network) => formatIpv4(network.address)));
      const named = [...(gateway === undefined ? [] : [gateway]), ...plan.witnesses];
      const targets = [...new Set(named)].filter((each) => each !== plan.main.address && !own.has(each));
      const finding = await ask(targets, LEARNED_WITNESSES, WITNESS_LIMIT_MS);
      if (finding !== undefined) report('witness', finding, beganMs);
    },
  };
}

function networkOf(target: string, networks: readonly Network[]): Network | undefined {
  const address = parseIpv4(target);
  return address === undefined ? undefined : networks.find((network) => isInNetwork(address, network));
}

function findingOf(answer: ArpAnswer): Finding | undefined {
  switch (answer.kind) {
    case 'answered':
      return { outcome: 'answered', detail: `${answer.ip} is at ${answer.mac}` };
    case 'silent':
      return { outcome: 'silent', detail: 'no answer to ARP' };
    case 'unsent':
      return { outcome: 'silent', detail: 'our own link is down' };
    case 'nobody':
      return { outcome: 'unknown', detail: 'nobody to ask' };
    case 'unproven':
      return undefined;
  }
}
