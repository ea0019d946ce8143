/** Group and POP names are cut to this many UTF-16 units. */
const LENGTH = 100;
/** And to this many bytes of a store key: two of them, a measure and the prefix of a shard have to fit into 512. */
const KEY_BYTES = 180;
/** Most bytes that one UTF-16 unit takes in a key. */
const MOST_BYTES = 9;

/** A name as it is counted: well-formed text, and short enough for the store's keys. */
export function boundedName(text: string): string {
  // Nearly all: short, and of one plane.
  if (text.length * MOST_BYTES <= KEY_BYTES && !/[\ud800-\udfff]/.test(text)) return text;
  // A halved pair has no encoding; it becomes U+FFFD.
  let name = Buffer.from(text.slice(0, LENGTH)).toString();
  while (encodeURIComponent(name).length > KEY_BYTES) name = [...name].slice(0, -1).join('');
  return name;
}
