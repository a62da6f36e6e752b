/**
 * Bits that HPACK's static Huffman code takes for each printable ASCII character, from the space on (RFC 7541,
 * appendix B), as digits of base 36.
 */
const BITS = '6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f56565666577666567655677777fbed';
const BITS_OF = [...BITS].map((digit) => parseInt(digit, 36));
const SPACE = 32;

/**
 * Bytes of a header value of printable ASCII as nghttp2 encodes it: in Huffman code where that is shorter.
 */
export function hpackSize(value: string): number {
  let bits = 0;
  for (let i = 0; i < value.length; i++) bits += BITS_OF[value.charCodeAt(i) - SPACE] ?? 30;
  return Math.min(value.length, Math.ceil(bits / 8));
}
