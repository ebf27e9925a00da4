/** What came from another thread, as it was there: a Buffer arrives as plain bytes, which libsignal does not take. */
export function withBuffers<Value>(value: Value): Value {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength) as unknown as Value
  if (Array.isArray(value)) return value.map(withBuffers) as Value
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withBuffers(part as unknown)])) as Value
}
