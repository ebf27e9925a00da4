import { proto } from 'baileys'

export type Field = keyof proto.IMessage

/** A message that lies deeper in others is not looked for. */
const DEEPEST = 8

/** All that a message may hold, as this version of Baileys knows it. */
export const FIELDS: readonly Field[] = (Object.keys(proto.Message.prototype) as Field[]).filter(
  field => typeof proto.Message.prototype[field] !== 'function',
)

/** The fields that hold nothing but a message. WhatsApp makes new ones so that older programs can open them. */
export const WRAPPERS: ReadonlySet<Field> = new Set([
  ...FIELDS.filter(
    field => proto.Message.fromObject({ [field]: {} })[field] instanceof proto.Message.FutureProofMessage,
  ),
  'deviceSentMessage' as const,
])

export interface Opened {
  /** What lies within all wrappers. */
  content: proto.IMessage
  /** The wrappers that were taken off. */
  layers: ReadonlySet<Field>
  /** What is said beside the content, from the outside in. */
  beside: proto.IMessageContextInfo[]
  depth: number
}

/** Takes a message out of its wrappers; null where it lies too deep. `depth`: how deep this one lies already. */
export function open(message: proto.IMessage, depth = 0): Opened | null {
  const layers = new Set<Field>()
  const beside: proto.IMessageContextInfo[] = []
  for (let content = message; depth <= DEEPEST; depth++) {
    if (content.messageContextInfo) beside.push(content.messageContextInfo)
    const wrapper = fieldsOf(content).find(field => within(content, field))
    const inner = wrapper && within(content, wrapper)
    if (!inner) return { content, layers, beside, depth }
    layers.add(wrapper)
    content = inner
  }
  return null
}

/** The fields that a message has. */
export function fieldsOf(message: proto.IMessage): Field[] {
  return (Object.keys(message) as Field[]).filter(field => message[field] != null)
}

function within(message: proto.IMessage, field: Field): proto.IMessage | undefined {
  if (!WRAPPERS.has(field)) return undefined
  const wrapper = message[field] as proto.Message.IFutureProofMessage
  return wrapper.message ?? undefined
}
