/** SDDL (MS-DTYP 2.5.1) as a security descriptor. */
import { isObjectKind, readAce } from './acl.ts';
import { badText } from './malformed.ts';
import {
  DACL_LETTERS,
  DIRECTORY_RIGHTS,
  DOMAIN_LETTERS,
  FLAG_LETTERS,
  GENERAL_RIGHTS,
  KIND_LETTERS,
  LABEL_RIGHTS,
  type Letters,
  meaningOf,
  NULL_LIST,
  SACL_LETTERS,
  SID_LETTERS,
  WHOLE_RIGHTS,
} from './sddl-letters.ts';
import { guidBytes, readGuid, readSid, sidBytes } from './sid.ts';
import type { Ace, Acl, Guid, SecurityDescriptor, Sid } from './types.ts';

const RIGHTS: Letters = { ...WHOLE_RIGHTS, ...GENERAL_RIGHTS, ...DIRECTORY_RIGHTS, ...LABEL_RIGHTS };
/** ACL_REVISION, and ACL_REVISION_DS for lists with object entries (MS-DTYP 2.4.5). */
const REVISION = { plain: 2, objects: 4 } as const;

const SID = /[A-Z]{2}|S-1-(?:0x[0-9a-fA-F]{12}|\d+)(?:-\d+)*/uy;
const LIST_FLAGS = /(?:P|AR|AI)*/uy;
const ENTRY = /\(([^()]*)\)/uy;
/** One part and its «:». */
const PART = /([OGDS]):/uy;

/**
 * @param domain the SID of the domain, or of the machine, that letters such as `DA` are about; without it they are refused
 * Throws `malformed`. Conditions and claims are not read, except in the hexadecimal form of toSddl.
 */
export function fromSddl(text: string, domain?: Sid): SecurityDescriptor {
  const descriptor: SecurityDescriptor = {
    control: 0,
    resourceManager: 0,
    owner: undefined,
    group: undefined,
    dacl: undefined,
    sacl: undefined,
  };
  const reader = new Reader(text);
  const seen = new Set<string>();
  while (!reader.ended) {
    const part = reader.must(PART, 'a part «O:», «G:», «D:» or «S:» is expected')[1] ?? '';
    if (seen.has(part)) throw badText(text, `«${part}:» is there twice`);
    seen.add(part);
    if (part === 'O' || part === 'G') {
      const sid = sidOf(reader.must(SID, 'a SID is expected')[0], domain);
      if (part === 'O') descriptor.owner = sid;
      else descriptor.group = sid;
    } else {
      const letters = part === 'D' ? DACL_LETTERS : SACL_LETTERS;
      descriptor.control |= bitsOf(reader.match(LIST_FLAGS)?.[0] ?? '', letters);
      const acl = reader.take(NULL_LIST) ? null : listOf(reader, domain);
      if (part === 'D') descriptor.dacl = acl;
      else descriptor.sacl = acl;
    }
  }
  return descriptor;
}

/** Where we are in the text. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get ended(): boolean {
    return this.#at >= this.#text.length;
  }

  /** What stands here, by a sticky expression. */
  match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at += found[0].length;
    return found;
  }

  must(expression: RegExp, what: string): RegExpExecArray {
    const found = this.match(expression);
    if (found === undefined) throw badText(this.#text.slice(this.#at), what);
    return found;
  }

  take(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }
}

function listOf(reader: Reader, domain: Sid | undefined): Acl {
  const aces: Ace[] = [];
  for (let entry = reader.match(ENTRY); entry !== undefined; entry = reader.match(ENTRY))
    aces.push(aceOf(entry[1] ?? '', domain));
  return { revision: aces.some((ace) => isObjectKind(ace.type)) ? REVISION.objects : REVISION.plain, aces };
}

function aceOf(text: string, domain: Sid | undefined): Ace {
  if (text.startsWith('#')) return rawAceOf(text);
  const [kind = '', flags = '', rights = '', object = '', inheritedObject = '', sid = '', ...more] = text.split(';');
  const type = meaningOf(KIND_LETTERS, kind);
  if (type === undefined || more.length > 0) throw badText(text, 'it is no entry that can be read');
  if (!isObjectKind(type) && object + inheritedObject !== '') throw badText(text, 'this kind of entry has no object');
  return {
    kind: 'rule',
    type,
    flags: bitsOf(flags, FLAG_LETTERS),
    mask: maskOf(rights),
    sid: sidOf(sid, domain),
    object: isObjectKind(type) ? { type: guidOf(object), inheritedType: guidOf(inheritedObject) } : undefined,
    data: Buffer.alloc(0),
  };
}

/** The bytes of an entry, header and all. */
function rawAceOf(text: string): Ace {
  const bytes = Buffer.from(text.slice(1), 'hex');
  const isWhole = bytes.length * 2 === text.length - 1 && bytes.length >= 4 && bytes.length % 4 === 0;
  if (!isWhole || bytes.readUInt16LE(2) !== bytes.length) throw badText(text, 'these are not the bytes of one entry');
  return readAce(bytes);
}

/** Letters, or a number: hexadecimal behind «0x», octal behind «0», else decimal (MS-DTYP 2.5.1.1). */
function maskOf(rights: string): number {
  if (!/^(?:0x[0-9a-f]{1,8}|\d{1,12})$/iu.test(rights)) return bitsOf(rights, RIGHTS);
  const isOctal = /^0\d/u.test(rights);
  if (isOctal && /[89]/u.test(rights)) throw badText(rights, 'behind «0» rights are octal');
  const mask = isOctal ? Number.parseInt(rights, 8) : Number(rights);
  if (mask > 0xffff_ffff) throw badText(rights, 'rights have 32 bits');
  return mask;
}

/** @param letters of one or two letters each */
function bitsOf(text: string, letters: Letters): number {
  let bits = 0;
  for (let at = 0; at < text.length; ) {
    const length = meaningOf(letters, text.slice(at, at + 2)) === undefined ? 1 : 2;
    const bit = meaningOf(letters, text.slice(at, at + length));
    if (bit === undefined) throw badText(text, 'these letters have no meaning here');
    bits |= bit;
    at += length;
  }
  return bits >>> 0;
}

function sidOf(text: string, domain: Sid | undefined): Sid {
  const known = meaningOf(SID_LETTERS, text);
  if (known !== undefined) return known;
  const relative = meaningOf(DOMAIN_LETTERS, text);
  if (relative === undefined) return readSid(sidBytes(text), 0).sid;
  if (domain === undefined) throw badText(text, 'it is an account of a domain, and the domain is not known here');
  return readSid(sidBytes(`${domain}-${relative}`), 0).sid;
}

function guidOf(text: string): Guid | undefined {
  return text === '' ? undefined : readGuid(guidBytes(text), 0);
}
