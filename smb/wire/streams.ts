/** FileStreamInformation (MS-FSCC 2.4.49): the streams of a file. */
import { printable } from '../../base/human.ts';
import { refusedStream } from '../name.ts';
import type { Streams } from '../types.ts';
import { badAnswer, rangeOf, sizeAt, textOfBytes, upToNext } from './bytes.ts';

const ENTRY_BYTES = 24;
const DATA_TYPE = ':$DATA';

/** Reads the buffer of an answer; an empty one is a directory without streams. The content itself, the stream `::$DATA`, is left out. */
export function readStreams(buffer: Buffer): Streams {
  const found: Streams = { streams: [], refused: [] };
  for (let at = 0; at < buffer.length; ) {
    if (buffer.length - at < ENTRY_BYTES) throw badAnswer(`a stream at ${at} of ${buffer.length} is cut short`);
    const next = buffer.readUInt32LE(at);
    const length = buffer.readUInt32LE(at + 4);
    const own = upToNext(buffer, at, next);
    const bytes = rangeOf(own, at + ENTRY_BYTES, length, at + ENTRY_BYTES, 'the name of a stream');
    const text = textOfBytes(bytes, 'the name of a stream');
    const name = nameIn(text);
    if (name === undefined) found.refused.push(printable(text));
    else if (name !== '')
      found.streams.push({
        name,
        size: sizeAt(buffer, at + 8, 'the size of a stream'),
        allocatedBytes: sizeAt(buffer, at + 16, 'the allocation size of a stream'),
      });
    if (next === 0) break;
    if (next < ENTRY_BYTES || next % 8 !== 0 || at + next >= buffer.length)
      throw badAnswer(`the stream behind ${at} of ${buffer.length} is said to be ${next} bytes away`);
    at += next;
  }
  return found;
}

/** The name in `:name:$DATA`; '' for the content itself, undefined for what is no data or not safe to use. */
function nameIn(text: string): string | undefined {
  if (!text.startsWith(':') || !text.endsWith(DATA_TYPE) || text.length <= DATA_TYPE.length) return undefined;
  const name = text.slice(1, -DATA_TYPE.length);
  return name === '' || refusedStream(name) === undefined ? name : undefined;
}
