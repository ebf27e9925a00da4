// Messages as chance has them, over every field of WhatsApp's protobuf. As a program: `fuzzed.ts SEED COUNT` writes so
// many as JSON, one a line, with bytes in base64.
import { fileURLToPath } from 'node:url'

import protobuf from 'protobufjs'

import { ANN, ANNS_LID, BOB, GROUP, ME, MY_LID } from './messages.ts'

const file = fileURLToPath(new URL('./WAProto/WAProto.proto', import.meta.resolve('baileys/package.json')))
export const MESSAGE = protobuf.loadSync(file).lookupType('Message')

/** The same numbers for the same seed (mulberry32). */
function chance(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below) | 0
  }
}

class Writer {
  readonly #below: (below: number) => number
  /** Fields that are left to be filled in. */
  #left = 0

  constructor(seed: number) {
    this.#below = chance(seed)
  }

  /** A message in which this field is set, among others now and then. */
  message(field: protobuf.Field): object {
    this.#left = 60
    const message = this.#one(field, 0)
    const extra = this.#below(4) === 0 ? this.#of(MESSAGE, 1) : {}
    return this.#wrapped({ ...extra, [field.name]: message })
  }

  #wrapped(message: object): object {
    const wrappers = MESSAGE.fieldsArray.filter(({ type }) => type === 'FutureProofMessage')
    let wrapped = message
    for (let layers = this.#below(8) === 0 ? this.#below(12) : this.#below(2); layers > 0; layers--) {
      wrapped = { [wrappers[this.#below(wrappers.length)]?.name ?? '']: { message: wrapped } }
    }
    return wrapped
  }

  #of(type: protobuf.Type, depth: number): object {
    const fields = type.fieldsArray
    const all = fields.length <= 12 && depth < 3
    const chosen = all ? fields : fields.filter(() => this.#below(fields.length) < 6)
    const filled = chosen.filter(() => this.#below(6) > 0 && this.#left-- > 0)
    return Object.fromEntries(filled.map(field => [field.name, this.#value(field, depth + 1)]))
  }

  #value(field: protobuf.Field, depth: number): unknown {
    if (!field.repeated) return this.#one(field, depth)
    return Array.from({ length: this.#below(10) === 0 ? 150 : this.#below(4) }, () => this.#one(field, depth))
  }

  #one(field: protobuf.Field, depth: number): unknown {
    const type = field.resolve().resolvedType
    if (type instanceof protobuf.Enum) {
      const numbers = Object.values(type.values)
      return this.#below(8) === 0 ? 4_711 : numbers[this.#below(numbers.length)]
    }
    if (type instanceof protobuf.Type) return depth > 7 ? {} : this.#of(type, depth)
    if (field.type === 'string') return this.#text(field.name)
    if (field.type === 'bytes') return Buffer.alloc([0, 1, 12, 32, 300][this.#below(5)] ?? 0, 7)
    if (field.type === 'bool') return this.#below(2) === 0
    if (field.type === 'double' || field.type === 'float') return [0, -90, 1e300, Number.NaN, 52.52][this.#below(5)]
    const large = field.type.includes('64') ? [2 ** 53, 2 ** 62] : []
    const numbers = [0, 1, 1_796_000_000, 86_400, 0xffff_ffff, ...large]
    return numbers[this.#below(numbers.length)]
  }

  #text(name: string): string {
    const ids = [ANN, ANNS_LID, ME, MY_LID, BOB, GROUP, 'status@broadcast', '12@broadcast', 'x', '@', '1:2@lid']
    if (/jid|participant/i.test(name)) return ids[this.#below(ids.length)] ?? ''
    const json = ['{"display_text":"A"}', '{"sections":[{"rows":[{"title":1},null]}]}', '{', '[[[[', 'null']
    if (name.endsWith('Json')) return json[this.#below(json.length)] ?? ''
    if (name === 'vcard') return 'FN:\nTEL\nTEL;waid=:\n.TEL;waid=49:+\n:\nEND:VCARD'.repeat(this.#below(40))
    const long = ['//'.repeat(3_000), 'x'.repeat(70_000)]
    const texts = ['', 'a', ' / ', '\u0000', '\ud83d', '👍🏽', '\u202e[image]', ...long]
    return texts[this.#below(texts.length)] ?? ''
  }
}

/** The same message for the same seed: one in which `field` is set. */
export function fuzzed(seed: number, field: protobuf.Field): object {
  return new Writer(seed).message(field)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [seed = 0, count = 0] = process.argv.slice(2).map(Number)
  const fields = MESSAGE.fieldsArray
  for (let number = seed; number < seed + count; number++) {
    const field = fields[number % fields.length]
    if (!field) continue
    // As it is once it has gone over the wire, where half a character is none.
    const message = MESSAGE.decode(MESSAGE.encode(MESSAGE.fromObject(fuzzed(number, field))).finish())
    console.log(JSON.stringify(MESSAGE.toObject(message, { bytes: String, longs: String, json: true })))
  }
}
