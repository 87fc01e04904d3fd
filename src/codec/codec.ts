/**
 * Turns values into bytes and back, for a tier that knows only bytes.
 *
 * Both may throw: a value that `encode` throws on is not kept in the tier, bytes that `decode` throws on are a miss.
 */
export interface Codec {
  /** The bytes of a value. Throws for a value that would not come back as it was. */
  encode(value: unknown): Uint8Array
  /**
   * The value of bytes that were made by {@link encode}, perhaps by another version of the program. The bytes belong to
   * somebody else: what is kept of them must be copied.
   */
  decode(bytes: Uint8Array): unknown
}
