/**
 * Names on their way to and from the wire. Going out, a path is put into the server's form; coming in, a name is judged
 * before anything uses it: a server that lists `..\..\x` must not be able to make anybody write outside of the mirror.
 */
import { Failure } from '../base/failure.ts';
import { printable } from '../base/human.ts';

/** UTF-16 units of one component (MS-FSCC 2.1.5) and of a whole path. */
const COMPONENT_LIMIT = 255;
const PATH_LIMIT = 32_766;

/**
 * A path relative to the share in the form of CREATE and of SET_INFO rename (MS-SMB2 2.2.13): UTF-16LE, components joined
 * by «\», none in front. '' is the root of the share and gives no bytes.
 * Throws `bad-name` for a component that refusedName refuses, and for one with «:», which would address an alternate data
 * stream of another file instead of a file of that name.
 * @param stream of the file, by its name alone; `bad-name` for one that refusedStream refuses. It is sent with its type behind it
 *   (MS-FSCC 2.1.4), so that nothing in the name can be taken for one.
 */
export function wirePath(path: string, stream?: string): Buffer {
  if (path.length > PATH_LIMIT) throw badName(path, `longer than ${PATH_LIMIT} characters`);
  for (const component of path === '' ? [] : path.split('/')) {
    const why = component.includes(':') ? 'it holds «:»' : refusedName(component);
    if (why !== undefined) throw badName(path, why);
  }
  const file = path.replaceAll('/', '\\');
  if (stream === undefined) return Buffer.from(file, 'utf16le');
  const why = refusedStream(stream);
  if (why !== undefined) throw badStream(stream, why);
  const whole = `${file}:${stream}:$DATA`;
  // NameLength has 16 bits.
  if (whole.length > PATH_LIMIT) throw badStream(stream, `with its file longer than ${PATH_LIMIT} characters`);
  return Buffer.from(whole, 'utf16le');
}

/**
 * Why a stream of that name must not be used (MS-FSCC 2.1.5.3); undefined when it is safe. Control characters may be in it: those of
 * Windows' own begin with one. An empty name would be the content itself.
 */
export function refusedStream(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name.length > COMPONENT_LIMIT) return `it is longer than ${COMPONENT_LIMIT} characters`;
  if (/[\\/:\0]/u.test(name)) return 'it holds «:», a path separator or NUL';
  if (!name.isWellFormed()) return 'it is not valid Unicode';
  return undefined;
}

/** Why one component of a path, as the server sent it, must not be used; undefined when it is safe. */
export function refusedName(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name === '.' || name === '..') return `it is «${name}»`;
  if (name.length > COMPONENT_LIMIT) return `it is longer than ${COMPONENT_LIMIT} characters`;
  for (let at = 0; at < name.length; at += 1) {
    const unit = name.charCodeAt(at);
    if (unit < 0x20) return 'it holds a control character';
    if (unit === SLASH || unit === BACKSLASH) return 'it holds a path separator';
  }
  // A lone surrogate becomes U+FFFD in UTF-8: two files would collide, and neither could be opened again.
  if (!name.isWellFormed()) return 'it is not valid Unicode';
  return undefined;
}

const SLASH = 0x2f;
const BACKSLASH = 0x5c;

function badName(path: string, why: string): Failure {
  return new Failure({
    code: 'bad-name',
    doing: 'use path',
    subject: `«${printable(path)}»`,
    what: why,
    hint: 'rename the file or directory',
  });
}

function badStream(stream: string, why: string): Failure {
  return new Failure({
    code: 'bad-name',
    doing: 'use stream',
    subject: `«${printable(stream)}»`,
    what: why,
    hint: 'use the name of the stream alone, without the file and without its type',
  });
}
